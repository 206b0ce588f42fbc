"""Every fuzz target by name: a function that takes any bytes and fails if something that must hold does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fuzz_files import archive, pack
from fuzz_judging import judge, redact
from fuzz_reading import formats_of, frame, records, scan, timestamps, tokens

Check = Callable[[bytes], None]


class Target(NamedTuple):
    """What is tried, and how."""

    check: Check
    longest: int = 1024
    """Input [bytes]."""


FORMATS_OF = {
    "format-gateway": ("gateway-json",),
    "format-logs": ("logs-json", "excerpt", "logs-plain"),
    "format-containers": ("docker-json", "pm2", "cri", "compose"),
    "format-journald": ("journald-json", "journald-export"),
    "format-pino": ("pino",),
    "format-console": ("console-json", "console", "tagged", "plain"),
    "format-syslog": ("syslog-rfc5424", "syslog-rfc3164", "syslog-iso", "system"),
}
"""The formats by the module that knows them."""
TARGETS: dict[str, Target] = {
    "framing": Target(frame, 512),
    "scan": Target(scan, 512),
    **{name: Target(formats_of(*formats)) for name, formats in FORMATS_OF.items()},
    "records": Target(records, 2048),
    "timestamps": Target(timestamps, 256),
    "tokenizer": Target(tokens, 2048),
    "judge": Target(judge, 3072),
    "packs": Target(pack, 4096),
    "redact": Target(redact, 512),
    "archives": Target(archive, 8192),
}
