"""
Masks for what is secret or personal in log text.

Enters: text and attribute values on their way out of the program. Leaves: the same with tokens,
keys, passwords, phone numbers, chat addresses and e-mail addresses replaced by masks such as
`<phone:3f9a1c>`. A mask is a keyed hash: one number keeps one mask, within a run and across runs
of one user, and nobody without the key can guess it back. What is disguised is seen through: URL encoding, escapes of
JSON, colours and invisible characters inside a secret. Refuses to touch anything that is
grouped or compared: incidents are found on raw values, masks are put on at the sinks only.

Left readable on purpose: connection, request and device ids (an operator needs them in commands,
and they open nothing), IP addresses unless asked for, paths, and every number without a personal context (times,
process ids, ports, versions, durations, counters).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from loganalyzer import sanitize
from loganalyzer.model import Attributes, Evidence, Scalar, Step
from loganalyzer.user_key import user_key

COUNTED = 100_000
"""Different masks of a kind that are counted; of more, there are at least so many."""
KEPT = 4096
"""Texts, and steps, that are remembered masked: names, sentences of remedies and many lines come again and again."""
PERSONAL_LENGTH = 7
"""Shorter values of keys and attributes are not looked for in a text [characters]."""
SECRET_LENGTH = 4
"""Shorter secrets are not looked for in what surrounds them [characters]."""
LONG_ID = 9
"""Shorter numbers behind a word such as `from` or `to` are as often sizes [digits]."""
LONGEST_NAME = 64
"""How far before a number or a list it is looked for what names it [characters]."""
LONGEST = 1024
"""Longer texts are not remembered [characters]."""

_PEM = re.compile(r"(?s)-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----.{0,8192}?(?:-----END[^-]{0,40}-----|\Z)")
# Known shapes of credentials; each starts with something that hardly occurs by chance.
_SECRET = re.compile(
    r"""(?xs)
    <Buffer(?:[ ][0-9a-f]{2}){8,}[^<>]{0,40}>                         # key material of libsignal
  | \beyJ[\w-]{8,2048}\.eyJ[\w-]{4,4096}(?:\.[\w-]{0,2048})?         # JSON web token
  | (?<!\w)(?:
      (?:sk|pk|rk)-[\w-]{12,200}                                     # OpenAI, Anthropic, OpenRouter
    | (?:sk|pk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,200}         # Stripe
    | (?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,250}                         # Slack
    | gh[opsur]_[A-Za-z0-9]{20,255} | github_pat_\w{20,255} | glpat-[\w-]{16,100}
    | AIza[\w-]{30,45} | ya29\.[\w-]{20,300}                         # Google
    | (?:AKIA|ASIA)[0-9A-Z]{16}                                      # AWS
    | (?:gsk|hf|npm|r8|dop_v1)_[A-Za-z0-9]{16,200}
    | (?:xai|pplx|nvapi|tvly)-[\w-]{16,200}
    | \d{8,10}:[A-Za-z][\w-]{32,40}                                  # Telegram bot
    | [MNO][\w-]{22,28}\.[\w-]{6,7}\.[\w-]{27,40}                    # Discord bot
    )(?![\w-])
  | (?<!\w)(?:sk-(?:ant|proj|or)|xox[a-z]|gh[opsur]_|github_pat_|glpat-|AIza|AKIA)[\w-]{6,}\Z  # the text was cut in it
    """
)
_IN_PATH = re.compile(
    r"(/bot|hooks\.slack\.com/services/|/api/webhooks/)"
    r"(\d{6,12}:[\w-]{20,60}|[\w-]{4,40}/[\w/-]{6,200})"
)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:\"'<>\\]{0,100}:)(?!PASSWORD@)([^\s/\"'<>\\]{1,200})(?=@)")
# A word before the credential is a scheme if what follows has a digit or is long; in prose it rarely is.
_SCHEME = re.compile(
    r"(?i)(?=[ab])((?P<header>authorization\\*[\"']?\s?[:=]\s{0,3}\\*[\"']?(?:(?:bearer|basic|bot|token)\s{1,4}"
    r"|(?:aws4|scram)(?:-[a-z\d]{1,8}){1,3}\s{1,4}"
    r"|[a-z]{2,20}(?:-[a-z]{2,20})?\s{1,4}(?![a-z_]{1,20}=\w)(?=[a-z_.~+/=-]{0,60}\d|[\w.~+/=-]{16}))?)"
    r"|\b(?:bearer|basic)\s{1,4})(?P<value>(?!(?:bearer|basic|bot|token)\s)[\w.~+/=-]{6,4096})"
)
_FLAG = re.compile(
    r"(?i)(--(?:token|password|secret|api-key)\\*[\"']?(?:,\s?|\s{1,4})\\*[\"']?)"
    r"(?P<value>[^\s\"'\\<-][^\s\"'\\]{3,4096})"
)
_PATH = r"""\\*["'`]?\s?[:=]\s{0,3}\\*["'`]?(?:~|(?:file:|\.{0,2})(?:[/\\]|%2f)|[a-z]:[/\\])"""  # behind `pwd`
_NAMES = (
    rf"token|passwor[dt]|passwd|pwd(?!{_PATH})|passphrase|secret|api[_-]?key|private[_-]?key|access[_-]?key|auth[_-]?key"
    r"|encryption[_-]?key|credential|cookie|signature"
)
_QUOTED = r"(?:(?!(?P=quote)).|(?<=\\)(?P=quote))+"
# `name = value` in every notation: key=value, key: value, JSON, JSON in JSON, query strings.
# A quoted value ends at the quote that opened it, at the same level of escaping. The first two letters of the
# names stand before them, since most places of a text fail there.
_NAMED = re.compile(
    rf"""(?xis)
    (?=[tpsaeck][oaeprcuniw])(?<!<)(?P<what>{_NAMES}|(?<=[?&])(?:sig|key|code|auth))
    \\*["'`]?\s?(?:=>|[:=])(?P<space>\s{{0,3}})
    (?P<quote>\\*["'`])?(?P<value>(?(quote){_QUOTED}|[^\s"'`\\,;&<>(){{}}\[\]|]+))
    """
)
# A list is found by its bracket, since there are few of them, and then by what it is called.
_LIST_START = r"(?:=>|[:=])\s{0,3}\["
_LIST = re.compile(rf"{_LIST_START}(?P<value>(?:(?!{_LIST_START})[^\[\]{{}}]){{4,65536}})(?=\]|\Z)")
_OF_SECRETS = re.compile(rf"""(?i)(?P<what>{_NAMES})(?P<many>s?)\\*["'`]?\s?\Z""")
_ITEM = re.compile(rf"""(?s)(?P<quote>\\*["'`])(?P<value>{_QUOTED})(?P<end>(?P=quote)|\Z)|(?P<bare>[^\s"'`\\,]+)""")
_IS_NAME = re.compile(r"[^\W\d]+(?:[./:-]+[^\W\d]+)+|[A-Z]+(?:_[A-Z]+)+")
# What is in quotes is left to `_NAMED`.
_COOKIES = re.compile(r"""(?i)cookie\\*["']?\s?[:=]\s{0,3}(?P<value>[^\s"'\\][^\n"'\\]{3,4096})""")
_COOKIE = re.compile(
    r"(?i)(?:\A|;)\s{0,3}(?!(?:path|expires|max-age|domain|samesite|priority)=)[^\s=;<>]{1,100}="
    r"(?P<value>[^\s;<>]{4,4096})"
)
# Our own masks, and what stands for a value in instructions and where one was taken out.
_PLACEHOLDER = re.compile(r"<(?:[a-z]{2,8}:[0-9a-f]{6}|[^\W\d_]{1,24}(?:[ ._-]{1,2}[^\W\d_]{1,24}){0,5})>")
# What stands after `token:` in messages about tokens, and is none.
_NOT_SECRET = re.compile(
    r"(?i)(?:\*+|null|none|undefined|unset|set|not|no|missing|true|false|yes|required|invalid|valid|"
    r"expired|mismatch|present|absent|empty|unknown|ok|failed|found|changed|unchanged|loaded|from|"
    r"configured|redacted|env|config|file|keychain|default|auto|generated|remove|rotate|is|are|was|"
    r"the|a|an|shared|device|error|unauthorized|denied|bearer|basic|digest|negotiate|ntlm|…)[.:…]*\Z"
)

_JID = re.compile(
    r"(?<![\w.+-])\+?(\d{5,20}(?:-\d{5,15})?)((?:[:._]\d{1,4}){0,3}@)"
    r"(s\.whatsapp\.net|c\.us|g\.us|lid|broadcast|newsletter|hosted(?:\.lid)?)\b"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}(?P<tld>[^\W\d_]{2,24})(?![\w-])")
# Endings of systemd units and of files, where `name@x.ending` is no address.
_NO_DOMAIN = re.compile(
    r"(?i)(?:service|socket|target|slice|timer|scope|mount|device|path|swap|[mc]?js|ts|json|png|jpg|"
    r"svg|webp|gz|log|tgz|md)\Z"
)
# A zone with a year behind it (`+1100 2026`) is no number, nor is what was added and taken away (`+1234/-5678`).
_E164 = re.compile(
    r"(?<![\w+])\+(?!\d{4} (?:19|20)\d\d)\(?[1-9]"
    r"(?:(?:[ ().\xa0\u2007\u2009\u202f\u2010-\u2015\u2212-]{0,2}|/(?=\d{3}(?:[ /]?\d){2}))\d){6,14}(?!\w)"
)
# Seconds and milliseconds since 1970, of 2017 and later: no number in E.164 looks like them.
_NO_EPOCH = r"(?!1[5-9]\d{8}(?:\d{3})?(?!\d))"
# Behind a blank only: a line that begins with such a word is no unit.
_UNIT = r"(?P<unit>[ ](?:ms|s|bytes|[kmg]i?b)\b)"
_PERSON = r"""(?:sender(?:E164|Id)?|peer|recipient|participant|phone(?:[_-]?number)?|(?:self)?E164|remoteJid
          |chat(?:[_-]?id)?|user(?:[_-]?id)?|author|msisdn|contact|from|to|target|account(?:Id)?
          |(?:group|owner)?AllowFrom|direct|dm|group|channel|room
          |whatsapp|telegram|tg|signal|sms|imessage|discord)"""
_NAME_AT_END = re.compile(rf"""(?xi)(?:{_NAMES}|(?<![^\W_])(?:authorization|{_PERSON}))s?\\*["'`]?\s?(?:=>|[:=])\Z""")
# Bare digits are a person's only behind a word, or in a place, that says so. They are looked for first: most lines
# have none that long.
_DIGITS = re.compile(
    rf"(?<!\w)-?{_NO_EPOCH}\d{{7,20}}(?:(?!\w)|(?=_(?:\d{{1,3}}|reverse)(?![^\W_])))(?={_UNIT}?)",
    re.IGNORECASE,
)
_TARGET = re.compile(
    rf"""(?xi)
    (?:(?<![\w.-])|(?=@))
    (?:
        {_PERSON}
        \\*["']?\s?[:=]\s?\[?\s?\\*["']?(?:[a-z]{{2,10}}:)?
      | (?:sender|participant|DM\ from|message\ from)\s(?:unauthori[sz]ed\s|unknown\s)?
      | (?:session|sender-key|lid-mapping|device-list)- | @(?:g\.us|lid)--?
      | credentials/whatsapp/ | sessions/whatsapp/ | wa\.me/)
    \Z
    """
)
# In JSON, in a `[tag]` and in prose behind `from`, `to` and `->`: ten to fifteen digits.
_LONG_TARGET = re.compile(r"(?i)(?:[\"'\[]|(?<!\w)(?:from|to|for|account)\s|->\s|→\s)\Z")
_LONG = re.compile(r"\d{10,15}")
_NO_END = re.compile(r"\w|[.-]\d")
_OF_PEOPLE = re.compile(rf"""(?xi)(?<![\w.-])(?P<lead>{_PERSON})s?\\*["']?\s?\Z""")
# What has a colon and letters behind it is the token of a bot.
_IN_LIST = re.compile(rf"(?<![\w.-])-?{_NO_EPOCH}\d{{7,20}}(?![\w.]|:[A-Za-z])")
_WHOLE_NUMBER = re.compile(rf"\+?{_NO_EPOCH}\d{{10,15}}")
_LONG_NUMBER = re.compile(rf"(?<![\w.-])\+?{_NO_EPOCH}\d{{10,15}}(?!\w|[.-]\d|{_UNIT})")
_SHORT_IDS = ("sender", "chat", "user", "peer", "participant", "telegram", "tg")
_PERSONAL_NUMBER = re.compile(r"-?\d{7,20}")
_PERSONAL_NAMES = frozenset({"sender", "from", "to", "peer", "target", "chat", "user", "recipient"})

# Tried with `ipaddress`: versions and times have other lengths, MAC addresses too few groups.
_IPV4 = re.compile(r"(?<![^\W_])(?<![.-])(?:\d{1,3}\.){3}\d{1,3}(?:-(?:\d{1,3}\.){3}\d{1,3})?(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.-])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:(?<=:)(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")

# How JSON and JavaScript write any character, at any depth of nesting, and how URLs write those of ASCII.
_ESCAPED = re.compile(
    r"(?<!\\)\\{1,16}(?:u([0-9A-Fa-f]{4})|x([0-7][0-9A-Fa-f])|(?P<blank>[bfnrtv])|(?=/))|%([0-7][0-9A-Fa-f])"
)
ESCAPED_DEPTH = 3
"""How often escapes inside of escapes are taken off."""

# Cheap tests that most text fails, before the patterns above look at it.
_SECRET_WORD = re.compile(
    r"token|pass[wp]|pwd|secret|key|credential|cookie|signature|bearer|basic|authorization|://|sig=|code=|auth="
)
_SECRET_START = re.compile(  # letters first and no groups: then most places of a text cost next to nothing
    r"/bot|hooks\.slack|/api/webhooks|<Buffer|eyJ|sk[-_]|pk[-_]|rk[-_]|whsec_|xox[a-z]|xapp-|gh[opsur]_|"
    r"github_pat_|glpat-|AIza|ya29\.|AKIA|ASIA|gsk_|hf_|npm_|r8_|dop_v1_|xai-|pplx-|nvapi-|tvly-"
)
_BOT_START = re.compile(r"[\dMNO](?:(?<=\d):[A-Za-z]|(?<=[MNO])[\w-]{22})")
_SEVEN_DIGITS = re.compile(r"\d\d{6}")

_MASK = re.compile(r"<[a-z]{2,8}:[0-9a-f]{6}>")
_KINDS = {"g.us": "group", "lid": "lid", "hosted.lid": "lid", "newsletter": "group"}


Text = TypeVar("Text")
Shown = TypeVar("Shown")


class Redactor:
    """
    Replaces secrets and personal data by keyed masks; `Redactor(None)` leaves text as it is.

    Args:
        key: Secret of the masks, or None for no redaction.
        addresses: Whether IP addresses are masked too; those of the machine itself never are.
    """

    __slots__ = ("_addresses", "_key", "_masks", "_steps", "_texts")

    def __init__(self, key: bytes | None, *, addresses: bool = False) -> None:
        self._key = key
        self._addresses = addresses
        self._masks: dict[str, set[bytes]] = {}
        self._texts: dict[str, str] = {}
        self._steps: dict[tuple[Step, tuple[tuple[str, str | None], ...]], Step] = {}

    @property
    def kind(self) -> str:
        """What is masked, in a word: texts that were masked in another way are other texts."""
        return "plain" if self._key is None else "addresses" if self._addresses else "masked"

    @property
    def masked(self) -> dict[str, int]:
        """How many different things were masked so far, by kind."""
        return {kind: len(found) for kind, found in sorted(self._masks.items())}

    def __call__(self, text: str) -> str:
        """Masks every secret and every personal datum in text."""
        if self._key is None:
            return text
        if (found := self._texts.get(text)) is None:
            found = self._undisguised(text)
            if len(text) <= LONGEST:
                _remember(self._texts, text, found)
        return found

    def _undisguised(self, text: str) -> str:
        # A text without a disguise is shown only where it makes a difference: evidence stays as it is in the log.
        plain = _plain(text)
        if plain is text or (shown := self._without(plain)) == plain:
            return self._without(text)
        trial = _Trial(self._key, addresses=self._addresses)
        disguised = trial._without(text)
        if _MASK.findall(disguised) == _MASK.findall(shown):
            return sanitize.bare(disguised)
        for secret, kind in trial.found.items():  # `\token=…` is no tab
            if len(secret) >= SECRET_LENGTH and secret in shown:
                shown = shown.replace(secret, self._mask(kind, secret))
        return shown

    def _without(self, text: str) -> str:
        if "PRIVATE KEY" in text:  # before its first word is taken for what stands behind `password:`
            text = _PEM.sub(lambda m: self._mask("token", m[0]), text)
        lower = text.lower()
        is_named, has_digits = _SECRET_WORD.search(lower), "+" in text or _SEVEN_DIGITS.search(text)
        # First what is found by its name, for the name may stand where the value of another one does.
        if "[" in text and is_named:
            text = _masked(_LIST, self._secrets, text)
        if "[" in text and has_digits:
            text = _masked(_LIST, self._people, text)
        if "cookie" in lower:
            text = _masked(_COOKIES, self._cookies, text)
        if is_named:
            text = _URL_PASSWORD.sub(lambda m: m[1] + self._mask("password", m[2]), text)
            text = _masked(_SCHEME, self._header, text)
            text = _masked(_FLAG, self._header, text)
            text = _masked(_NAMED, self._named, text)
        if _SECRET_START.search(text) or _BOT_START.search(text):
            text = _IN_PATH.sub(lambda m: m[1] + self._mask("token", m[2]), text)
            text = _SECRET.sub(lambda m: self._mask("token", m[0]), text)
        if "@" in text:
            text = _JID.sub(self._jid, text)
            text = _EMAIL.sub(self._email, text)
        if has_digits:
            text = _E164.sub(lambda m: self._number(m[0]), text)
            text = _DIGITS.sub(self._target, text)
        if self._addresses:
            text = _IPV4.sub(lambda m: "-".join(map(self._address, m[0].split("-"))), text)
            text = _IPV6.sub(lambda m: self._address(m[0]), text)
        return text

    def about(self, text: str, known: Mapping[str, Scalar | None]) -> str:
        """Masks a text in which the values of a key or of attributes may stand without any context."""
        return self._known(self(text), known)

    def _known(self, text: str, known: Mapping[str, Scalar | None]) -> str:
        if self._key is None:
            return text
        for name, value in known.items():
            if isinstance(value, float):
                continue
            word = str(value)  # None, True and False are too short
            if len(word) >= PERSONAL_LENGTH and word in text and (shown := str(self.value(name, word))) != word:
                text = text.replace(word, shown)
        return text

    def evidence(self, one: Evidence, key: Mapping[str, Scalar | None] = MappingProxyType({})) -> str:
        """Masks the text of a line of evidence; `key`: of its incident."""
        return self.about(one.text, {**one.attributes, **key})

    def nearby(self, text: str) -> str:
        """Masks a line of which no event tells what in it is personal: every number as long as one of a phone is."""
        if self._key is None:
            return text
        return _LONG_NUMBER.sub(lambda m: self._number(m[0]), self(text))

    def value(self, name: str, value: Scalar) -> Scalar:
        """Masks an attribute or key value; a bare number counts where the name is a person's."""
        if self._key is None or isinstance(value, bool | float):
            return value
        personal = name in _PERSONAL_NAMES and _PERSONAL_NUMBER.fullmatch(str(value))
        if personal or (isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value)):
            return self._number(str(value))
        return self(value) if isinstance(value, str) else value

    def attributes(self, attributes: Attributes) -> dict[str, Scalar]:
        """Masks every value of a mapping."""
        return {name: self.value(name, value) for name, value in attributes.items()}

    def key(self, key: Mapping[str, str | None]) -> dict[str, str | None]:
        """Masks the values of an incident's key."""
        return {n: None if v is None else str(self.value(n, v)) for n, v in key.items()}

    def step(self, step: Step, key: Mapping[str, str | None]) -> Step:
        """Masks a step of a remediation; `key`: of its incident, whose values stand in sentences and commands."""
        if self._key is None:
            return step
        known = (step, tuple(key.items()))
        if (found := self._steps.get(known)) is None:
            found = Step(
                text=self.about(step.text, key),
                commands=tuple(self.about(command, key) for command in step.commands),
                caution=None if step.caution is None else self.about(step.caution, key),
                verify=None if step.verify is None else self.about(step.verify, key),
            )
            _remember(self._steps, known, found)
        return found

    def _mask(self, kind: str, secret: str) -> str:
        assert self._key is not None
        digest = hmac.digest(self._key, secret.encode("utf-8", "surrogatepass"), "sha256")
        masks = self._masks.setdefault(kind, set())
        if len(masks) < COUNTED:
            masks.add(digest[:8])
        return f"<{kind}:{digest.hex()[:6]}>"

    def _number(self, text: str) -> str:
        # Digits alone decide: +1 555 123, 1555123 and 1555123@s.whatsapp.net are one person.
        return self._mask("phone", re.sub(r"\D", "", text))

    def _named(self, match: re.Match[str]) -> str | None:
        prose = bool(match["space"]) and match["quote"] is None
        return self._secret(match["what"], match["value"], prose=prose)

    def _secret(self, name: str, value: str, *, prose: bool) -> str | None:
        name = name.lower()
        password = name.startswith(("passw", "pwd"))
        if not name.startswith("passw") and not _looks_secret(value, prose=prose):
            return None
        if _PLACEHOLDER.fullmatch(value) or _NOT_SECRET.match(value):
            return None
        return self._mask("password" if password else "token", value)

    def _secrets(self, match: re.Match[str]) -> str | None:
        named = _before(_OF_SECRETS, match)
        if named is None:
            return None

        def masked(item: re.Match[str]) -> str:
            value = item["value"] or item["bare"]
            # `secrets: ["openai"]` may be names of them, `tokens: [12345678]` counts.
            listed = bool(named["many"] or item["bare"])
            if (item["bare"] and (value.isdigit() or value.startswith("<"))) or (listed and _IS_NAME.fullmatch(value)):
                return item[0]
            found = self._secret(named["what"], value, prose=listed)
            if found is None:
                return item[0]
            return found if item["bare"] else item["quote"] + found + item["end"]

        return _ITEM.sub(masked, match["value"])

    def _cookies(self, match: re.Match[str]) -> str:
        def masked(cookie: re.Match[str]) -> str | None:
            return self._mask("token", cookie["value"]) if _looks_secret(cookie["value"], prose=True) else None

        return _masked(_COOKIE, masked, match["value"])

    def _people(self, match: re.Match[str]) -> str | None:
        named = _before(_OF_PEOPLE, match)
        if named is None:
            return None
        name = named["lead"].lower()
        least = PERSONAL_LENGTH if name.startswith(_SHORT_IDS) or name.endswith("allowfrom") else LONG_ID

        def masked(number: re.Match[str]) -> str:
            return self._number(number[0]) if len(number[0].lstrip("-")) >= least else number[0]

        return _IN_LIST.sub(masked, match["value"])

    def _header(self, match: re.Match[str]) -> str | None:
        value = match["value"]
        prose = match.re is _SCHEME and match["header"] is None
        if _NOT_SECRET.match(value) or not _looks_secret(value, prose=prose):
            return None
        return self._mask("token", value)

    def _target(self, match: re.Match[str]) -> str:
        digits, known = match[0], False
        if named := _before(_TARGET, match):
            # Short ids exist (Telegram), but behind `from` and `to` they are as often offsets or sizes.
            known = named[0].lower().startswith(_SHORT_IDS) or (not match["unit"] and len(digits) >= LONG_ID)
        if not known and not match["unit"] and _LONG.fullmatch(digits):
            known = bool(_before(_LONG_TARGET, match)) and not _NO_END.match(match.string, match.end())
        return self._number(digits) if known else digits

    def _jid(self, match: re.Match[str]) -> str:
        kind = _KINDS.get(match[3], "phone")
        return self._mask(kind, match[1]) + match[2] + match[3]

    def _address(self, text: str) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        own = address.is_loopback or address.is_unspecified
        return text if own else self._mask("ip", address.compressed)

    def _email(self, match: re.Match[str]) -> str:
        if _NO_DOMAIN.match(match["tld"]) or match[0].endswith("@s.whatsapp.net"):
            return match[0]  # the second: a phone number that is masked already
        return self._mask("email", match[0].lower())


class _Trial(Redactor):
    """Masks a text that may not be shown, and tells what it masked in it."""

    __slots__ = ("found",)

    def __init__(self, key: bytes | None, *, addresses: bool) -> None:
        super().__init__(key, addresses=addresses)
        self.found: dict[str, str] = {}

    def _mask(self, kind: str, secret: str) -> str:
        self.found[secret] = kind
        return super()._mask(kind, secret)


def _masked(pattern: re.Pattern[str], mask: Callable[[re.Match[str]], str | None], text: str) -> str:
    """
    A text in which each `value` that a pattern finds is replaced by its mask.

    Args:
        mask: None if it is no secret; but there may be one in it, since a quote that nothing closes reaches to the end.
    """
    shown: list[str] = []
    at, found = 0, pattern.search(text)
    while found is not None:
        start, end = found.span("value")
        masked = mask(found)
        if masked is None:
            found = pattern.search(text, start)
            continue
        shown += text[at:start], masked
        # The name of what comes next stands where the value does: `password: Cookie: …`.
        name = _NAME_AT_END.search(text, start, end) if _MASK.fullmatch(masked) else None
        at = end if name is None else name.start()
        found = pattern.search(text, at)
    return "".join([*shown, text[at:]])


def _before(pattern: re.Pattern[str], match: re.Match[str]) -> re.Match[str] | None:
    """What a pattern finds right before a match; the pattern ends with the end of the text."""
    return pattern.search(match.string, max(match.start() - LONGEST_NAME, 0), match.start())


def _remember(memory: dict[Text, Shown], text: Text, shown: Shown) -> None:
    if len(memory) >= KEPT:
        memory.clear()
    memory[text] = shown


def _plain(text: str) -> str:
    """A text without what can disguise a secret; the same object if there is nothing of it."""
    if not sanitize.is_plain(text):
        text = sanitize.bare(text)
    escaped = text
    for _ in range(ESCAPED_DEPTH):
        if "%" not in text and "\\" not in text:
            break
        decoded = _ESCAPED.sub(_unescaped, text)
        if decoded == text:
            break
        text = decoded
    return text if text is escaped or sanitize.is_plain(text) else sanitize.bare(text)


def _unescaped(match: re.Match[str]) -> str:
    """What is written; a blank for what moves the cursor, since it parts words, too."""
    if code := match[1] or match[2] or match[4]:
        character = chr(int(code, 16))
        return " " if character.isspace() or (character < " " and character != "\x1b") else character
    return " " if match["blank"] else ""


def _looks_secret(value: str, *, prose: bool) -> bool:
    """Tells `token: 9f8a…` from the counters and, in prose, the words that follow the same name."""
    if len(value) < 4 or (value.isdigit() and len(value) < 8):
        return False
    return not prose or len(value) >= 16 or any(c.isdigit() for c in value)


def of_user(warn: Callable[[str], None], *, addresses: bool = False) -> Redactor:
    """
    Gives the masks of this user.

    Args:
        warn: As for `user_key`.
        addresses: As for `Redactor`.
    """
    import platformdirs

    return Redactor(user_key(platformdirs.user_data_path("loganalyzer") / "mask.key", warn), addresses=addresses)
