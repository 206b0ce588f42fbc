"""Secrets that are found nowhere else, and log lines that carry them in every position."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from unknown_lines import in_file, in_json, in_logs

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Planted(NamedTuple):
    """A secret where it stands."""

    where: str
    text: str
    """As the log has it, with the words around it that tell what it is."""
    core: str
    """What must not get out."""


def word(seed: str, length: int, letters: str = LETTERS) -> str:
    """Letters and digits that depend on the seed alone; the first is a letter, the last a digit."""
    stream = hashlib.shake_256(seed.encode()).digest(length)
    return "".join(letters[byte % len(letters)] for byte in stream)


def digits(seed: str, length: int) -> str:
    return "4" + word(seed, length - 1, "0123456789")


def _plain(prefix: str, length: int) -> Callable[[str], tuple[str, str]]:
    def make(seed: str) -> tuple[str, str]:
        core = word(seed, length)
        return prefix + core, core

    return make


def _around(form: str, length: int) -> Callable[[str], tuple[str, str]]:
    def make(seed: str) -> tuple[str, str]:
        core = word(seed, length - 2) + "x7"
        return form.format(core), core

    return make


def _number(form: str, length: int = 11) -> Callable[[str], tuple[str, str]]:
    def make(seed: str) -> tuple[str, str]:
        core = digits(seed, length)
        return form.format(core), core

    return make


def _aws(seed: str) -> tuple[str, str]:
    core = word(seed, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    return "AKIA" + core, core


def _jwt(seed: str) -> tuple[str, str]:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256"}, {"sub": word(seed, 12)})
    )
    core = word(seed + "s", 40)
    return f"{head}.{body}.{core}", core


def _pem(seed: str) -> tuple[str, str]:
    core = word(seed, 60)
    return f"-----BEGIN PRIVATE KEY-----\n{core}\n-----END PRIVATE KEY-----", core


def _mail(seed: str) -> tuple[str, str]:
    core = word(seed, 14, LETTERS[:26])
    return f"{core}@mail.example.org", core


KINDS: dict[str, Callable[[str], tuple[str, str]]] = {
    "openai": _plain("sk-proj-", 40),
    "anthropic": _plain("sk-ant-api03-", 60),
    "github": _plain("ghp_", 36),
    "github-fine": _plain("github_pat_11", 60),
    "slack-bot": _plain("xoxb-123456789012-", 24),
    "slack-user": _plain("xoxp-123456789012-", 24),
    "aws": _aws,
    "google": _plain("AIza", 35),
    "telegram": _around("7123456789:AAH{}", 32),
    "discord": _around("MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.{}", 38),
    "jwt": _jwt,
    "bearer": _around("Authorization: Bearer {}", 24),
    "basic": _around("authorization: Basic {}=", 23),
    "url-password": _around("https://admin:{}@10.0.0.7:8443/x", 14),
    "api-key": _around("Authorization: ApiKey {}", 24),
    "cookie": _around("Cookie: theme=dark; sessionid={}", 24),
    "list": _around("tokens: [one, {}]", 24),
    "database": _around("postgres://admin:p@ss{}@db/x", 14),
    "behind a break": _around(r"x\nghp_{}", 36),
    "query": _around("wss://host.example.org/ws?token={}&v=1", 14),
    "password": _around("password={}", 12),
    "variable": _around("OPENCLAW_GATEWAY_TOKEN={}", 20),
    "option": _around("--token {}", 16),
    "pem": _pem,
    "phone": _number("+{}"),
    "sender": _number("sender={}"),
    "wa.me": _number("https://wa.me/{}"),
    "people": _number("allowFrom: [*, {}]"),
    "jid with device": _number("{}_1:12@s.whatsapp.net"),
    "session file": _number("session-{}_1.0.json"),
    "jid": _number("{}@s.whatsapp.net"),
    "group": _number("{}@g.us", 18),
    "mail": _mail,
}
ESCAPE = "\x1b[0m"


def _json(text: str) -> str:
    return json.dumps({"deep": {"x": text}})


def _unicode(text: str) -> str:
    return "".join(c if c.isalnum() or c in " -_." else f"\\u{ord(c):04x}" for c in text)


def _torn(text: str) -> str:
    at = len(text) // 2
    return text[:at] + ESCAPE + text[at:]


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: f"using {text} now",
    "json": _json,
    "json in json": lambda text: _json(_json(text)),
    "slashes": lambda text: _json(text).replace("/", "\\/"),
    "url": lambda text: f"GET /cb?state=1&next={quote(text, safe='')} 200",
    "unicode": _unicode,
    "coloured": _torn,
}


def in_console(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    return f"2026-11-20T12:00:{second:02d}.000+00:00 [{subsystem}] {text}\n"


def in_fields(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    """The file log, the text cut into two arguments at its last blank."""
    record = json.loads(in_file(text, level, subsystem, second))
    first, _, last = text.rpartition(" ")
    return json.dumps({**record, "1": first, "2": {"detail": last}, "message": text}) + "\n"


def in_syslog(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    return f"Nov 20 12:00:{second:02d} vm openclaw[4711]: {in_console(text, level, subsystem, second)}"


def in_docker(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    inner = in_logs(text, level, subsystem, second)
    return json.dumps({"log": inner, "stream": "stderr", "time": f"2026-11-20T12:00:{second:02d}.000Z"}) + "\n"


SURFACES = {
    "file": in_file, "fields": in_fields, "logs --json": in_json, "logs": in_logs,
    "console": in_console, "syslog": in_syslog, "docker": in_docker,
}  # fmt: skip


def plant() -> Iterator[tuple[Planted, str, str]]:
    """Yields each secret with its surface and its encoding."""
    for surface in SURFACES:
        for encoding, encode in ENCODINGS.items():
            for kind, make in KINDS.items():
                text, core = make(f"{surface}/{encoding}/{kind}")
                if "\n" in text and surface not in ("file", "fields", "logs --json"):
                    text = text.replace("\n", "\\n")
                yield Planted(f"{kind}, {encoding}, {surface}", encode(text), core), surface, encoding
