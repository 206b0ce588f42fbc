"""
Frames and files of events and incidents: Arrow, pandas, Parquet.

Nothing else in the package imports pyarrow or pandas, and nothing imports this package unless frames or Parquet
are asked for. `columns` says what stands in the tables.
"""

from __future__ import annotations

from loganalyzer.tables.arrow import (
    EVENTS,
    INCIDENTS,
    events_to_batches,
    events_to_reader,
    incidents_to_table,
    to_pandas,
)
from loganalyzer.tables.parquet import write_file, write_folder

__all__ = [
    "EVENTS",
    "INCIDENTS",
    "events_to_batches",
    "events_to_reader",
    "incidents_to_table",
    "to_pandas",
    "write_file",
    "write_folder",
]
