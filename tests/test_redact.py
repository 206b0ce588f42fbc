import json
import os
import re
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalyzer import redact as patterns
from loganalyzer.model import Step
from loganalyzer.redact import Redactor
from loganalyzer.user_key import user_key

KEY = b"k" * 32
MASK = re.compile(r"<(token|password|phone|group|lid|email):[0-9a-f]{6}>")
redact = Redactor(KEY)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-REDACTED",
        "sk-proj-abcdefghijklmnop",
        "sk_live_abcdefghijklmnop1234",
        "xoxb-123456789012-abcdefABCDEF",
        "xapp-1-A0123456789-abcdef",
        "ghp_abcdefghijklmnopqrstuvwxyz0123",
        "github_pat_11ABCDEFG0abcdefghijkl",
        "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
        "AKIAIOSFODNN7EXAMPLE",
        "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        JWT,
    ],
)
def test_known_credentials_are_masked_anywhere(secret: str) -> None:
    """A credential of a known shape is masked without any word around it, in prose and in JSON."""
    for text in (f"using {secret} now", json.dumps({"x": secret}), json.dumps({"raw": json.dumps({"x": secret})})):
        shown = redact(text)
        assert secret not in shown
        assert MASK.search(shown)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ('"authorization":"Basic dXNlcjpwYXNz"', "dXNlcjpwYXNz"),
        ("password: hunter2", "hunter2"),
        ("password=x;", "=x"),
        ('{"password":"a b, c"}', "a b, c"),
        ("OPENCLAW_GATEWAY_TOKEN=abcd1234", "abcd1234"),
        ("run openclaw gateway --token abcd1234", "abcd1234"),
        ('["--token","abcd1234"]', "abcd1234"),
        ("https://user:p4ss@host/", "p4ss"),
        ("wss://host/ws?token=abcdef&v=1", "abcdef"),
        ("https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5/getMe", "AAHdqTcv"),
        ("https://hooks.slack.com/services/T0000/B0000/XXXXyyyy", "XXXXyyyy"),
        ("https://x.org/api/webhooks/1234/XXXXyyyy", "XXXXyyyy"),
        ("privKey: <Buffer 78 aa bb cc dd ee ff 00 11 22 33>", "78 aa bb"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"),
        ("mail jo.doe+x@mail.example.org now", "jo.doe"),
        ("starting provider (+15551230000)", "5551230000"),
        ("call +1 (555) 123-0000 back", "123-0000"),
        ("jid 15551230000:5@s.whatsapp.net", "15551230000"),
        ("group 120363000000000001@g.us", "120363000000000001"),
        ("own lid 998877665544:5@lid", "998877665544"),
        ("Blocked unauthorized sender 15551230000 (dmPolicy=pairing)", "15551230000"),
        ("pairing request sender=123456789", "123456789"),
        ("pairing request sender=47224312352\ns is the next line", "47224312352"),
        ("pairing request sender=47224312352 s", "47224312352"),
        ("\x1b'ghp_2jHensOtk3kmHbDl\x1b[0mfoTSTwtPJFQpG4BdXhzW", "foTSTwtPJFQpG4BdXhzW"),
        ("agent:main:whatsapp:direct:15551230000", "15551230000"),
        ("session-15551230000.0.json", "15551230000"),
        ('"allowFrom":["15551230000","15558880000"]', "15558880000"),
        ("token:`<unset, see wss://host/ws?token=RSdDhV50yR1Px7&v=1", "RSdDhV50yR1Px7"),
        ('"token":"<none> of token=RSdDhV50yR1Px7"', "RSdDhV50yR1Px7"),
        ("apiKey=>`<unset, password: RSdDhV50yR1Px7", "RSdDhV50yR1Px7"),
        ("cookie: password=hunter", "hunter"),
        ("Cookie: id=9f8a7b6c5d4e(Authorization: ApiKey RSdDhV50yR1PeXuj", "RSdDhV50yR1PeXuj"),
        ("password: sender: 15551230000", "15551230000"),
        ("to: [7123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw]", "AAHdqTcv"),
        ("password: Cookie: theme=dark; sessionid=9f8a7b6c5d4e", "9f8a7b6c5d4e"),
        ("password: tokens: [one, 6dr8BlcrSP7XIPh1]", "6dr8BlcrSP7XIPh1"),
        ("password: allowFrom: [*, 43488711857]", "43488711857"),
        ("password: -----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"),
        ('{"password":"<Xk9!pQ2z#long"}', "Xk9!pQ2z"),
        ('{"password":"<Xk9!pQ2z#long>"}', "Xk9!pQ2z"),
        ('{"token":"<phone:3f9a1c>9f8a7b6c"}', "9f8a7b6c"),
        ("Authorization: ApiKey abcdef0123456789", "abcdef0123456789"),
        ("Authorization: Negotiate YIIabcdefghijklmnopqr", "YIIabcdefghijklmnopqr"),
        ("Authorization: hunter2 took 17ms", "hunter2"),
        ("Authorization: abcdefghijkl conn=12ab34", "abcdefghijkl"),
        ("Authorization: AWS4-HMAC-SHA256 Credential=AKI/20260101/x", "AKI"),
        ("postgres://user:p@ssw0rd9@db/x", "ssw0rd9"),
        ("postgres://user:p@ss@w0rd9@db/x", "w0rd9"),
        ("postgres://user@shop:ssw0rd9@db/x", "ssw0rd9"),
        ('"token": ["abcdef0123456789"]', "abcdef0123456789"),
        ('"tokens":["one","abcdef0123456789"]', "abcdef0123456789"),
        (r'{"raw":"{\"tokens\":[\"one\",\"abcdef0123456789\"]}"}', "abcdef0123456789"),
        ('"passwords": ["<Xk9!pQ2z#long"]', "Xk9!pQ2z"),
        ("tokens: [one, abcdef0123456789]", "abcdef0123456789"),
        ('"set-cookie": ["theme=dark; x=9f8a7b6c5d4e"]', "9f8a7b6c5d4e"),
        ("allowFrom: [15551234567, 15551234568]", "15551234568"),
        ("allowFrom: ['*', '15551234567', 'tg:1555123']", "1555123"),
        ('"participants": ["x@y", 15551234568]', "15551234568"),
        ("+49\xa0151\u202f23\u201145\u20136789", "6789"),
        ("call +49 151/23456789", "23456789"),
        ("call +49 151/234 567 89", "567"),
        ("15551234567_1:12@s.whatsapp.net", "15551234567"),
        ("15551234567_1@lid", "15551234567"),
        ("session-123456789012345_1.0.json", "123456789012345"),
        ("lid-mapping-15551234567_reverse.json", "15551234567"),
        ("sender-key-120363000000000001@g.us--15551234567_1--12.json", "15551234567"),
        ("https://wa.me/15551234567", "15551234567"),
        ("https://api.whatsapp.com/send?phone=15551234567", "15551234567"),
        ("mail john@m\u00fcnchen.de", "john"),
        ("mail j\u00f6rg@xn.\u043f\u043e\u0447\u0442\u0430.\u0440\u0444", "j\u00f6rg"),
        ("Cookie: theme=dark; sessionid=9f8a7b6c5d4e", "9f8a7b6c5d4e"),
        ("Cookie: s1=0f8a7b6c5d4e; theme=dark; sessionid=9f8a7b6c5d4e", "9f8a7b6c5d4e"),
        ("Set-Cookie: sid=abcdefghijklmnopqrst; Path=/", "abcdefghijklmnopqrst"),
        ("pwd=hunter2hunter2", "hunter2"),
        ('"dbPwd":"hunter2hunter2"', "hunter2"),
    ],
)
def test_what_is_secret_or_personal_is_masked(text: str, hidden: str) -> None:
    """Passwords, tokens, numbers, chat and mail addresses are masked where a word or shape names them."""
    shown = redact(text)
    assert hidden not in shown
    assert MASK.search(shown)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T11:54:34.917+00:00 [gateway] spawn broker ready pid=20869",
        "2026-11-20T11:54:34+1100 listening on ws://127.0.0.1:18789 (PID 20869)",
        "Fri Nov 20 11:54:34 +1100 2026",
        "unauthorized: device token mismatch (rotate/reissue device token)",
        "or pass --token/--password to start with auth.",
        "gateway.auth.token: Remove OPENCLAW_GATEWAY_TOKEN from the environment",
        "gateway token: missing; password: not set",
        "Basic authentication failed; bearer token missing",
        "⇄ res ✓ health 405ms conn=2f9279cb…a101 id=2:a9900722-b…abf7",
        "device 8aad76de19dd8aad76de19dd8aad76de19dd8aad76de19dd8aad76de19dd8aad requestId=7250067a",
        "Retry 1/12 in 2.44s… (attempt 3/10) status 428 delayMs=2474",
        "ts=1763639674914 expires=1795230000000 intervalMs:1800000",
        'moved from 1763639674914 to 1763639675000, next at "1795180061203"',
        "heap grew from 10485760 to 20971520 bytes, rssBytes=1073741824",
        "inputTokens: 12345678 maxTokens=4096 token_count=123",
        "@whiskeysockets/baileys@6.7.0 openclaw@2026.9.6 getty@tty1.service",
        "at Object.onClose (file:///usr/lib/node_modules/openclaw/dist/call-DETrZKco.js:265:10)",
        "gateway.log:1234567 http://127.0.0.1:18789/?session=main",
        "auth profile sha256:8aad76de19dd token:***, sk-abc…wxyz",
        '{"token":"<token>","password":"<your token>","secret":"<unset>","apiKey":"<YOUR_API_KEY>"}',
        "Authorization: failed because the header is missing",
        "https://host:8080/x jo at @example",
        "tokens: [12345678, 23456789] secrets: [missing] tokens: ['operator', 'node']",
        "sizes: [1234567, 2345678] from: [1234567, 2345678]",
        "changed +1234/-5678 and +1234/5678 lines on +1/2/2026",
        "tokens: [gateway.auth.token, OPENCLAW_GATEWAY_TOKEN] credentials: ['whatsapp/default', <none>]",
        "Authorization: Digest expected",
        "session-main_1.json from=1234567890_abc",
        "Set-Cookie: theme=dark; Max-Age=31536000; Path=/home1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
        'pwd=/home/x1 "pwd":"/home/x1" PWD=~/x1 pwd=C:/Users/x1 pwd=C:\\Users pwd=./run1 pwd: workspace',
        "C:\\temp\\new\\bin\\runner\\7f3a.log \\u2026 %0A",
        "I \u2764\ufe0f OpenClaw \u26a0\ufe0f",
    ],
)
def test_what_only_looks_personal_stays(text: str) -> None:
    """Times, ids, ports, versions, durations, counters and prose about tokens are left readable."""
    assert redact(text) == text


TOKEN = "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123"
ESCAPES = [
    *(r"\n", r"\t", r"\r", r"\f", r"\b", r"\v", r"\r\n", r"\\n", r"\u000a", r"\u001F", r"\\\\u0009", r"\x0a", r"\x1f"),
    *("%0A", "%09", "%0d%0a", "%1f", "%250A", "%25250A", r"\u0085", r"\u00a0", r"\u2028"),
]


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize(
    ("secret", "hidden"),
    [
        (TOKEN, TOKEN),
        ("+15551234567", "5551234567"),
        ("15551234567@s.whatsapp.net", "15551234567"),
        ("Bearer 9f8a7b6c5d4e", "9f8a7b6c5d4e"),
        ("203.0.113.7", "203.0.113.7"),
        ("123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "AAHdqTcv"),
    ],
)
def test_an_escape_before_a_secret_does_not_hide_it(escape: str, secret: str, hidden: str) -> None:
    """Line breaks and tabs as JSON and URLs write them part words, like those that they stand for."""
    for text in (f"x{escape}{secret} y", f"{secret}{escape}x", f"password=hunter2 x{escape}{secret}"):
        assert hidden not in Redactor(KEY, addresses=True)(text)


def test_an_escape_that_is_none_hides_nothing() -> None:
    """What reads as a tab may be a folder: masked is what is a secret in either reading."""
    shown = redact(r"C:\app\token=9f8a7b6c5d4e password=hunter2 x\n+15551234567")
    for hidden in ("9f8a7b6c5d4e", "hunter2", "5551234567"):
        assert hidden not in shown
    for colour in ("\x1b[31m", r"\u001b[31m", "%1B[31m"):
        assert TOKEN not in redact(f"key: {colour}{TOKEN}")
    assert TOKEN not in redact(f"x\u200b{TOKEN} password=hunter2")


def test_escapes_that_hide_nothing_stay() -> None:
    """A text with a secret is shown as it was logged if the secret is found in that."""
    counting = Redactor(KEY)
    shown = counting(r"C:\temp\new\nat Object.x password=hunter2 \u2026 a%20b")
    assert MASK.sub("*", shown) == r"C:\temp\new\nat Object.x password=* \u2026 a%20b"
    counting(r"x\npassword=hunter2\u0033")
    assert counting.masked == {"password": 2}


@pytest.mark.parametrize(
    "character", "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2800\u3164\uffa0\ufe00\ufe0f\U000e0100"
)
def test_what_cannot_be_seen_does_not_hide_a_secret(character: str) -> None:
    """Fillers and selectors as well, which Python takes for visible; as they are and as JSON writes them."""
    for form in (character, json.dumps(character)[1:-1]):
        assert "hunter2" not in redact(f"passwo{form}rd=hunter2hunter2")
        assert "KLMN" not in redact(f"{TOKEN[:14]}{form}{TOKEN[14:]}")


def test_what_a_scheme_or_a_cookie_is_called_stays() -> None:
    """Masked is the value alone."""
    assert MASK.sub("*", redact("Authorization: ApiKey abcdef0123456789")) == "Authorization: ApiKey *"
    assert MASK.sub("*", redact("Cookie: theme=dark; sid=9f8a7b6c5d4e")) == "Cookie: theme=dark; sid=*"
    assert MASK.sub("*", redact("postgres://user:p@ssw0rd9@db/x?y@z")) == "postgres://user:*@db/x?y@z"
    assert MASK.sub("*", redact('"tokens": ["one", "9f8a7b6c5d4e"]')) == '"tokens": ["one", "*"]'


def test_one_number_has_one_mask_however_it_is_written() -> None:
    """Notation does not matter, another number has another mask, and so has another key."""
    forms = ["+15551230000", "+1 555 123 0000", "+1 (555) 123-0000", "sender=15551230000"]
    masks = {MASK.search(redact(f"x {form}"))[0] for form in forms}  # type: ignore[index]
    masks.add(redact("15551230000@s.whatsapp.net").removesuffix("@s.whatsapp.net"))
    assert len(masks) == 1
    assert redact("+15551230001") not in masks
    assert Redactor(b"other")("+15551230000") not in masks


def test_secrets_inside_nested_json_are_masked_at_every_level() -> None:
    """A record inside a string inside a record is masked, and the outer JSON stays valid."""
    inner = json.dumps({"auth": {"token": 'a"b\\c secret'}, "to": "+15551230000"})
    text = json.dumps({"raw": json.dumps({"1": inner}), "password": "p w"})
    shown = redact(text)
    for hidden in ("secret", "5551230000", "p w", "a\\"):
        assert hidden not in shown
    assert json.loads(json.loads(json.loads(shown)["raw"])["1"])["auth"]["token"].startswith("<token:")


def test_masking_twice_changes_nothing() -> None:
    """A mask is never masked again."""
    once = redact("Authorization: Bearer abc123def to=+15551230000 password=x jo@example.org token: 9f8a7b6c")
    assert len(MASK.findall(once)) == 5
    assert redact(once) == once


def test_without_a_key_nothing_is_masked() -> None:
    """`Redactor(None)` is the explicit way to see everything."""
    assert Redactor(None)("password=x +15551230000") == "password=x +15551230000"
    assert Redactor(None).attributes({"sender": "15551230000"}) == {"sender": "15551230000"}


def test_attribute_values_are_masked_by_name_and_by_shape() -> None:
    """A bare number is a person's where the attribute is, or where it has the length of a phone number."""
    shown = redact.attributes(
        {
            "sender": 123456789,
            "account": "15551230000",
            "port": 18789,
            "code": 428,
            "until": "1795180061203",
            "ok": True,
        }
    )
    assert MASK.fullmatch(str(shown["sender"]))
    assert MASK.fullmatch(str(shown["account"]))
    assert {shown["port"], shown["code"], shown["until"], shown["ok"]} == {18789, 428, "1795180061203", True}
    assert redact.key({"host": None, "account": "15551230000"})["host"] is None


@given(st.text())
def test_any_text_is_accepted(text: str) -> None:
    """Masking raises for no text, undecodable halves included, and is stable."""
    assert redact(text + "\udc80 token=") == redact(text + "\udc80 token=")


@pytest.mark.parametrize(
    "text",
    [
        "token=" * 8_000,
        "a." * 20_000 + "@" + "b." * 20_000,
        '"' * 40_000,
        "\\" * 40_000 + '"token":"',
        "+1" * 20_000,
        "1 " * 20_000,
        "from " * 10_000,
        "-----BEGIN PRIVATE KEY-----" * 1_500,
        "eyJ" * 13_000,
        "://" * 13_000,
        "://a:b@" * 5_000,
        "://a:" + "@" * 40_000,
        "Authorization: a-b-c-d " * 20_000,
        "Authorization: " + "a-" * 20_000,
        "tokens: [" * 20_000,
        "tokens: ['" + "x, " * 20_000,
        "tokens:[" + "'" * 20_000,
        "Cookie: a=b; " * 20_000,
        "Cookie: " + ";" * 40_000,
        "from: [1234567, " * 5_000,
        ": [12345678" * 5_000,
        "+1/23456" * 20_000,
        "+1\xa0" * 20_000,
        "pwd=/" * 20_000,
        "wa.me/" * 20_000,
        "1234567_1:1" * 20_000,
        "\\n" * 20_000,
        "%0A" * 20_000,
        "\\u000a" * 20_000 + "token=9f8a7b6c",
        "\\t" * 20_000 + "token=9f8a7b6c",
        "\\token=9f8a7b6c x" * 20_000,
        "\u034f" * 20_000,
        "".join(f"x\u200bghp_{n:020} " for n in range(1_500)) + "password=x7x7",
        "1.2.3.4-" * 20_000,
        "j\u00f6." * 20_000 + "@" + "\u00f6." * 20_000,
        '"token":"<' * 20_000,
        '"token":"<' + "a " * 20_000,
    ],
)
def test_hostile_text_takes_little_time(text: str) -> None:
    """Forty kilobytes and more made to defeat the patterns are masked within a second."""
    start = time.process_time()
    Redactor(KEY, addresses=True)(text)
    assert time.process_time() - start < 1.0


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    """The key file appears on first use, for its owner only, and is used again."""
    path = tmp_path / "state" / "mask.key"
    warnings: list[str] = []
    first = user_key(path, warnings.append)
    assert user_key(path, warnings.append) == first
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["mask.key"]
    assert not warnings


def test_without_a_place_for_the_key_masks_hold_for_the_run(tmp_path: Path) -> None:
    """A folder that cannot be made costs a warning, not the run."""
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    key = user_key(tmp_path / "file" / "mask.key", warnings.append)
    assert len(key) == 32
    assert len(warnings) == 1


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    """A key that is too short to be one is left alone and replaced for this run."""
    path = tmp_path / "mask.key"
    path.write_bytes(b"short")
    warnings: list[str] = []
    assert len(user_key(path, warnings.append)) == 32
    assert path.read_bytes() == b"short"
    assert os.path.basename(path) in warnings[0]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("remote=203.0.113.9 refused", "203.0.113.9"),
        ("ws://203.0.113.9:18789/x", "203.0.113.9"),
        ("from 2001:db8::17, port 5", "2001:db8::17"),
        ("http://[2001:db8:0:1::a]:80/", "2001:db8:0:1::a"),
        ("mapped ::ffff:203.0.113.9 here", "203.0.113.9"),
        ("fe80::1c2d%eth0", "fe80::1c2d"),
        ("pool 10.1.2.3-10.1.2.9 full", "10.1.2.9"),
        ("pool 10.1.2.3-10.1.2.9 full", "10.1.2.3"),
        ("ip_10.1.2.3 gone", "10.1.2.3"),
    ],
)
def test_addresses_are_masked_on_request(text: str, hidden: str) -> None:
    """Both kinds of IP addresses; without being asked they stay, since an operator needs them."""
    assert hidden not in Redactor(KEY, addresses=True)(text)
    assert "<ip:" in Redactor(KEY, addresses=True)(text)
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "listening on ws://127.0.0.1:18789, [::1]:18789 and 0.0.0.0",
        "2026-11-20T12:14:18.148+00:00 at call-DETr.js:265:10",
        "version 2026.9.6 of 1.2.3 aa:bb:cc:dd:ee:ff std::vector 999.1.1.1 [whatsapp] a: b",
        "agent:main:whatsapp:direct ::",
        "pkg-1.2.3.4-5 pkg_1.2.3.4-5.x86 pkg_1.2.3.4.5 1.2.3.4-1.2.3.4.5 127.0.0.1-127.0.0.9",
    ],
)
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    """Addresses of the machine itself, times, versions, places in code."""
    assert Redactor(KEY, addresses=True)(text) == text


def test_what_was_masked_is_counted_by_kind() -> None:
    """Different things count once, however often and in whatever notation they come."""
    counting = Redactor(KEY)
    for text in ("+15551230000 and password=x7x7", "sender=15551230000", "+15551230001 jo@example.org", "nothing"):
        counting(text)
    assert counting.masked == {"email": 1, "password": 1, "phone": 2}
    assert Redactor(None).masked == {}


def test_the_rest_of_a_text_is_left_as_it_was_logged() -> None:
    """A disguise is taken off only where it hid something."""
    text = "GET /a%20b \\u0041 done"
    assert redact(text) == text
    assert redact("GET /a%20b?x=jo%40example.org").startswith("GET /a b?x=<email:")
    assert "ghp_" not in redact("cut in the middle: ghp_abcDEF123456")
    assert "1a2b3c" not in redact("cut early: xoxb-1a2b3c")


@pytest.mark.parametrize(
    "name",
    [
        *("token", "password", "passwort", "passwd", "pwd", "passphrase", "secret", "api_key", "apiKey", "private-key"),
        *("accesskey", "AUTH_KEY", "encryptionKey", "credential", "Cookie", "SIGNATURE", "PASSWORD", "?sig", "&code"),
        *("?key", "&auth", "--token", "--password", "--secret", "--api-key", "Bearer", "basic", "Authorization"),
    ],
)
def test_every_name_of_a_secret_opens_the_search_for_it(name: str) -> None:
    """The cheap tests let through every name that the patterns know, in whatever case."""
    for form in (name, name.upper()):
        between = " " if name.startswith("--") or name in ("Bearer", "basic") else "="
        assert "7f3a" not in redact(f"x {form}{between}7f3a9b2c7f3a9b2c")


@given(st.from_regex(patterns._SECRET) | st.from_regex(patterns._IN_PATH))
def test_every_credential_opens_the_search_for_it(text: str) -> None:
    """No text that a pattern of credentials fits fails the cheap tests before it."""
    assert redact(text) != text


def test_what_comes_again_is_masked_again() -> None:
    """Texts and steps are remembered by all that their masks depend on, and no more of them than there is room for."""
    one = Redactor(KEY)
    step = Step(text="Ask 15551230000 or jo@example.org.", commands=("ask 15551230000",))
    keys = ({"sender": "15551230000"}, {"sender": "15551230001"}, {})
    shown = [one.step(step, key) for key in keys]
    assert shown == [one.step(step, key) for key in keys] == [Redactor(KEY).step(step, key) for key in keys]
    assert "1230000" not in repr(shown[0])
    assert "ask 15551230000" in repr(shown[1])
    for number in range(2 * patterns.KEPT):
        assert one(f"password={number}") == one(f"password={number}") != f"password={number}"
        one.step(step, {"sender": str(number)})
    one("password=x" * patterns.LONGEST)
    assert max(len(one._texts), len(one._steps)) <= patterns.KEPT
    assert max(map(len, one._texts)) <= patterns.LONGEST
