"""Remedies: versions, supervisors, and values that may be hostile."""

from __future__ import annotations

import msgspec
import pytest

from loganalyzer.model import Scalar
from loganalyzer.packs import load
from loganalyzer.packs.schema import Remedy
from loganalyzer.remediate import fill, fill_command, in_range, ladder, parse_version


@pytest.mark.parametrize(
    ("version", "bounds", "inside"),
    [
        ("2026.9.6", ">=2026.5", True),
        ("2026.2.17", ">=2026.5", False),
        ("2026.5.28", ">=2026.5,<2026.9", True),
        ("2026.9.6", ">=2026.5,<2026.9", False),
        ("2026.10.1", ">2026.9", True),
        ("2026.9.6", "==2026.9.6", True),
    ],
)
def test_version_ranges(version: str, bounds: str, inside: bool) -> None:
    """Bounds compare as many parts as they name, as numbers."""
    parsed = parse_version(version)
    assert parsed is not None
    assert in_range(parsed, bounds) is inside


def test_versions_are_read_with_prefix_and_suffix() -> None:
    """`v2026.9.6-beta.1` is 2026.9.6; `vdev` is nothing."""
    assert parse_version("v2026.9.6-beta.1") == (2026, 9, 6)
    assert parse_version("vdev") is None


def test_unknown_values_leave_readable_text() -> None:
    """A sentence stays a sentence."""
    assert fill("Account {account} on {channel}{trigger}.", {"channel": "whatsapp"}) == "Account default on whatsapp."
    assert fill("after {delay_s} s", {"delay_s": 5.0}) == "after 5 s"


@pytest.mark.parametrize("hostile", ["$(reboot)", "a b", "-rf", "`x`", "a;b", "a\nb", "x" * 200])
def test_hostile_values_never_enter_a_command(hostile: str) -> None:
    """Anything a shell could misread becomes a placeholder."""
    assert fill_command("openclaw channels login --account {account}", {"account": hostile}).endswith("<account>")


def test_json_braces_in_commands_are_kept() -> None:
    """Only lower-case names in braces are placeholders."""
    command = """openclaw gateway call channels.start --params '{"channel":"whatsapp"}'"""
    assert fill_command(command, {}) == command


def test_steps_are_told_apart_by_value_and_type() -> None:
    """What compares equal in Python may still read differently."""
    steps = Remedy(text="Look at {value}.", commands=("show {value}",)), Remedy(text="Then rest.")
    mode = msgspec.structs.replace(next(iter(load().modes.values())), remediation=steps)

    def told(value: Scalar | None) -> tuple[str, tuple[str, ...]]:
        found, _ = ladder(mode, {"value": value}, variants=frozenset(), version=None, supervisor=None)
        return found.text, found.commands

    assert [told(value) for value in (1, True, 1.5, "1", None)] == [
        ("Look at 1.", ("show 1",)),
        ("Look at True.", ("show True",)),
        ("Look at 1.5.", ("show 1.5",)),
        ("Look at 1.", ("show 1",)),
        ("Look at unknown.", ("show <value>",)),
    ]
