"""Opens and upgrades a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from contentlib.library.ports import AccessStore, Nodes, UploadClaims
from contentlib.metadata.auditing import wall_clock
from contentlib.metadata.database import NodeOptions
from contentlib.metadata.postgresql import migrating
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.claims import PostgresqlClaims
from contentlib.metadata.postgresql.nodes import PostgresqlNodes
from contentlib.metadata.postgresql.store import PostgresqlMetadata


class PostgresqlDatabase:
    """A PostgreSQL database."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def open(self, now: Callable[[], int] = wall_clock, *, remembers: bool = True) -> AccessStore:
        """The store on it. `now` dates the audit log. A server remembers rows; a command does not."""
        return PostgresqlMetadata(self._address, now, remembers=remembers)

    def exists(self) -> bool:
        """Whether a server has made its tables."""
        return migrating.version(self._address) is not None

    def is_current(self) -> bool:
        """Whether it has the tables of this version."""
        return migrating.is_upgraded(self._address)

    def check_current(self) -> None:
        """Raises RuntimeError unless it has the tables of this version."""
        migrating.check_version(self._address)

    def upgrade(self) -> None:
        """Creates the tables or brings them up to date."""
        migrating.upgrade_database(self._address)

    @property
    def is_shared(self) -> bool:
        """Returns True."""
        return True

    def nodes(self, local: Nodes, options: NodeOptions) -> Nodes:
        """The processes of all servers that use it."""
        return PostgresqlNodes(self._address, local, options)

    def claims(self, local: UploadClaims, directory: Path, lease: float) -> UploadClaims:
        """Claims by rows, which hold on all machines."""
        return PostgresqlClaims(self._address, local, directory, lease)
