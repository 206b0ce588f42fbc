"""Puts the checked built-in pack into the wheel, so that no first run has to read the YAML files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledPack(BuildHookInterface[Any]):
    """Writes `compiled.msgpack` beside the patterns of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the pack; an editable install reads the YAML files, through the per-user cache."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from loganalyzer.packs.load import COMPILED, compiled

        target = Path(self.directory) / COMPILED
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(compiled(root / "patterns"))
        build_data["force_include"][str(target)] = f"loganalyzer/_patterns/{COMPILED}"
