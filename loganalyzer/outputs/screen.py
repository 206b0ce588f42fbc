"""
The live screen: a `Snapshot` as rows of styled text, and what the keys do to it.

Enters: a snapshot, a size, keys by name. Leaves: exactly as many rows as the screen is high, none wider than it,
counted in the cells of a terminal. Everything that was logged is masked and made safe on its way. Knows no terminal.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.cells import chop_cells
from rich.text import Text

from loganalyzer.outputs import blocks, panels
from loganalyzer.outputs.base import Problem, View
from loganalyzer.outputs.board import Snapshot
from loganalyzer.outputs.panels import row, rule
from loganalyzer.outputs.text import STYLES

NARROWEST, LOWEST = 20, 6
"""Least size of a screen [cells]."""
WIDEST = 100
"""Where the text of details is wrapped at the latest [cells]."""
KEYS = {
    "list": ("↑↓ select  Enter details  p pause  ? help  q quit", "↑↓  Enter  p  ? help  q quit"),
    "details": ("↑↓ scroll  Esc back  p pause  ? help  q quit", "↑↓  Esc back  p  ? help  q quit"),
    "help": ("↑↓ scroll  Esc back  q quit", "Esc back  q quit"),
}
"""The last row, and what of it a narrow screen has room for."""
HELP = """\
Keys
  ↑ ↓ or k j          select an incident; in details: scroll
  PgUp PgDn, Space    by a screen
  Home End or g G     to the first, to the last
  Enter               evidence, cause and what to do
  Esc or ←            back
  p                   pause the screen; the log is read on
  Ctrl-L              draw everything anew
  q                   end, with a summary; Ctrl-C also ends the producer
Incidents
  An incident stands with its severity, age, how often it was seen, how sure
  it is, and its last evidence. What follows from it is folded under it.
  Ages count from the clock of the log, so that a replayed log makes sense.
Numbers
  lag      how old a line is when it arrives here
  unknown  warnings and errors that no pattern knows; see: loganalyzer unknown"""


class Screen:
    """What the reader looks at: which view, which incident, how far scrolled, whether paused."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._mode = "list"
        self._behind_help = "list"
        self._selected: str | None = None
        """Id of an incident; None for whatever stands first."""
        self._first = 0
        """Problem at the top of the list."""
        self._scroll = 0
        self._page = 1
        self._details: tuple[tuple[object, ...], list[Text]] = ((), [])
        self.paused = False
        self.quitting = False

    def press(self, key: str, snapshot: Snapshot) -> None:
        """Does what a key is for; one that is for nothing does nothing."""
        if key == "q":
            self.quitting = True
        elif key == "p":
            self.paused = not self.paused
        elif key == "?":
            if self._mode == "help":
                self._mode = self._behind_help
            else:
                self._behind_help, self._mode = self._mode, "help"
            self._scroll = 0
        elif key in ("escape", "left"):
            self._mode = self._behind_help if self._mode == "help" else "list"
        elif key in ("enter", "right") and self._mode == "list" and snapshot.problems:
            self._selected = snapshot.problems[self._index(snapshot)].incident.id
            self._mode, self._scroll = "details", 0
        else:
            self._move(key, snapshot)

    def rows(self, snapshot: Snapshot, width: int, height: int, advice: str | None = None) -> list[Text]:
        """
        Draws.

        Args:
            width: [cells].
            height: [rows].
            advice: What to tell as long as nothing was read.
        """
        if width < NARROWEST or height < LOWEST:
            return [row(width, ("The window is too small.", "")), *(Text() for _ in range(height - 1))][:height]
        top = panels.header(snapshot, self.paused, self._view, width, 1 if height < 12 else 3)
        room = height - len(top) - 1
        if self._mode == "help":
            body = self._scrolled("Help", _wrapped(HELP, width), width, room)
        elif self._mode == "details" and (problem := self._chosen(snapshot)) is not None:
            body = self._scrolled(problem.incident.failure_mode, self._details_of(problem, width), width, room)
        else:
            self._mode = "list"  # also if the incident in question ended long ago and is forgotten
            body = self._list(snapshot, width, room, advice)
        body += [Text() for _ in range(room - len(body))]
        keys, fewer_keys = KEYS[self._mode]
        return [*top, *body[:room], row(width, (keys if len(keys) <= width else fewer_keys, "dim"))]

    def _list(self, snapshot: Snapshot, width: int, room: int, advice: str | None) -> list[Text]:
        if advice is not None and not snapshot.total.bytes:
            return [rule(width, "Waiting"), *_wrapped(advice, width, STYLES["warning"])]
        channels = panels.channels(snapshot, self._view, width, max(1, room // 4))
        for_events = 0 if room < 12 else min(len(snapshot.events), max(3, room // 4)) + 1
        incidents = self._incidents(snapshot, width, room - len(channels) - for_events)
        left = room - len(channels) - len(incidents)
        return channels + incidents + panels.events(snapshot, self._view, width, left)

    def _incidents(self, snapshot: Snapshot, width: int, room: int) -> list[Text]:
        problems = snapshot.problems
        if not problems:
            return [rule(width, "Incidents"), panels.no_incidents(snapshot, self._view, width)]
        index, room = self._index(snapshot), room - 1
        heights = [panels.height(found) for found in problems]
        tight = sum(heights) > room
        if tight:  # only the selected one in full, and on the screen
            below = heights[index] - 1
            last = len(problems) + below - room
            self._first = min(max(self._first, index + 1 + below - room), index, max(last, 0))
        else:
            self._first, below = 0, 0
        self._page = max(room - 1 - below, 1)
        modes = Counter(found.incident.failure_mode for found in problems)
        rows: list[Text] = []
        for number, found in enumerate(problems[self._first :], self._first):
            if len(rows) >= room:
                break
            alike = modes[found.incident.failure_mode] > 1
            drawn = panels.problem(found, snapshot, self._view, width, selected=number == index, alike=alike)
            rows += drawn if number == index or not tight else drawn[:1]
        ended = len(problems) - snapshot.open_count
        note = f"{snapshot.open_count} open" + f", {ended} ended" * bool(ended)
        note += f", {snapshot.hidden_count} hidden" * bool(snapshot.hidden_count)
        note += f", {index + 1} of {len(problems)}" * tight
        return [rule(width, "Incidents", note), *rows[:room]]

    def _scrolled(self, title: str, rows: Sequence[Text], width: int, room: int) -> list[Text]:
        self._page = max(room - 1, 1)
        last = max(len(rows) - self._page, 0)
        self._scroll = min(self._scroll, last)
        seen = self._scroll + self._page
        place = "" if not last else "end" if seen >= len(rows) else f"{min(seen, len(rows))} of {len(rows)} lines"
        return [rule(width, title, place), *rows[self._scroll : seen]]

    def _move(self, key: str, snapshot: Snapshot) -> None:
        steps = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -self._page, "pagedown": self._page, " ": self._page}
        far = len(snapshot.problems) if self._mode == "list" else 1_000_000
        steps |= {"home": -far, "g": -far, "end": far, "G": far}
        if key not in steps:
            return
        if self._mode != "list":
            self._scroll = max(self._scroll + steps[key], 0)
        elif snapshot.problems:
            index = min(max(self._index(snapshot) + steps[key], 0), len(snapshot.problems) - 1)
            self._selected = snapshot.problems[index].incident.id

    def _chosen(self, snapshot: Snapshot) -> Problem | None:
        index = self._index(snapshot)
        return None if self._selected is None else snapshot.problems[index]

    def _index(self, snapshot: Snapshot) -> int:
        for index, (incident, consequences) in enumerate(snapshot.problems):
            if self._selected in (incident.id, *(i.id for i in consequences)):
                return index
        self._selected = None
        return 0

    def _details_of(self, problem: Problem, width: int) -> list[Text]:
        """Everything about a problem; drawn anew only if it or the width has changed."""
        known = (problem, width)
        if self._details[0] != known:
            view = replace(self._view, width=min(width, WIDEST))
            lines = list(blocks.problem(problem, view))
            for incident in problem.consequences:
                lines.append(blocks.Line("plain", ""))
                lines += blocks.heading(incident, view)
                lines += blocks.prose(view.redact.about(incident.summary, incident.key), view, indent=2)
                lines += blocks.evidence(incident, view)
            texts = [Text(line.text, style=STYLES[line.style]) for line in lines]
            self._details = known, _folded(texts, width)
        return self._details[1]


def _wrapped(text: str, width: int, style: str = "") -> list[Text]:
    parts = (textwrap.wrap(line, width, subsequent_indent=" " * 6) for line in text.splitlines())
    return [Text(row, style=style) for rows in parts for row in rows]


def _folded(texts: Sequence[Text], width: int) -> list[Text]:
    """Breaks what is too wide anywhere: commands, and texts whose characters take two cells."""
    rows = []
    for text in texts:
        if text.cell_len <= width:
            rows.append(text)
        else:
            rows += [Text(part, style=text.style) for part in chop_cells(text.plain, width)]
    return rows
