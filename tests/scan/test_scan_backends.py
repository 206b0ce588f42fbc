"""Choosing an engine, and the cache of compiled databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from loganalyzer.errors import UsageError
from loganalyzer.scan import BACKENDS, Scanner, matchers

database = pytest.importorskip("loganalyzer.scan.database")


@pytest.fixture(autouse=True)
def compiled_anew() -> Iterator[None]:
    """Nothing compiled is left over from another test, nor left behind."""
    matchers._compiled.cache_clear()
    yield
    matchers._compiled.cache_clear()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of our own."""
    monkeypatch.setattr(database, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "loganalyzer"


def found(literals: list[bytes]) -> list[tuple[int, ...]]:
    """What a scanner of these literals finds in a fixed text."""
    return [line.literals for line in Scanner(literals).lines([b"abc\nbcd\nx"])]


def test_best_backend_is_the_default(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Without a wish the first that can be imported is taken."""
    monkeypatch.delenv(matchers.BACKEND_VARIABLE, raising=False)

    def missing(_literals: object) -> matchers.Matcher:
        raise ImportError("no such module")

    assert next(iter(BACKENDS)) == "hyperscan"
    monkeypatch.setitem(BACKENDS, "hyperscan", missing)
    assert found([b"abc", b"bc"]) == [(0, 1), (1,)]
    assert not cache.exists()
    with pytest.raises(UsageError, match="'hyperscan' is not installed: no such module"):
        Scanner([b"abc"], backend="hyperscan")


def test_environment_chooses_a_backend(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """The variable decides where the caller does not; a wrong name is refused with the right ones."""
    monkeypatch.setenv(matchers.BACKEND_VARIABLE, "re")
    assert found([b"abc", b"bc"]) == [(0, 1), (1,)]
    assert not cache.exists()
    monkeypatch.setenv(matchers.BACKEND_VARIABLE, "grep")
    with pytest.raises(UsageError, match="no scan backend 'grep'; there are hyperscan, ahocor"):
        Scanner([b"abc"])


@pytest.mark.parametrize("literal", [b"", b"a\nb", b"a\r", b"a\0"])
def test_literals_that_no_line_can_hold(literal: bytes) -> None:
    """Empty literals, line breaks and NUL are a caller's mistake."""
    with pytest.raises(ValueError, match="no literal of a line"):
        Scanner([b"abc", literal])


def test_cache_is_written_and_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process does not compile; other literals are another file."""
    assert found([b"abc", b"bc"]) == [(0, 1), (1,)]
    (file,) = cache.iterdir()
    matchers._compiled.cache_clear()
    monkeypatch.setattr(database.hyperscan, "Database", None)  # compiling would fail
    assert found([b"abc", b"bc"]) == [(0, 1), (1,)]
    monkeypatch.undo()
    monkeypatch.setattr(database, "user_cache_path", lambda name: cache)
    assert found([b"ab", b"cbc"]) == [(0,)]
    assert len(list(cache.iterdir())) == 2
    assert file.exists()


@pytest.mark.parametrize("damage", [b"", b"x", b"half", b"flipped", b"other"])
def test_damaged_cache_is_replaced(cache: Path, damage: bytes) -> None:
    """Whatever stands in the file, the literals are compiled and the file is mended."""
    expected = found([b"abc", b"bc"])
    (file,) = cache.iterdir()
    good = file.read_bytes()
    bad = {
        b"half": good[: len(good) // 2],
        b"flipped": good[:900] + b"x" * 9 + good[909:],
        b"other": os.urandom(5000),
    }
    file.write_bytes(bad.get(damage, damage))
    matchers._compiled.cache_clear()
    assert found([b"abc", b"bc"]) == expected
    assert file.read_bytes() == good


def test_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that is a file, or below one, is as good as none."""
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    monkeypatch.setattr(database, "user_cache_path", lambda name: blocked / name)
    assert found([b"abc", b"bc"]) == [(0, 1), (1,)]


def test_old_databases_are_removed(cache: Path) -> None:
    """Editing a pack again and again does not fill the disk."""
    for number in range(database.KEPT + 4):
        found([b"literal %d" % number])
    assert len(list(cache.iterdir())) == database.KEPT
