"""Fresh databases, migrated once in a process and copied from then on."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from contentlib.metadata.migrate import upgrade


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        database = Path(directory) / "new.db"
        upgrade(database)
        return database.read_bytes()


def new_database(path: Path) -> Path:
    """Writes a database with all tables and no rows."""
    path.write_bytes(_migrated())
    return path
