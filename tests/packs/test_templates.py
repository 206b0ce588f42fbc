"""Templates: holes, literals, anchors, and time linear in the line."""

from __future__ import annotations

import time

import pytest
import regex

from loganalyzer.packs.compile import seconds
from loganalyzer.packs.templates import TemplateError, compile_template


def found(template: str, text: str) -> dict[str, str] | None:
    """The holes of a template in a text, None if it does not match."""
    match = regex.search(compile_template(template).pattern, text)
    return match.groupdict() if match else None


def test_typed_holes_match_their_type_only() -> None:
    """Numbers, durations and codes take nothing else."""
    template = "closed (status {code:int}). Retry {attempt:int}/{max_attempts:int} in {delay_s:duration}"
    assert found(template, "Web connection closed (status 515). Retry 1/12 in 2.44s… (x)") == {
        "code": "515",
        "attempt": "1",
        "max_attempts": "12",
        "delay_s": "2.44s",
    }
    assert found(template, "closed (status abc). Retry 1/12 in 2.44s") is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5s", 5.0),
        ("2.44s", 2.44),
        ("350ms", 0.35),
        ("30m", 1800.0),
        ("1h 5m", 3900.0),
        ("2 minutes", 120.0),
        ("1d", 86400.0),
    ],
)
def test_durations_become_seconds(text: str, wanted: float) -> None:
    """Every spelling the product uses is read, in seconds."""
    assert found("in {x:duration}", f"again in {text}") == {"x": text}
    assert seconds(text) == pytest.approx(wanted)


def test_an_open_hole_is_the_shortest_text_to_the_next_literal() -> None:
    """It stops at the first place where the literal stands."""
    assert found("[{account}] channel exited: {reason}", "[default] channel exited: a] b") == {
        "account": "default",
        "reason": "a] b",
    }


def test_an_anchor_skips_tags_and_error_names() -> None:
    """`^` ties a template to the start, behind what the console and clients put in front."""
    assert found("^channel exited", "[default] channel exited: x") is not None
    assert found("^[{account}] channel exited", "[default] channel exited: x") == {"account": "default"}
    assert found("^gateway closed", "Error: gateway closed (1008)") is not None
    assert found("^gateway closed", "the user wrote: gateway closed (1008)") is None


def test_ellipsis_and_dots_are_one() -> None:
    """Copies of a log often hold three dots for the one character."""
    assert found("loading configuration…", "loading configuration...") is not None


def test_a_word_starts_at_a_word_boundary() -> None:
    """`port 1` is not found in `support 1`."""
    assert found("port {x:int}", "support 1") is None


def test_redacted_words_match() -> None:
    """Redaction prints `***` for the word behind `token:`; the product's own sentence must still match."""
    template = "conflicts with gateway.auth.token: Remove it"
    assert found(template, "conflicts with gateway.auth.token: *** it") is not None
    assert all("Remove" not in literal for literal in compile_template(template).literals)


def test_literals_survive_every_surface() -> None:
    """Quotes, backslashes and non-ASCII characters split a literal; the longest part comes first."""
    literals = compile_template('reason="no active listener" — {x} stopped').literals
    assert literals[0] == "no active listener"
    assert all(literal.isascii() and not set('"\\<>&') & set(literal) for literal in literals)


@pytest.mark.parametrize("bad", ["{x:nope} text", "a {x} {x} b", "{a}{b} text", "stray } brace", "{x}"])
def test_bad_templates_are_refused(bad: str) -> None:
    """Unknown types, doubled names, adjacent open holes, stray braces and templates without text."""
    with pytest.raises(TemplateError):
        compile_template(bad)


def test_matching_is_linear() -> None:
    """A line made to confuse costs no more than twice as much per character when it is twice as long."""
    pattern = regex.compile(
        compile_template("error {a} at {b} in {error} because {_}, giving up after {c} tries").pattern
    )

    def cost(size: int) -> float:
        line = "error x at y in z because w, " * size
        start = time.perf_counter()
        pattern.search(line)
        return time.perf_counter() - start

    cost(10)
    short, long = min(cost(100) for _ in range(5)), min(cost(500) for _ in range(5))
    assert long < 0.2
    assert long < short * 5 * 4
