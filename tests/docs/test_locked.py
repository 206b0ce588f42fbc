"""The locked dependencies: complete, each with its hashes, and naming no place to download from."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(lock: Path) -> dict[str, list[str]]:
    """The versions of each package; several where they differ by machine."""
    found: dict[str, list[str]] = {}
    for name, version, _ in PIN.findall(lock.read_text(encoding="utf-8")):
        found.setdefault(name, []).append(version)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_is_pins_with_hashes_and_nothing_else(lock: Path) -> None:
    """No option, no address, no package without a hash."""
    text = lock.read_text(encoding="utf-8")
    rest = PIN.sub("", text)
    assert pins(lock)
    assert [row for row in rest.splitlines() if row and not row.startswith("#")] == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run.txt", PROJECT["dependencies"]),
        ("dev.txt", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]),
        ("full.txt", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev-remote"]),
        ("mutants.txt", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev-mutants"]),
        ("fuzz.txt", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev-fuzz"]),
        ("build.txt", (ROOT / "requirements/build.in").read_text(encoding="utf-8").splitlines()[1:]),
    ],
)
def test_the_locks_hold_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    """Every requirement is locked, at a version that it allows; `make lock` renews them."""
    locked = pins(ROOT / "requirements" / lock)
    for text in wanted:
        requirement = Requirement(text)
        versions = locked.get(canonicalize_name(requirement.name), [])
        if requirement.marker is None or "win32" not in str(requirement.marker):
            assert versions, text
        assert all(requirement.specifier.contains(version) for version in versions), text


def test_the_list_of_components_names_every_locked_one(tmp_path: Path) -> None:
    """What `make build` puts beside the wheel holds versions and hashes of everything that is needed at run time."""
    out = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements/run.txt"]
    command += ["--pyproject", "pyproject.toml", "--output-reproducible", "--output-file", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "loganalyzer")
    versions = {(part["name"], part["version"]) for part in found["components"]}
    assert versions == {(n, v) for n, several in pins(ROOT / "requirements/run.txt").items() for v in several}
    assert all(any(ref.get("hashes") for ref in part["externalReferences"]) for part in found["components"])
