"""What varies is masked, what says something stays."""

from __future__ import annotations

import time

import pytest

from loganalyzer.unknown.masks import MASK, mask

MASKED = {
    "queue depth is 2958 of 4096": "queue depth is <number> of <number>",
    "closed in 2.44s, after 350ms (attempt 3/10)": "closed in <duration>, after <duration> (attempt <number>/<number>)",
    "no answer within 300000ms": "no answer within <duration>",
    "unknown model \"drill2/m9\" for agent 'main'": "unknown model <quoted> for agent <quoted>",
    "it's the gateway's own": "it's the gateway's own",
    "open '/home/x y/a.json' failed": "open <quoted> failed",
    "cannot read ~/.openclaw/openclaw.json, C:\\app\\main.js": "cannot read <path>, <path>",
    "GET https://example.org/a?b=c failed": "GET <url> failed",
    "conn=9f8a7c6b-1d2e-4f50-8a9b-0c1d2e3f4a5b gone": "conn=<id> gone",
    "runId=9b575bd13653f8dd at 0x7ffe": "runId=<id> at <id>",
    "from 15551230000@s.whatsapp.net and 123-456@g.us": "from <address> and <address>",
    "connect ECONNREFUSED 127.0.0.1:19001": "connect ECONNREFUSED <address>",
    "next try at 2026-11-20T12:00:00.000Z": "next try at <time>",
    "[default] channel gone (account: work)": "[<account>] channel gone (account: <account>)",
    "[tools] exec failed": "[tools] exec failed",
    "running 2026.9.6 of v2.1.0-beta.1": "running <version> of <version>",
    "code=ECONNRESET errno=-104 drill2/m9": "code=ECONNRESET errno=-<number> drill<number>/m<number>",
    "  spaced\tout  ": "spaced out",
}


@pytest.mark.parametrize(("text", "expected"), MASKED.items(), ids=MASKED)
def test_each_kind_of_value_has_its_mask(text: str, expected: str) -> None:
    """Numbers, times, names in quotes, paths, ids and addresses become masks; words and codes stay."""
    assert mask(text) == expected


def test_masks_are_found_again() -> None:
    """What stands for a value can be told from text in angle brackets."""
    assert MASK.findall("<number> of <b> and <quoted>") == ["number", "quoted"]


@pytest.mark.parametrize("piece", ['"', "'a ", "/a", "1.1", "a-1", "x@", "[", "0", "`\\", "::", "a.b@c."])
def test_hostile_text_costs_no_more_than_other_text(piece: str) -> None:
    """No text makes the search for masks slow; long ones are cut."""
    begin = time.perf_counter()
    mask(piece * 100_000)
    assert time.perf_counter() - begin < 0.5
