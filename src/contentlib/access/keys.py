"""Keeps keys in separate files that only the server's user can read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from contentlib.library.flushing import flush_directory
from contentlib.library.identifiers import new_identifier

KEY_BYTES = 32


class SecretKey:
    """A key of 32 bytes in a file that is created once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        """Returns the key. Raises OSError if there is none."""
        key = self.path.read_bytes()
        if len(key) != KEY_BYTES:
            raise OSError(f"{self.path} is {len(key)} bytes, a key is {KEY_BYTES}")
        return key

    def make(self, key: bytes | None = None) -> None:
        """Writes the key, by default a new one, unless it exists. Atomic, also for concurrent callers."""
        if self.path.exists():
            return
        aside = self.path.with_name(f"{self.path.name}.{new_identifier()}")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, key or os.urandom(KEY_BYTES))
            os.fsync(file)
            with suppress(FileExistsError):
                os.link(aside, self.path)
        finally:
            os.close(file)
            aside.unlink()
        flush_directory(self.path.parent)
