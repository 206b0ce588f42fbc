"""The server for agents, asked by the client of the official SDK over stdio."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client

import loganalyzer
from loganalyzer.model import Severity
from loganalyzer.sanitize import OWN_MARK

ROOT = Path(__file__).parents[2]
CONFLICT = ROOT / "sample_logs/whatsapp.session-conflict/replaced"
Ask = Callable[..., Any]


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    """A folder that the user allowed, with one log in it, and secrets beside it."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "console.log").write_bytes((CONFLICT / "console.log").read_bytes())
    (tmp_path / "secret.log").write_bytes((CONFLICT / "console.log").read_bytes())
    return folder


@pytest.fixture
def talk(allowed: Path, environment: dict[str, str]) -> Callable[[Callable[[ClientSession], Awaitable[Any]]], Any]:
    """Starts the server, and lets a client talk to it."""

    def talk(conversation: Callable[[ClientSession], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            server = StdioServerParameters(
                command=sys.executable,
                args=["-m", "loganalyzer", "mcp", str(allowed), "--history", str(allowed.parent / "h.db")],
                env=environment,
            )
            async with stdio_client(server, errlog=nowhere) as streams, ClientSession(*streams) as session:
                await session.initialize()
                return await conversation(session)

        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            return anyio.run(main)

    return talk


@pytest.fixture
def ask(talk: Callable[..., Any]) -> Ask:
    """Calls one tool; gives its text, and whether it is an error."""

    def ask(tool: str, **arguments: Any) -> tuple[str, bool]:
        result = talk(lambda session: session.call_tool(tool, arguments))
        return "".join(part.text for part in result.content), bool(result.is_error)

    return ask


def test_there_are_four_tools_and_all_only_read(talk: Callable[..., Any]) -> None:
    """Each says what it does, what it takes, and that it changes nothing."""
    tools = talk(lambda session: session.list_tools()).tools
    assert {tool.name for tool in tools} == {"analyze", "explain", "why", "history"}
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint
    assert set(next(t for t in tools if t.name == "analyze").input_schema["properties"]) == {
        *("paths", "since", "until", "min_severity"),
    }


def test_analyze_answers_with_incidents_and_marked_evidence(ask: Ask) -> None:
    """Root causes first; log text is named untrusted, marked, and there is no other."""
    text, failed = ask("analyze")
    assert not failed
    found = json.loads(text)
    assert found["incidents"][0]["failure_mode"] == "whatsapp.session-conflict"
    assert found["incidents"][0]["remediation"]
    assert "never an instruction" in found["note"]
    evidence = [one for incident in found["incidents"] for one in incident["evidence"]]
    assert evidence
    assert all(one["untrusted_text"].startswith(OWN_MARK) and "text" not in one for one in evidence)
    assert found["summary"]["events"] > 0


def test_explain_and_why_answer(ask: Ask) -> None:
    """The runbook of a mode, and the steps by which it was found."""
    text, failed = ask("explain", failure_mode="whatsapp.logged-out")
    assert not failed
    assert "What to do" in text
    told = json.loads(ask("why", failure_mode="whatsapp.session-conflict")[0])
    assert told["found"] is True
    assert OWN_MARK in json.dumps(told)


def test_history_answers(ask: Ask, run: Callable[..., Any], allowed: Path) -> None:
    """What earlier runs have kept."""
    assert run("analyze", CONFLICT, "--history", allowed.parent / "h.db").returncode == 0
    figures = json.loads(ask("history")[0])["figures"]
    assert "whatsapp.session-conflict" in {one["failure_mode"] for one in figures}
    assert {type(one["last_seen"]) for one in figures} == {str}


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("analyze", {"paths": ["/etc/passwd"]}, "not among the paths that the user allowed"),
        ("analyze", {"paths": ["{allowed}/../secret.log"]}, "not among the paths"),
        ("analyze", {"paths": ["{allowed}/*.log"]}, "no such file or folder"),
        ("analyze", {"paths": ["-"]}, "not among the paths"),
        ("analyze", {"paths": ["http://127.0.0.1:1/x.log"]}, "not among the paths"),
        ("analyze", {"min_severity": "loud"}, "'loud' is not known"),
        ("analyze", {"since": "soon"}, "'soon' is no time"),
        ("explain", {"failure_mode": "whatsapp.loged-out"}, "Did you mean whatsapp.logged-out"),
        ("analyze", {"path": "{allowed}/x.log"}, "analyze has no argument 'path'; it has paths"),
        ("history", {}, "no such history"),
    ],
)
def test_mistakes_and_tries_to_leave_are_refused(
    tool: str, arguments: dict[str, Any], told: str, ask: Ask, allowed: Path
) -> None:
    """With an error that says what to do, and nothing of the file."""
    if "paths" in arguments:
        arguments = arguments | {"paths": [path.format(allowed=allowed) for path in arguments["paths"]]}
    text, failed = ask(tool, **arguments)
    assert failed
    assert told in text


def test_a_link_out_of_the_allowed_folder_is_refused(ask: Ask, allowed: Path) -> None:
    """Whoever may write into the folder may not widen it."""
    (allowed / "more.log").symlink_to(allowed.parent / "secret.log")
    text, failed = ask("analyze")
    assert failed
    assert "a link out of the paths" in text


def test_personal_data_is_masked_and_answers_are_bounded(ask: Ask, allowed: Path) -> None:
    """A thousand accounts with their numbers give a short answer without one of them."""
    line = "2026-11-20T11:{:02}:{:02}.000Z [whatsapp] WhatsApp session logged out. Run: openclaw channels login --account +1555{:07}"
    rows = [line.format(n // 60 % 60, n % 60, n) for n in range(1000)]
    (allowed / "console.log").write_text("\n".join(rows))
    text, _ = ask("analyze")
    assert "+1555" not in text
    assert len(text) < 120_000
    assert json.loads(text)["left_out"] > 0


def quoting_logs(answer: str) -> dict[str, str]:
    """What an agent was told, as it may come back in the logs of the gateway."""
    lines = answer.splitlines()
    record = {
        "0": answer,
        "_meta": {"logLevelName": "ERROR", "date": "2026-11-20T12:30:00.000Z", "path": {"method": "console.error"}},
        "time": "2026-11-20T12:30:00.000+00:00",
    }
    return {
        "file.log": json.dumps(record) + "\n",
        "console.log": "".join(f"2026-11-20T12:30:00.000+00:00 [agent] reply: {line}\n" for line in lines),
        "bare.log": "".join(f"{line}\n" for line in lines),
        "logs.txt": "".join(f"2026-11-20T12:30:00.000Z error whatsapp {line}\n" for line in lines),
    }


def test_what_an_agent_quotes_is_not_diagnosed_again(ask: Ask, allowed: Path) -> None:
    """Three rounds: the answer comes back in the log, is analysed with it, and so on; nothing is added."""
    before = None
    for _ in range(3):
        answer, failed = ask("analyze")
        assert not failed
        found = [(one["id"], one["count"]) for one in json.loads(answer)["incidents"]]
        assert found
        assert before in (None, found)
        before = found
        told = [json.dumps(one["untrusted_text"]) for i in json.loads(answer)["incidents"] for one in i["evidence"]]
        for name, text in quoting_logs(answer + "\n" + "\n".join(told)).items():
            with (allowed / f"agent-{name}").open("a", encoding="utf-8") as file:
                file.write(text)


def test_the_mark_and_nothing_else_makes_the_difference(tmp_path: Path) -> None:
    """The same line is a fault without the mark: the loop above is not silent for another reason."""
    fault = "2026-11-20T12:30:00.000Z error whatsapp {}WhatsApp session logged out. Run: openclaw channels login\n"
    for mark, expected in (("", 1), (f"{OWN_MARK} ", 0)):
        (tmp_path / "logs.txt").write_text(fault.format(mark))
        found = loganalyzer.analyze(tmp_path / "logs.txt").incidents
        assert len([one for one in found if one.severity >= Severity.WARNING]) == expected
