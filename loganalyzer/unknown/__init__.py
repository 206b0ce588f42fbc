"""
Warnings and errors that no pattern knows: counted in every run, grouped and drafted as patterns on demand.

`levels` finds them in raw bytes, `kinds` counts them and tells how many kinds they are, `masks` replaces what varies,
`groups` puts like lines together, `draft` writes the event pattern that somebody else completes.
"""

from loganalyzer.unknown.kinds import Heads, Tally, first_line
from loganalyzer.unknown.levels import LEVEL_LITERALS, level_of

__all__ = ["LEVEL_LITERALS", "Heads", "Tally", "first_line", "level_of"]
