"""
The key of a user's masks: made once, kept in a file that only this user can read.

Without it nobody can tell what stands behind a mask; with it, one number has one mask in every run.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

KEY_BYTES = 32


def user_key(path: Path, warn: Callable[[str], None]) -> bytes:
    """
    Reads the user's key, and makes it on first use.

    Args:
        path: The key file; created with mode 0600.
        warn: Told when a key for this run only has to do.

    Errors:
        None pass: without a readable or writable file the key lives for this run.
    """
    try:
        return _read_key(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        return _ephemeral(path, error, warn)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            # A link appears whole or not at all, and never replaces the key of a run beside us.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        return _read_key(path)
    except (OSError, ValueError) as error:
        return _ephemeral(path, error, warn)


def _read_key(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise ValueError("the file is too short")
    return key


def _ephemeral(path: Path, error: Exception, warn: Callable[[str], None]) -> bytes:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    warn(f"No lasting key for masks ({path}: {reason}); masks of this run differ from other runs.")
    return secrets.token_bytes(KEY_BYTES)
