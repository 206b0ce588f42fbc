"""Real gateways with real faults: each is named within two seconds of the line that decides it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from live import Feed, Sandbox, stop, until
from real_openclaw import NEWER, OLDER, Release

from loganalyzer.cli.follow import SILENT_AFTER_S

pytestmark = pytest.mark.e2e

WITHIN_S = 2.0
QUIET_S = float(os.environ.get("LOGANALYZER_E2E_QUIET_S", "150"))
"""How long a gateway is left alone."""
FAULT_S = 180.0
"""How long OpenClaw itself may take to write the deciding line."""
GONE = r"\[logs\] gateway disconnected, reconnecting in [23]s"
"""The second notice of a follower whose gateway is gone; after the first one it may be back at once."""
CLOSING = "Gateway websocket admission closed|logs.tail unavailable during gateway restart"
"""What a client hears that asks a gateway while it stops."""
Latencies = list[tuple[str, str, float]]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A home of its own."""
    with Sandbox(tmp_path / "home") as one:
        yield one


def named(feed: Feed, mode: str, line: str, since: float, latencies: Latencies, patience_s: float = FAULT_S) -> None:
    """Waits for the line that decides, and then for the answer, which must come in time."""
    deciding = until(lambda: feed.first(line, since), patience_s, lambda: f"{line} in {feed.last()}")
    answer = until(lambda: feed.diagnosis(mode, since), 10 * WITHIN_S, lambda: f"{mode} by {feed.last()}")
    latencies.append((mode, feed.name, answer.at - deciding.at))
    assert answer.at - deciding.at < WITHIN_S, deciding.text


def background(*command: str, sandbox: Sandbox) -> None:
    """A command of the command line whose output nobody reads; it ends with the sandbox."""
    output = sandbox.start(*command).stdout
    assert output is not None

    def drain() -> None:
        with output:
            output.read()

    threading.Thread(target=drain, daemon=True).start()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, dict[str, Feed]]]:
    """A gateway without a fault, followed on all of its surfaces from its first line on."""
    with Sandbox(tmp_path_factory.mktemp("calm") / "home") as sandbox:
        yield sandbox, sandbox.followed()


def test_a_gateway_left_alone_is_silent(calm: tuple[Sandbox, dict[str, Feed]]) -> None:
    """A healthy gateway raises nothing at warning or above, on any surface, from its start on."""
    time.sleep(QUIET_S)
    assert {name: feed.raised() for name, feed in calm[1].items() if feed.raised()} == {}


def test_wrong_token(calm: tuple[Sandbox, dict[str, Feed]], latencies: Latencies) -> None:
    """A client with a wrong token is named on every surface of the gateway."""
    sandbox, feeds = calm
    since = time.monotonic()
    background(
        "gateway", "call", "health", "--url", f"ws://127.0.0.1:{sandbox.port}", "--token", "wrong", sandbox=sandbox
    )
    for feed in feeds.values():
        named(feed, "gateway.token-mismatch", "token_mismatch", since, latencies)


def test_a_killed_follower_counts_once_what_its_client_prints_again(
    calm: tuple[Sandbox, dict[str, Feed]], tmp_path: Path
) -> None:
    """With `--resume`, a second client and follower go on where the first ones were killed, as if they had lived."""
    sandbox, _ = calm
    feeds: list[Feed] = []

    def fresh(feed: Feed) -> bool:
        """Has it a line of a refused client that no feed had before?"""
        known = {one.text for other in feeds if other is not feed for one in other.lines}
        return bool({one.text for one in feed.lines if "token_mismatch" in one.text} - known)

    for number in range(2):
        feed = sandbox.tail(f"client {number}", options=("--resume", str(tmp_path / "resume.sqlite")))
        feeds.append(feed)
        for _ in range(2):
            sandbox.run("gateway", "call", "health", "--url", f"ws://127.0.0.1:{sandbox.port}", "--token", "wrong")
        until(partial(fresh, feed), FAULT_S, feed.last)
        if number == 0:
            until(partial(feed.diagnosis, "gateway.token-mismatch", 0.0), FAULT_S, feed.last)
            stop(feed.analyzer, signal.SIGKILL)
    first, second = feeds
    feed_ends = second.analyzer.stdin
    assert feed_ends is not None
    feed_ends.close()
    second.analyzer.wait(FAULT_S)
    again = {one.text for one in first.lines} & {one.text for one in second.lines}
    assert any("token_mismatch" in text for text in again), "the second client has printed what the first one had"
    lines = dict.fromkeys(one.text for feed in feeds for one in feed.lines)
    whole = subprocess.run(
        [sys.executable, "-m", "loganalyzer", "analyze", "-", "--format", "jsonl"],
        input="\n".join([*lines, ""]),
        capture_output=True,
        text=True,
        check=False,
    )
    expected = {one["id"]: one["count"] for one in map(json.loads, whole.stdout.splitlines())}
    assert expected
    assert {one.incident["id"]: one.incident["count"] for feed in feeds for one in feed.heard} == expected


def test_second_gateway_on_the_port(
    calm: tuple[Sandbox, dict[str, Feed]], sandbox: Sandbox, latencies: Latencies
) -> None:
    """A second gateway that finds the port taken says so; the first one is not blamed."""
    first, feeds = calm
    since = time.monotonic()
    sandbox.port = first.port
    sandbox.write(sandbox.config())
    own = sandbox.written()
    process = sandbox.gateway(own["console"], ready=False)
    for feed in own.values():
        named(feed, "gateway.port-conflict", "already (in use|listening)|EADDRINUSE|lock timeout", since, latencies)
    process.wait(FAULT_S)
    time.sleep(WITHIN_S)
    assert {name: feed.standing() for name, feed in own.items()} == {name: ["gateway.port-conflict"] for name in own}
    assert "gateway.port-conflict" not in [mode for one in feeds.values() for mode in one.raised(since)]


def test_invalid_edit_while_running(calm: tuple[Sandbox, dict[str, Feed]], latencies: Latencies) -> None:
    """An edit that the gateway refuses is named although it goes on with the old configuration."""
    sandbox, feeds = calm
    since = time.monotonic()
    sandbox.write(sandbox.config(channels={"whatsapp": {"keepAlive": {"intervalMs": 25000}}}))
    for feed in feeds.values():
        named(feed, "gateway.invalid-config", "config reload skipped", since, latencies)
    sandbox.write(sandbox.config())


def test_second_gateway_of_the_same_home(
    calm: tuple[Sandbox, dict[str, Feed]], sandbox: Sandbox, latencies: Latencies
) -> None:
    """A second gateway with the files of the first one says so in the log that both write, on every surface of it."""
    first, feeds = calm
    second = sandbox.feed("console of the second")
    since = time.monotonic()
    first.gateway(second, ready=False)
    for feed in (second, feeds["file"], feeds["logs"], feeds["logs --json"]):
        named(
            feed, "gateway.port-conflict", "another OpenClaw process owns|already (in use|listening)", since, latencies
        )


def test_missing_mode(sandbox: Sandbox, latencies: Latencies) -> None:
    """A configuration without `gateway.mode` blocks the start, and that is what is named."""
    config = sandbox.config()
    del config["gateway"]["mode"]
    sandbox.write(config)
    feeds = sandbox.written()
    since = time.monotonic()
    sandbox.gateway(feeds["console"], ready=False)
    for feed in feeds.values():
        named(feed, "gateway.start-blocked", "missing gateway.mode", since, latencies)


def test_killed_again_and_again(sandbox: Sandbox, latencies: Latencies) -> None:
    """
    A gateway that is killed at each start is a crash loop, at the latest when its own breaker says so.

    `openclaw logs --follow` loses it and prints what it has missed when it is back.
    """
    feeds = sandbox.written()
    console = feeds["console"]
    since = time.monotonic()
    process = sandbox.gateway(console)
    feeds |= sandbox.tails()
    for _ in range(5):
        stop(process, signal.SIGKILL)
        begun = time.monotonic()
        process = sandbox.gateway(console, ready=False)
        until(partial(console.first, "starting HTTP server|crash.loop", begun), FAULT_S, console.last)
        if console.first("crash.loop", since):
            break
    for feed in feeds.values():
        named(feed, "gateway.crash-loop", "crash.loop", since, latencies)


def test_stopped_while_it_is_followed(sandbox: Sandbox, latencies: Latencies) -> None:
    """A gateway that is stopped is missed by both forms of `openclaw logs --follow`, and found again."""
    feeds = sandbox.written()
    process = sandbox.gateway(feeds["console"])
    tails = sandbox.tails()
    since = time.monotonic()
    stop(process)
    for feed in tails.values():
        named(feed, "gateway.not-running", f"{GONE}|{CLOSING}", since, latencies)
    sandbox.gateway(feeds["console"])
    for feed in tails.values():
        if not feed.first(CLOSING, since):  # that ends the client
            until(partial(feed.first, r"\[logs\] gateway reconnected", since), FAULT_S, feed.last)
            time.sleep(WITHIN_S)
            assert feed.standing(since) == [], feed.name


def test_small_heap(sandbox: Sandbox, latencies: Latencies) -> None:
    """A gateway that runs into the limit of its heap is out of memory, whatever signal ended it."""
    feed = sandbox.feed("console")
    options = NEWER.environment(sandbox.home)["NODE_OPTIONS"]
    since = time.monotonic()
    sandbox.gateway(feed, ready=False, more={"NODE_OPTIONS": f"{options} --max-old-space-size=60"})
    named(feed, "gateway.oom", "JavaScript heap out of memory", since, latencies)


def whatsapp(sandbox: Sandbox) -> None:
    """Turns the WhatsApp plugin on; it lies beside the release, as `openclaw plugins install` would put it."""
    plugin = NEWER.folder / "node_modules" / "@openclaw" / "whatsapp"
    sandbox.write(
        sandbox.config(
            channels={"whatsapp": {"dmPolicy": "allowlist", "allowFrom": ["+15555550100"]}},
            plugins={
                "load": {"paths": [str(plugin)]},
                "allow": ["whatsapp", "memory-core"],
                "entries": {"whatsapp": {"enabled": True}},
            },
        )
    )


SEND = ("message", "send", "--channel", "whatsapp", "--target", "+15555550100", "--message", "hello")


def test_whatsapp_without_a_link(sandbox: Sandbox, latencies: Latencies) -> None:
    """WhatsApp that was never linked: a send finds no listener, and the status, which the file keeps, tells why."""
    whatsapp(sandbox)
    feeds = sandbox.followed()
    since = time.monotonic()
    background(*SEND, sandbox=sandbox)
    for feed in feeds.values():
        named(feed, "whatsapp.no-active-listener", "No active WhatsApp Web listener", since, latencies)
    del feeds["console"]
    background("channels", "status", sandbox=sandbox)
    for feed in feeds.values():
        named(feed, "whatsapp.not-linked", "Not linked", since, latencies)
    time.sleep(WITHIN_S)
    for feed in feeds.values():
        standing = [mode for mode in feed.standing() if mode.startswith("whatsapp.")]
        assert standing == ["whatsapp.not-linked"], feed.name


def test_whatsapp_without_network(sandbox: Sandbox, latencies: Latencies) -> None:
    """WhatsApp whose name does not resolve, and then a send that finds no listener."""
    whatsapp(sandbox)
    credentials = sandbox.home / ".openclaw" / "credentials" / "whatsapp" / "default"
    credentials.mkdir(parents=True)
    library = NEWER.folder / "node_modules/@openclaw/whatsapp/node_modules/baileys/lib/index.js"
    script = Path(__file__).with_name("credentials.mjs")
    made = NEWER.node(sandbox.home, str(script), str(library))
    (credentials / "creds.json").write_text(made, encoding="utf-8")
    since = time.monotonic()
    feeds = sandbox.followed()
    for feed in feeds.values():
        named(feed, "whatsapp.timeout-loop", "Retry 3/12", since, latencies)
        if feed.name != "console":
            named(feed, "whatsapp.dns-network", "ENOTFOUND web.whatsapp.com|WebSocket error", since, latencies)
    since = time.monotonic()
    background(*SEND, sandbox=sandbox)
    for feed in feeds.values():
        named(feed, "whatsapp.no-active-listener", "No active WhatsApp Web listener", since, latencies)


class Provider(BaseHTTPRequestHandler):
    """A model provider that answers with the status that its path names."""

    BODIES: ClassVar = {
        401: {"type": "invalid_request_error", "code": "invalid_api_key", "message": "Incorrect API key provided."},
        402: {
            "type": "billing",
            "code": "insufficient_credits",
            "message": "Insufficient credits. Add more to continue.",
        },
        429: {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Rate limit reached for requests."},
        529: {"type": "overloaded_error", "code": "overloaded", "message": "Overloaded"},
    }

    def do_POST(self) -> None:
        """Refuses."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status = int(self.path.split("/")[1])
        body = json.dumps({"error": self.BODIES[status]}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, dict[str, Feed]]]:
    """A gateway with one agent for each way in which its provider refuses."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model = {
        "id": "m1",
        "name": "M1",
        "reasoning": False,
        "input": ["text"],
        "contextWindow": 128000,
        "maxTokens": 4096,
    }
    with Sandbox(tmp_path_factory.mktemp("refused") / "home") as sandbox:
        sandbox.write(
            sandbox.config(
                models={
                    "mode": "merge",
                    "providers": {
                        f"p{status}": {
                            "baseUrl": f"http://127.0.0.1:{server.server_port}/{status}/v1",
                            "apiKey": "not-a-key",
                            "api": "openai-completions",
                            "models": [model],
                        }
                        for status in Provider.BODIES
                    },
                },
                agents={"list": [{"id": f"a{status}", "model": f"p{status}/m1"} for status in Provider.BODIES]},
            )
        )
        yield sandbox, sandbox.followed()
    server.shutdown()
    server.server_close()


PROVIDER_MODES = {"provider.auth", "provider.billing", "provider.rate-limited", "provider.overloaded"}


@pytest.mark.parametrize(
    ("status", "mode"),
    [
        (401, "provider.auth"),
        (402, "provider.billing"),
        (429, "provider.rate-limited"),
        (529, "provider.overloaded"),
    ],
)
def test_provider_that_refuses(
    status: int, mode: str, refused: tuple[Sandbox, dict[str, Feed]], latencies: Latencies
) -> None:
    """What the provider answers is named, and nothing else at its place."""
    sandbox, feeds = refused
    since = time.monotonic()
    background("agent", "--agent", f"a{status}", "--message", "hello", sandbox=sandbox)
    for feed in feeds.values():
        named(feed, mode, f"status={status}", since, latencies)
    said, console = Provider.BODIES[status]["message"], feeds["console"]
    line = until(partial(console.first, re.escape(said), since), FAULT_S, console.last)
    shown = until(partial(console.quoting, said), 10 * WITHIN_S, console.last)
    assert shown[0].at - line.at < WITHIN_S, line.text
    time.sleep(WITHIN_S)
    for feed in feeds.values():
        blamed = {one.incident["failure_mode"] for one in feed.quoting(f"provider=p{status} ")}
        assert blamed & PROVIDER_MODES == {mode}, feed.name
    assert {one.incident["failure_mode"] for one in console.quoting(said)} & PROVIDER_MODES == {mode}


def test_device_token_mismatch(tmp_path: Path, latencies: Latencies) -> None:
    """The older release answers a known device with a wrong token by a mismatch of its device token."""
    with Sandbox(tmp_path / "home", OLDER) as sandbox:
        feeds = sandbox.written()
        sandbox.gateway(feeds["console"])
        paired = sandbox.run("health")
        assert paired.returncode == 0, paired.stdout
        feeds |= sandbox.tails()
        since = time.monotonic()
        url = f"ws://127.0.0.1:{sandbox.port}"
        background("gateway", "call", "health", "--url", url, "--token", "wrong", sandbox=sandbox)
        for feed in feeds.values():
            named(feed, "gateway.device-token-mismatch", "device_token_mismatch", since, latencies)


RELEASES = pytest.mark.parametrize("release", [NEWER, OLDER], ids=lambda release: release.version)


@RELEASES
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_no_gateway_to_follow(release: Release, form: tuple[str, ...], tmp_path: Path, latencies: Latencies) -> None:
    """Both forms of `openclaw logs --follow` say that nothing answers, and that is what is named."""
    with Sandbox(tmp_path / "home", release) as sandbox:
        feed = sandbox.feed(f"logs {' '.join(form)} {release.version}")
        since = time.monotonic()
        feed.take(sandbox.start("logs", "--follow", *form).stdout)
        named(feed, "gateway.not-running", f"{GONE}|Gateway not reachable", since, latencies)


@RELEASES
@pytest.mark.parametrize(
    ("stderr", "said", "within_s"),
    [
        (subprocess.STDOUT, "gateway.not-running", FAULT_S),
        (subprocess.DEVNULL, "The producer is silent", SILENT_AFTER_S + WITHIN_S),
    ],
    ids=["merged", "stdout-only"],
)
def test_stopped_gateway_is_not_a_healthy_one(
    release: Release, stderr: int, said: str, within_s: float, tmp_path: Path
) -> None:
    """`openclaw logs --follow | loganalyzer` tells that nothing runs, with `2>&1` and without."""
    with Sandbox(tmp_path / "home", release) as sandbox:
        since = time.monotonic()
        analyzer = sandbox.pipe(sandbox.start("logs", "--follow", stderr=stderr))
        assert analyzer.stdout is not None
        with analyzer.stdout as output:
            heard: list[str] = []
            for line in output:
                heard.append(line.decode())
                if said in heard[-1]:
                    break
            else:
                pytest.fail("".join(heard))
        assert time.monotonic() - since < within_s
