"""From the YAML files of pack folders to one `Pack`: parse, check, merge; all faults of all files at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from loganalyzer.errors import Fault, PackError
from loganalyzer.packs import schema
from loganalyzer.packs.convert import convert
from loganalyzer.packs.yamldoc import Document, parse


class PatternFile(schema.Model, frozen=True, kw_only=True):
    """What a file of event patterns holds."""

    patterns: tuple[schema.EventPattern, ...]


class VocabularyFile(schema.Model, frozen=True, kw_only=True):
    """What a vocabulary holds."""

    event_types: dict[str, schema.EventType]
    cli_reports: tuple[str, ...] = ()


def read(folders: Sequence[Path], texts: Sequence[tuple[int, Path, bytes]]) -> schema.Pack:
    """
    The pack in the files of some folders, later ones overriding earlier ones by id.

    Args:
        texts: number of the folder, path within it and content of each file.

    Errors:
        PackError: with every fault of every file.
    """
    pack = schema.Pack(event_types={}, patterns={}, modes={})
    reports: list[str] = []
    faults: list[Fault] = []
    for number, path, data in texts:
        document = parse(data.decode("utf-8", "replace"), str(folders[number] / path))
        if document.data is None and not document.faults:
            document.fault((), "empty file")
        elif not document.faults:
            _add(pack, reports, number, path, document)
        faults.extend(document.faults)
    if faults:
        raise PackError(faults)
    return msgspec.structs.replace(pack, cli_reports=tuple(reports))


def _add(pack: schema.Pack, reports: list[str], folder: int, path: Path, document: Document) -> None:
    data = document.data
    if isinstance(data, dict) and "event_types" in data:
        vocabulary = convert(document, (), VocabularyFile, data)
        if vocabulary is not None:
            pack.event_types.update(vocabulary.event_types)
            reports.extend(vocabulary.cli_reports)
    elif isinstance(data, dict) and "patterns" in data:
        _add_patterns(pack, folder, path, document)
    else:
        mode = convert(document, (), schema.FailureMode, data)
        if mode is None:
            return
        if mode.id != path.stem:
            document.fault(("id",), f"the file of {mode.id!r} must be named {mode.id}.yaml")
        pack.modes[mode.id] = mode
        pack.places[mode.id] = _place(document, folder, path, ("id",))


def _add_patterns(pack: schema.Pack, folder: int, path: Path, document: Document) -> None:
    seen: set[str] = set()
    content: Any = convert(document, (), PatternFile, document.data)
    if content is None:
        return
    for index, pattern in enumerate(content.patterns):
        if pattern.id in seen:
            document.fault(("patterns", index, "id"), f"duplicate pattern id {pattern.id!r} in {path.name}")
        seen.add(pattern.id)
        place = _place(document, folder, path, ("patterns", index))
        earlier = pack.places.get(pattern.id)
        if earlier is not None and earlier.folder == folder and earlier.file != place.file:
            document.fault(("patterns", index, "id"), f"pattern id {pattern.id!r} is already in {earlier.file}")
        pack.patterns[pattern.id] = pattern
        pack.places[pattern.id] = place


def _place(document: Document, folder: int, file: Path, path: tuple[str | int, ...]) -> schema.Place:
    line, column = document.places.get(path, (1, 1))
    return schema.Place(folder=folder, file=file.as_posix(), line=line, column=column)
