"""
Who speaks in a record: the one table that decides `Record.origin`.

Enters: what a surface shows about the writer. Leaves: an `Origin`. The text of a record gives no trust, for anybody can
write text; it takes some away where the gateway itself says that it passes on what a tool ended with. Chat text
(`body`, `text` of the `web-inbound` and `web-auto-reply` modules) travels in structured arguments while the message
beside it is the gateway's own, so no surface known so far yields `CARRIED` here.

| surface         | subsystem | written by         | level       | origin     | for instance |
|-----------------|-----------|--------------------|-------------|------------|--------------|
| file record     | named     | any                | any         | gateway    | everything a subsystem logger writes |
| file record     | none      | `console.*`        | warn and up | cli-error  | "Gateway call failed: …" |
| file record     | none      | `console.*`        | below       | cli-output | status tables, agent replies |
| file record     | none      | `logError`, …      | warn and up | cli-error  | "gateway connect failed: …" |
| file record     | none      | `logInfo`, …       | below       | gateway    | "bonjour: advertised …" |
| quoted record   | none      | not shown          | not shown   | unknown    | a record cut out without `_meta` |
| `openclaw logs` | named     | not shown          | any         | gateway    | plain and JSON alike |
| `openclaw logs` | none      | not shown          | warn and up | cli-error  | the first console row |
| `openclaw logs` | none      | not shown          | below       | cli-output | the second console row |
| console text    | named     | not shown          | not shown   | gateway    | only subsystem loggers print tags |
| console text    | none      | not shown          | not shown   | unknown    | `console.*` of gateway or client |
| any             | any       | `[tools] X failed` | any         | tool-output | output of a command, error of a page |

The rows about file records hold for the runs of 2026.2.17 and 2026.9.6 that the excerpts in the tests were cut from.
"""

from __future__ import annotations

import re

from loganalyzer.model import Origin

_SEVERE = frozenset({"warn", "error", "fatal"})
TOOL_TAG = "[tools] "
_TOOL_FAILED = re.compile(
    r"\W*(?:(?:ERROR|WARN)\W+)?\[tools\] "
    r"(?!(?:message|gateway|cron|nodes|agents_list|session_status|sessions_\w+|subagents|memory_\w+) failed: )"
    r"(?!exec failed: (?:exec denied: |Exec approval registration failed: ))"
    r"(?!browser failed: (?:Error: )*(?:Can't reach the OpenClaw |Could not find DevTools|Failed to start Chrome "
    r"|No supported browser |No \w+ tabs found |(?:Chrome|Browser|CDP|Remote CDP) |Playwright is |browser\.))"
    r"\S+ failed: "
)
"""
A tool that ended with the words of something else.

The tools that talk to the gateway, its channels, nodes and memory fail with the words of OpenClaw; so do commands that
it refuses to run and browsers that it cannot drive (captures of 2026.2.17 and 2026.9.6, documented signatures).
"""


def of_file_record(subsystem: str | None, method: str | None, level: str | None) -> Origin:
    """
    The writer of a record of the file log.

    Args:
        subsystem: Subsystem or module from the bindings.
        method: `_meta.path.method`, the function that logged: `console.error`, `console.forwardedConsoleCall [as log]`,
            `logError`; absent in most records.
        level: Level of the record.
    """
    if subsystem is not None:
        return Origin.GATEWAY
    if level is None:
        return Origin.UNKNOWN
    if level in _SEVERE:
        return Origin.CLI_ERROR
    return Origin.CLI_OUTPUT if method is not None and method.startswith("console.") else Origin.GATEWAY


def of_tailed(subsystem: str | None, level: str | None) -> Origin:
    """The writer of a line that shows subsystem and level only: `openclaw logs`, and the console in JSON style."""
    if subsystem is not None:
        return Origin.GATEWAY
    if level is None:
        return Origin.UNKNOWN
    return Origin.CLI_ERROR if level in _SEVERE else Origin.CLI_OUTPUT


def of_console(subsystem: str | None) -> Origin:
    """The writer of a line of console text."""
    return Origin.UNKNOWN if subsystem is None else Origin.GATEWAY


def of_tool(origin: Origin, text: str) -> Origin:
    """
    The writer of a record that has the tag of tools in it.

    Args:
        origin: what the surface says.
        text: the message.
    """
    return Origin.TOOL_OUTPUT if _TOOL_FAILED.match(text) else origin
