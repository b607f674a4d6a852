"""Opens, upgrades and locks the database that a server is configured with, of whatever kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from contentlib.library.ports import AccessStore
from contentlib.metadata import migrate
from contentlib.metadata.auditing import wall_clock
from contentlib.metadata.ballast import Ballast


class Database(Protocol):
    """A database. Its methods block."""

    def open(self, now: Callable[[], int] = wall_clock) -> AccessStore:
        """The store on it. `now` dates the audit log."""

    def exists(self) -> bool:
        """Whether a server has made its tables."""

    def is_current(self) -> bool:
        """Whether it has the tables of this version."""

    def check_current(self) -> None:
        """Raises RuntimeError unless it has the tables of this version."""

    def upgrade(self) -> None:
        """Creates the tables or brings them up to date; RuntimeError when that cannot be done."""

    def hold(self) -> None:
        """Keeps other servers off it while this process runs; RuntimeError when one uses it."""


class SqliteDatabase:
    """A SQLite file. The data directory that contains it keeps other servers off."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, now: Callable[[], int] = wall_clock) -> AccessStore:
        """The store on it. `now` dates the audit log."""
        from contentlib.metadata.sqlite import SqliteMetadata

        return SqliteMetadata(self._path, now)

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.exists()

    def is_current(self) -> bool:
        """Whether the file has the tables of this version."""
        return migrate.is_current(self._path)

    def check_current(self) -> None:
        """Raises RuntimeError unless the file has the tables of this version."""
        migrate.check_current(self._path)

    def upgrade(self) -> None:
        """Creates the file or brings it up to date, and reserves space for deletes on a full disk."""
        migrate.upgrade(self._path)
        Ballast(self._path).restore()

    def hold(self) -> None:
        """Does nothing: the data directory is locked."""
