"""Opens and upgrades the database that a server is configured with, of whatever kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from contentlib.library.ports import AccessStore, Nodes, UploadClaims
from contentlib.library.signals import unheard
from contentlib.metadata import migrate
from contentlib.metadata.auditing import wall_clock
from contentlib.metadata.ballast import Ballast


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """How a process appears to the others: the name of its server, and after how many seconds of silence it has ended.

    `steer` receives by how many nanoseconds the clock of the database is ahead of the machine's.
    """

    name: str = ""
    lease: float = 10.0
    steer: Callable[[int], object] = unheard


class Database(Protocol):
    """A database. Its methods block."""

    def open(self, now: Callable[[], int] = wall_clock, *, remembers: bool = True) -> AccessStore:
        """The store on it. `now` dates the audit log. A server remembers rows; a command does not."""

    def exists(self) -> bool:
        """Whether a server has made its tables."""

    def is_current(self) -> bool:
        """Whether it has the tables of this version."""

    def check_current(self) -> None:
        """Raises RuntimeError unless it has the tables of this version."""

    def upgrade(self) -> None:
        """Creates the tables or brings them up to date; RuntimeError when that cannot be done."""

    @property
    def is_shared(self) -> bool:
        """Whether several servers can use it at the same time."""

    def nodes(self, local: Nodes, options: NodeOptions) -> Nodes:
        """The processes that use it; `local` are those of this machine."""

    def claims(self, local: UploadClaims, directory: Path, lease: float) -> UploadClaims:
        """Claims on uploads for all processes that use it; `local` are those of this machine, locks in a directory.

        Those of a server end after `lease` seconds of silence.
        """


class SqliteDatabase:
    """A SQLite file. The data directory that contains it keeps other servers off."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, now: Callable[[], int] = wall_clock, *, remembers: bool = True) -> AccessStore:
        """The store on it. `now` dates the audit log. A server remembers rows; a command does not."""
        from contentlib.metadata.sqlite import SqliteMetadata

        return SqliteMetadata(self._path, now, remembers=remembers)

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

    @property
    def is_shared(self) -> bool:
        """Returns False: the data directory is locked."""
        return False

    def nodes(self, local: Nodes, options: NodeOptions) -> Nodes:  # noqa: ARG002 - of databases that are shared
        """The processes of this machine."""
        return local

    def claims(self, local: UploadClaims, directory: Path, lease: float) -> UploadClaims:  # noqa: ARG002 - the same
        """The claims of this machine."""
        return local
