"""What the gateway passes on of an agent's tools is not the gateway's own speech, on any surface."""

import json

import pytest

from loganalyzer.formats import decode
from loganalyzer.model import Origin

TIME = "2026-11-20T12:00:00.000+00:00"
FOREIGN = (
    "[tools] exec failed: FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    "[tools] web_fetch failed: HTTP 401: Unauthorized",
    "[tools] browser failed: page.goto: net::ERR_NAME_NOT_RESOLVED",
    "[tools] mcp__demo.query failed: connect ECONNREFUSED 127.0.0.1:18789",
)
OWN = (
    "[tools] sessions_list failed: gateway closed (1008): unauthorized: device token mismatch",
    "[tools] message failed: gateway closed (1008): unauthorized: device token mismatch",
    "[tools] exec failed: exec denied: allowlist miss",
    "[tools] exec failed: Exec approval registration failed: GatewayTransportError: gateway closed (1008)",
    "[tools] browser failed: Can't reach the OpenClaw browser control service.",
)
SURFACES = (
    "{time} {text}",
    "{time} error {text}",
    "12:00:00 {text}",
    "Nov 20 12:00:00 box openclaw[12]: {text}",
    "Nov 20 12:00:00 box openclaw[12]: {time} {text}",
    "<11>1 {time} box openclaw 12 - - {text}",
    "{time} ERROR {text}",
    "{text}",
)


def lines_of(text: str) -> list[bytes]:
    """A message on every surface."""
    plain = [surface.format(time=TIME, text=text) for surface in SURFACES]
    meta = {"date": TIME, "logLevelName": "ERROR", "path": {"method": "logError"}}
    record = json.dumps({"0": f"{text}\nmore of it", "_meta": meta, "time": TIME})
    docker = json.dumps({"log": f"{TIME} {text}\n", "stream": "stderr", "time": "2026-11-20T12:00:00.1Z"})
    tailed = json.dumps({"type": "log", "time": TIME, "level": "error", "message": text, "raw": record})
    journal = json.dumps({"__REALTIME_TIMESTAMP": "1795176000000000", "SYSLOG_IDENTIFIER": "node", "MESSAGE": text})
    return [line.encode() for line in (*plain, record, docker, tailed, journal)]


@pytest.mark.parametrize("text", FOREIGN)
def test_what_tools_ended_with_is_tool_output(text: str) -> None:
    """Commands, pages and servers may say anything."""
    for line in lines_of(text):
        assert decode(line).origin is Origin.TOOL_OUTPUT, line


@pytest.mark.parametrize("text", OWN)
def test_openclaw_speaks_through_tools_of_its_own(text: str) -> None:
    """What they say is evidence as before."""
    for line in lines_of(text):
        assert decode(line).origin in (Origin.CLI_ERROR, Origin.UNKNOWN), line


def test_what_a_tool_was_called_with_is_left_out() -> None:
    """Chat text stands in it."""
    line = f'{TIME} error [tools] message failed: no route raw_params={{"text":"JavaScript heap out of memory"}}'
    assert decode(line.encode()).message == "[tools] message failed: no route raw_params=…"


def test_what_a_tool_returned_is_left_out_of_the_report_of_a_loop() -> None:
    """The words before it are the detector's own."""
    line = f'{TIME} [diagnostic] tool loop: sessionId=1 sessionKey=a tool=exec count=30 message="FATAL ERROR: heap"'
    assert decode(line.encode()).message == 'tool loop: sessionId=1 sessionKey=a tool=exec count=30 message="…'
