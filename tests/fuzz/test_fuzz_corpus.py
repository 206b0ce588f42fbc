"""The inputs that fuzzing has found worth keeping, as ordinary tests; `make fuzz` goes on from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz_seeds import PACK, seeds
from fuzz_targets import FORMATS_OF, TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer import packs
from loganalyzer.formats import FORMATS

CORPUS = Path(__file__).parent / "corpus"
SEEDS = 25
"""So many of the seeds of each target are tried here; a search begins with all of them."""


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_holds(name: str) -> None:
    """Every kept input, and what a search begins with."""
    target = TARGETS[name]
    kept = sorted((CORPUS / name).iterdir())
    assert kept
    for path in kept:
        target.check(path.read_bytes())
    for data in list(seeds(name, target.longest))[:SEEDS]:
        target.check(data)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=often(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_any_bytes_hold(name: str, data: bytes) -> None:
    """And bytes that nobody has chosen."""
    TARGETS[name].check(data)


def test_every_format_has_a_target() -> None:
    """A new format is named in one of them."""
    assert sorted(name for names in FORMATS_OF.values() for name in names) == sorted(FORMATS)


def test_the_corpus_is_small_and_of_targets() -> None:
    """It is read at every test run."""
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 300_000


def test_the_search_in_packs_begins_with_one_that_loads(tmp_path: Path) -> None:
    """Else it would never come to what is behind the reader."""
    for name, text in zip(("vocabulary", "events", "a.b"), PACK.split("\n---8<---\n"), strict=True):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert list(packs.load_dirs([tmp_path], cache=False, proved=True).modes) == ["a.b"]
