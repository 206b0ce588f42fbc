"""
Errors a user can do something about.

    LogAnalyzerError
    ├── UsageError      the command line or an argument is wrong
    ├── PackError       a pattern pack is wrong; carries every fault with file:line:column
    └── SourceError     an input cannot be opened or read to its end

Data is never an error: a line that cannot be understood is counted, not raised.
"""

from __future__ import annotations

from dataclasses import dataclass


class LogAnalyzerError(Exception):
    """Something the user can fix; the command line prints it in one line and exits with 2."""


class UsageError(LogAnalyzerError):
    """The command line or an argument is wrong."""


class SourceError(LogAnalyzerError):
    """An input cannot be opened or read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One fault in a pattern pack."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class PackError(LogAnalyzerError):
    """A pattern pack is wrong; all faults are reported at once."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(map(str, self.faults)))
