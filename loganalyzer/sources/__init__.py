"""
Paths -> streams of bytes, decompressed, in the order in which they were written.

`expansion` finds the sources behind paths, `source` reads them, `compression` and `archives` look
inside, `reader` is the file below, `names` knows what file names tell. Nothing is written to disk.
"""

from loganalyzer.sources.expansion import expand
from loganalyzer.sources.source import Part, Source, total_size

__all__ = ["Part", "Source", "expand", "total_size"]
