"""
Bytes -> candidate lines: ONE multi-pattern pass over raw blocks, no work for any other line.

`scanner` is the stage; `framing` cuts the stream into whole lines, `matchers` finds the literals
(`database` caches the compiled ones), `context` gives the lines above a candidate.
"""

from loganalyzer.scan.context import MAX_BYTES as LOOK_BACK
from loganalyzer.scan.framing import MAX_LINE
from loganalyzer.scan.matchers import BACKENDS
from loganalyzer.scan.scanner import Line, Scanner

__all__ = ["BACKENDS", "LOOK_BACK", "MAX_LINE", "Line", "Scanner"]
