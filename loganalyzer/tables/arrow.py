"""
Columns as Arrow batches and tables, and as pandas frames.

Enters: the model. Leaves: Arrow with the schemas below, which name their version in their metadata. Memory: a
batch of events at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from loganalyzer import columns
from loganalyzer.columns import EVENT_COLUMNS, EVENT_SCHEMA, INCIDENT_COLUMNS, INCIDENT_SCHEMA, PLAIN, Clean, Column
from loganalyzer.model import Event, Incident
from loganalyzer.redact import Redactor

if TYPE_CHECKING:
    import pandas as pd

BATCH_EVENTS = 8192

_TYPES: dict[str, pa.DataType] = {
    "time": pa.timestamp("ns", tz="UTC"),
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "json": pa.string(),
    "texts": pa.list_(pa.string()),
}


def _field(column: Column) -> pa.Field[Any]:
    kind = pa.list_(pa.struct([_field(part) for part in column.parts])) if column.parts else _TYPES[column.kind]
    return pa.field(column.name, kind, nullable=column.nullable)


EVENTS = pa.schema([_field(column) for column in EVENT_COLUMNS], metadata={"schema": EVENT_SCHEMA})
INCIDENTS = pa.schema([_field(column) for column in INCIDENT_COLUMNS], metadata={"schema": INCIDENT_SCHEMA})


def events_to_batches(
    events: Iterable[Event], redact: Redactor = PLAIN, clean: Clean = columns.valid, size: int = BATCH_EVENTS
) -> Iterator[pa.RecordBatch]:
    """
    Yields record batches of at most `size` events, as they come.

    Args:
        redact: Masks secrets and personal data; none by default.
        clean: Applied to every text from the log, such as `sanitize.block`.
    """
    stream = iter(events)
    while part := list(islice(stream, size)):
        lists = columns.event_columns(part, redact, clean)
        yield pa.RecordBatch.from_arrays(_arrays(lists, EVENTS), schema=EVENTS)


def events_to_reader(events: Iterable[Event], redact: Redactor = PLAIN) -> pa.RecordBatchReader:
    """Gives events as a stream of record batches; nothing is read before it is asked for."""
    return pa.RecordBatchReader.from_batches(EVENTS, events_to_batches(events, redact))


def incidents_to_table(
    incidents: Sequence[Incident], redact: Redactor = PLAIN, clean: Clean = columns.valid
) -> pa.Table:
    """Gives incidents as a table, a row each, in their order."""
    lists = columns.incident_columns(incidents, redact, clean)
    return pa.Table.from_arrays(_arrays(lists, INCIDENTS), schema=INCIDENTS)


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Gives a table as a pandas frame; whole numbers with gaps stay whole (`Int64`), `attrs` names the schema."""
    import pandas as pd

    frame = table.to_pandas(types_mapper=lambda kind: pd.Int64Dtype() if kind == pa.int64() else None)
    frame.attrs["schema"] = (table.schema.metadata or {}).get(b"schema", b"").decode()
    return frame


def _arrays(lists: dict[str, list[Any]], schema: pa.Schema) -> list[pa.Array[Any]]:
    return [pa.array(lists[field.name], field.type) for field in schema]
