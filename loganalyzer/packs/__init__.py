"""Pattern packs: the YAML that says which text is which event and which events are which failure."""

from loganalyzer.packs.load import builtin_dir, load, load_dirs, pack_dirs, user_dir
from loganalyzer.packs.schema import Pack

__all__ = ["Pack", "builtin_dir", "load", "load_dirs", "pack_dirs", "user_dir"]
