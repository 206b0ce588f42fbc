"""
Paths -> streams of bytes, decompressed, in the order in which they were written.

`expansion` finds the sources behind paths, `source` reads them, `compression` and `archives` look
inside, `reader` is the file below, `names` knows what file names tell, `ahead` decompresses in a
thread, `extent` gives any range of a source made of plain files, `remote` knows URLs. Nothing is written to disk.
"""

from loganalyzer.sources.ahead import ahead
from loganalyzer.sources.expansion import expand
from loganalyzer.sources.extent import Extent, Stretch, extent_of
from loganalyzer.sources.remote import shown
from loganalyzer.sources.source import UNREADABLE, Missing, Part, Source, total_size

__all__ = [
    "UNREADABLE",
    "Extent",
    "Missing",
    "Part",
    "Source",
    "Stretch",
    "ahead",
    "expand",
    "extent_of",
    "shown",
    "total_size",
]
