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


TARGETS: dict[str, Target] = {
    "framing": Target(frame, 512),
    "scan": Target(scan, 512),
    "format-gateway": Target(formats_of("gateway-json")),
    "format-logs": Target(formats_of("logs-json", "excerpt", "logs-plain")),
    "format-containers": Target(formats_of("docker-json", "pm2", "cri", "compose")),
    "format-journald": Target(formats_of("journald-json", "journald-export")),
    "format-pino": Target(formats_of("pino")),
    "format-console": Target(formats_of("console-json", "console", "tagged", "plain")),
    "format-syslog": Target(formats_of("syslog-rfc5424", "syslog-rfc3164", "syslog-iso", "system")),
    "records": Target(records, 2048),
    "timestamps": Target(timestamps, 256),
    "tokenizer": Target(tokens, 2048),
    "judge": Target(judge, 3072),
    "packs": Target(pack, 4096),
    "redact": Target(redact, 512),
    "archives": Target(archive, 8192),
}
