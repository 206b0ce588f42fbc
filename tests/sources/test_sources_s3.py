"""Objects of a store, read from a real S3 server on loopback."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_sources import LOOP, SYSLOG
from sample_cases import ROOT

pytestmark = pytest.mark.slow
pytest.importorskip("s3fs", reason="is in the extra dev-remote, as .ci/full installs it")
pytest.importorskip("moto", reason="is in the extra dev-remote, as .ci/full installs it")

FIXED = ["--no-redact", "--reference-time", "2026-11-21T00:00:00Z", "--tz", "UTC", "--format", "json"]
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
"""
UPLOAD = """
import sys, s3fs
store = s3fs.S3FileSystem()
store.mkdir("logs")
for path, key in zip(sys.argv[1::2], sys.argv[2::2]):
    store.put_file(path, "logs/" + key)
"""
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs the command line with credentials for a store that holds a few objects."""
    folder = tmp_path_factory.mktemp("objects")
    packed, other = folder / "syslog.1.gz", folder / "readme.md"
    packed.write_bytes(gzip.compress(SYSLOG.read_bytes()))
    other.write_bytes(b"no log")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert server.stdout is not None
    place = server.stdout.readline().decode().strip()
    environment = os.environ | {
        "FSSPEC_S3_ENDPOINT_URL": f"http://{place}",
        "AWS_ACCESS_KEY_ID": "olga",
        "AWS_SECRET_ACCESS_KEY": "sesam",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    objects = {
        LOOP: "gw-1/loop.log",
        SYSLOG: "gw-1/syslog",
        packed: "gw-2/syslog.1.gz",
        other: "gw-2/readme.md",
        ROOT.parent / "README.md": "gw-2/credentials/a.log",
    }
    words = [str(word) for pair in objects.items() for word in pair]
    try:
        subprocess.run([sys.executable, "-c", UPLOAD, *words], env=environment, check=True)

        def call(*words: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(
                [sys.executable, "-m", "loganalyzer", "analyze", *words, *FIXED],
                capture_output=True,
                env=environment | changes,
                stdin=subprocess.DEVNULL,
                check=False,
            )

        yield call
    finally:
        server.kill()
        server.communicate()


def test_objects(run: Run) -> None:
    """An object gives the same report as the file, in one process, in several, and in a Dask cluster."""
    here = run(str(LOOP)).stdout.replace(os.fsencode(LOOP), b"s3://logs/gw-1/loop.log")
    for options in ((), ("--workers", "2"), ("--engine", "dask", "--workers", "1")):
        found = run("s3://logs/gw-1/loop.log", *options)
        assert (found.returncode, found.stderr) == (0, b"")
        assert found.stdout == here


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://logs", ["s3://logs/gw-1/loop.log", "s3://logs/gw-1/syslog", "s3://logs/gw-2/syslog.1.gz"]),
        ("s3://logs/gw-2/", ["s3://logs/gw-2/syslog.1.gz"]),
        ("s3://logs/gw-*/sys*", ["s3://logs/gw-1/syslog", "s3://logs/gw-2/syslog.1.gz"]),
    ],
)
def test_prefixes_and_globs(run: Run, path: str, expected: list[str]) -> None:
    """Below a prefix the logs are read, and nothing else; a glob names its objects."""
    found = run(path)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["summary"]["sources"] == expected


@pytest.mark.parametrize(
    ("path", "told"),
    [("s3://logs/nothing.log", b"not found"), ("s3://nowhere/a.log", b"not found"), ("s3://logs/x*", b"nothing here")],
)
def test_missing_objects(run: Run, path: str, told: bytes) -> None:
    """What is not there is named."""
    found = run(path)
    assert found.returncode == 2
    assert told in found.stderr, found.stderr
    assert b"Traceback" not in found.stderr


def test_no_credentials(run: Run, tmp_path: Path) -> None:
    """Without credentials the message says where they are taken from."""
    changes = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
    found = run("s3://logs/gw-1/loop.log", AWS_EC2_METADATA_DISABLED="true", **changes)
    assert found.returncode == 2
    assert b"AWS_PROFILE, or AWS_ACCESS_KEY_ID" in found.stderr, found.stderr
