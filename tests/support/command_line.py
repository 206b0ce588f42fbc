"""The type of the `cli` fixture."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Cli = Callable[..., subprocess.CompletedProcess[bytes]]
"""Takes arguments and options of `subprocess.run`, such as `input=b"..."`."""
