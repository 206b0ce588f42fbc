"""URLs are read like files: ranges where the server gives them, whole otherwise, and never with a credential in sight."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Cli
from engine_sources import LOOP, SYSLOG, everything
from web import Web, serving

from loganalyzer import analyze
from loganalyzer.engines import SINGLE, Processes
from loganalyzer.errors import SourceError
from loganalyzer.sources import expand, remote_file, shown

FIXED = ["--no-redact", "--reference-time", "2026-11-21T00:00:00Z", "--tz", "UTC"]
_connect = socket.socket.connect


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback only, and no proxy."""

    def local(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] in ("127.0.0.1", "::1"), address
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)
    monkeypatch.setattr(remote_file, "PAUSE_S", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Logs of several kinds."""
    logs = tmp_path / "logs"
    logs.mkdir()
    loop = LOOP.read_bytes()
    (logs / "loop.log").write_bytes(loop * 20)
    (logs / "loop.log.gz").write_bytes(gzip.compress(loop * 20))
    (logs / "empty.log").write_bytes(b"")
    with zipfile.ZipFile(logs / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one/loop.log", loop * 20)
        archive.write(SYSLOG, "two/syslog")
    with tarfile.open(logs / "all.tgz", "w:gz") as tar:
        tar.add(LOOP, "one/loop.log")
        tar.add(SYSLOG, "two/syslog")
    return logs


@pytest.fixture(params=[True, False], ids=["ranges", "no ranges"])
def web(request: pytest.FixtureRequest, folder: Path) -> Iterator[Web]:
    """A server with ranges, and one without."""
    with serving(folder, ranges=request.param) as server:
        yield server


@pytest.fixture
def ranged(folder: Path) -> Iterator[Web]:
    """A server with ranges."""
    with serving(folder, ranges=True) as server:
        yield server


def read(url: str) -> bytes:
    """All bytes of what a URL stands for."""
    sources, problems = expand([url])
    assert not problems
    return b"".join(chunk for source in sources for chunk in source.chunks())


def test_bytes(web: Web, folder: Path) -> None:
    """The same bytes as from the file, plain and compressed; the time of the file is that of the server."""
    whole = (folder / "loop.log").read_bytes()
    assert read(f"{web.url}/loop.log") == whole
    assert read(f"{web.url}/loop.log.gz") == whole
    [source], _ = expand([f"{web.url}/loop.log"])
    assert source.mtime_ns == 1795176000 * 10**9
    assert ("all" in web.asked) is not web.ranges
    assert read(f"{web.url}/empty.log") == b""


@pytest.mark.parametrize("name", ["loop.log", "loop.log.gz", "all.zip", "all.tgz"])
def test_report(web: Web, folder: Path, name: str) -> None:
    """The same report as on files."""
    expected, found = analyze(folder / name), analyze(f"{web.url}/{name}")
    assert found.incidents
    assert repr(found.incidents) == repr(expected.incidents).replace(str(folder), web.url)
    assert found.accounting.sources == [text.replace(str(folder), web.url) for text in expected.accounting.sources]
    assert found.accounting.records == expected.accounting.records
    assert not found.accounting.problems


def test_command_line(cli: Cli, ranged: Web, folder: Path) -> None:
    """The same output as on files, in several processes, too."""
    here = cli("analyze", folder / "loop.log", "--format", "json", *FIXED)
    found = cli("analyze", f"{ranged.url}/loop.log", "--format", "json", *FIXED, "--workers", "2")
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout == here.stdout.replace(os.fsencode(folder), ranged.url.encode())


def test_shards_are_ranges(ranged: Web) -> None:
    """Workers ask for the ranges of their shards, and get the same items."""
    sources, _ = expand([f"{ranged.url}/loop.log"])
    expected = everything(SINGLE, sources)
    del ranged.asked[:]
    assert everything(Processes(2, shard_bytes=60_000), sources) == expected
    starts = {int(re.findall(r"\d+", asked)[0]) for asked in ranged.asked}
    assert "all" not in ranged.asked
    assert len(starts) >= 4


def test_broken_connection(web: Web, folder: Path) -> None:
    """A range is asked for again; a stream ends with a message, after what came before."""
    whole = LOOP.read_bytes() * 400
    (folder / "long.log").write_bytes(whole)
    [source], _ = expand([f"{web.url}/long.log"])
    web.tear_at, web.tears = 1_000_000, 2 if web.ranges else 9
    if web.ranges:
        assert b"".join(source.chunks()) == whole
        web.tears = 9
    got = b""
    with pytest.raises(SourceError) as error:  # noqa: PT012 - what came before counts
        for chunk in source.chunks():
            got += chunk
    where = "" if web.ranges else f", after {len(got)} bytes"
    assert (
        str(error.value) == f"{source.name}: the connection broke. Try again, or fetch the file and name it here{where}"
    )
    assert whole.startswith(got)
    assert web.ranges or got


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (404, "not found. Check the address"),
        (403, "access refused. Credentials are taken from a user and password in the URL"),
        (500, "the server answers 500"),
    ],
)
def test_error_answers(web: Web, status: int, told: str) -> None:
    """What the server answers, in words, and what to do."""
    web.status = status
    sources, [problem] = expand([f"{web.url}/loop.log?signature=hidden"])
    assert not sources
    assert problem.startswith(f"{web.url}/loop.log?***: {told}")


def test_nobody_there() -> None:
    """A server that is not there, a name that is none, a folder."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        [problem] = expand([f"http://127.0.0.1:{taken.getsockname()[1]}/a.log"])[1]
    assert "cannot be reached" in problem
    assert "name the files in it" in expand(["http://127.0.0.1/logs/"])[1][0]


def test_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and says nothing is given up."""
    monkeypatch.setattr(remote_file, "SILENCE_S", 0.2)
    remote_file.system_of.cache_clear()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        [problem] = expand([f"http://127.0.0.1:{silent.getsockname()[1]}/a.log"])[1]
    remote_file.system_of.cache_clear()
    assert "the server does not answer" in problem


def test_no_credential_is_shown(cli: Cli, ranged: Web) -> None:
    """User, password and signature of a URL are used and not printed, whatever happens."""
    ranged.login = "olga:sesam"
    place = ranged.url.replace("http://", "http://olga:sesam@")
    for status, command in ((None, "analyze"), (404, "events")):
        ranged.status = status
        found = cli(command, f"{place}/loop.log?X-Amz-Signature=sesam", f"{place}/nothing.log", "--no-redact")
        assert found.returncode == 2, "the second one is not there"
        assert b"sesam" not in found.stdout + found.stderr
        assert b"http://***@127.0.0.1" in found.stderr
        assert b"loop.log?***" in found.stdout + found.stderr
    opener = remote_file.RemoteFile(f"{place}/loop.log", 5)
    assert "sesam" not in repr(opener)
    assert pickle.loads(pickle.dumps(opener)) == opener


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("gateway.log", "gateway.log"),
        ("https://a/b.log", "https://a/b.log"),
        ("https://u:p@a:1/b@c.log?x=y#z", "https://***@a:1/b@c.log?***"),
        ("HTTP://u@a/b", "HTTP://***@a/b"),
        ("s3://key:secret@bucket/a?b.log", "s3://***@bucket/a?b.log"),
        ("c://x@y", "c://x@y"),
    ],
)
def test_shown(path: str, expected: str) -> None:
    """Of a URL, its user part and query are left out."""
    assert shown(path) == expected


@pytest.mark.parametrize(
    ("module", "path", "told"),
    [
        ("fsspec", "https://host/a.log", "pip install 'loganalyzer[remote]'"),
        ("s3fs", "s3://bucket/a.log", "pip install 'loganalyzer[remote]' s3fs"),
        ("gcsfs", "gs://bucket/a.log", "pip install 'loganalyzer[remote]' gcsfs"),
    ],
)
def test_missing_extra(module: str, path: str, told: str) -> None:
    """Without the package, the message names it, and the other inputs are read."""
    code = f"import sys; sys.modules[{module!r}] = None\nfrom loganalyzer.cli import main\nmain(sys.argv[1:])"
    words = ["analyze", path, str(SYSLOG), "--format", "json"]
    found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert told in found.stderr
    assert json.loads(found.stdout)["incidents"]
