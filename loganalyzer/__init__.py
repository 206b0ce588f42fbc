"""loganalyzer: a streaming log analyser and incident classifier for OpenClaw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer, Options, Report, analyze, iter_events, read_events

__all__ = ["Analyzer", "Options", "Report", "__version__", "analyze", "iter_events", "read_events"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the library only when it is used, so that `--help` stays instant."""
    if name in __all__:
        from loganalyzer import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
