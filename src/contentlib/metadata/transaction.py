"""Holds the rows of all kinds that a transaction reads and writes, and runs their statements on a SQLite connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from contentlib.library import ports, principals
from contentlib.library.model import Item, Library
from contentlib.library.ports import ChangedWhileRead
from contentlib.library.threads import Threads
from contentlib.metadata.access import LoginRows, StateRows, TokenRows, UsedLoginRows, UserRows
from contentlib.metadata.annotations import AnnotationRows
from contentlib.metadata.audit import AuditRows
from contentlib.metadata.auditing import AuditedConnection, wall_clock
from contentlib.metadata.blobs import BlobRows
from contentlib.metadata.certificates import TrustedCertificateRows
from contentlib.metadata.figures import FigureRows
from contentlib.metadata.items import DeletedItemRows, ItemRows, VersionRows
from contentlib.metadata.libraries import DeletedLibraryRows, LibraryRows
from contentlib.metadata.lines import LineRows
from contentlib.metadata.memory import Memory
from contentlib.metadata.offers import ArrivalRows, OfferRows
from contentlib.metadata.principals import (
    ACCESS_TABLES,
    ApiTokenRows,
    GroupRows,
    LastUseRows,
    LoginLinkRows,
    PermissionRows,
    RoleRows,
)
from contentlib.metadata.queries import QueryRows
from contentlib.metadata.quotas import QuotaRows
from contentlib.metadata.secrets import SecretRows
from contentlib.metadata.sessions import DownloadSessionRows, PreparationRows, UpdateFileRows, UpdateSessionRows
from contentlib.metadata.statement import Connection, RowKind, Statement
from contentlib.metadata.subscribers import FetchedItemRows, SubscriberContactRows, SubscriberCredentialRows, SubscriberRows
from contentlib.metadata.tags import CATEGORY_USERS, TAG_USERS, AttachmentRows, CategoryRows, TagRows, UsedByRows
from contentlib.metadata.tasks import TaskRows
from contentlib.metadata.usages import UsageRows

_MANY = 1000  # rows after which a statement continues in a thread
_KEPT = 10_000  # rows of a table
_DIALECT = sqlite_dialect(paramstyle="named")
AnyConnection = TypeVar("AnyConnection", bound="SqliteConnection")


class SqliteConnection:
    """Runs statements; only one that takes long suspends. This kind is the one that writes.

    It keeps rows that it has read by key until it changes their table or SQLite sees that another connection has committed.
    That is certain, also of commits by programs that know no `Generations`: nobody else commits between `begun` and the end of
    the batch. Rows of a table that the batch has changed are not kept, because the change may be undone.
    """

    def __init__(self, cursor: sqlite3.Cursor, memory: Memory, threads: Threads) -> None:
        self._cursor = cursor
        self._memory = memory
        self._threads = threads
        self._data_version = -1
        self._kept: dict[str, dict[str, Any]] = {}
        self.written: set[str] = set()

    def begun(self) -> bool:
        """A batch of transactions has begun, and with it the lock of the database. Whether another connection has committed."""
        (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
        if version == self._data_version:
            return False
        self._data_version = version
        self._kept.clear()
        return True

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        sql, constants = statement.text(_DIALECT)
        given = {**constants, **values} if constants else values
        found = await self._threads.run(self._some, sql, given) if statement.long else self._some(sql, given)
        return found if len(found) < _MANY else found + await self._threads.run(self._cursor.fetchall)

    def _some(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The first rows of the answer."""
        try:
            return self._cursor.execute(sql, values).fetchmany(_MANY)
        except UnicodeEncodeError:  # a text with half a character in it: no stored one can equal it
            return []

    async def row(self, statement: Statement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of the answer."""
        found = await self.rows(statement, values)
        return found[0] if found else None

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Returns the number of changed rows. Cascaded changes are of tables that are never read by key."""
        sql, constants = statement.text(_DIALECT)
        for table in statement.writes:
            self.written.add(table)
            self._kept.pop(table, None)
        return self._cursor.execute(sql, {**constants, **values} if constants else values).rowcount

    def has_written(self, tables: Collection[str]) -> bool:
        """Whether this transaction, or another one of its batch, has changed one of some tables."""
        return not self.written.isdisjoint(tables)

    def recall(self, kind: RowKind, key: str) -> Any:
        """The value that was read by a key since its table was changed, or None."""
        known = self._kept.get(kind.table)
        return None if known is None else known.get(key)

    def value(self, kind: RowKind, key: str, row: tuple[Any, ...]) -> Any:
        """The value that a row keeps; one that was made of an equal row before is as good."""
        return self._memory.value(kind, key, row)

    def remember(self, kind: RowKind, key: str, value: Any) -> None:
        """Keeps a value that was read by a key, unless its table was changed in this batch."""
        if kind.table in self.written:
            return
        known = self._kept.setdefault(kind.table, {})
        if len(known) >= _KEPT:
            known.clear()
        known[key] = value


class ReadingConnection(SqliteConnection):
    """Runs statements that only read; its transaction begins with the first of them."""

    def __init__(self, cursor: sqlite3.Cursor, memory: Memory, threads: Threads) -> None:
        super().__init__(cursor, memory, threads)
        self._begun = False
        self._epoch = -1
        self._recalled: list[tuple[RowKind, str, Any]] = []

    def enter(self) -> None:
        """A transaction begins, which reads one state of all rows."""
        self._epoch = self._memory.begin()

    def leave(self) -> None:
        """A transaction ends."""
        self._recalled.clear()
        if self._begun:
            self._begun = False
            self._cursor.execute("COMMIT")

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        if self._begun:
            return await super().rows(statement, values)
        self._begin()
        found = await super().rows(statement, values)  # the first statement chooses the state, not BEGIN
        if self._recalled and not self._memory.is_now(self._epoch):
            await self._check_recalled()
        return found

    def _begin(self) -> None:
        self._cursor.execute("BEGIN")
        self._begun = True

    def recall(self, kind: RowKind, key: str) -> Any:
        """The value that was read by a key in this state of all rows, or None."""
        if not self._begun and self._memory.may_change_now():
            self._begin()
            self._some("SELECT 1 FROM sqlite_schema LIMIT 1", {})
        value = self._memory.recall(self._epoch, kind.table, key)
        if value is not None and not self._begun:
            self._recalled.append((kind, key, value))
        return value

    def remember(self, kind: RowKind, key: str, value: Any) -> None:
        """Keeps a value that was read by a key, until its table changes."""
        self._memory.remember(self._epoch, kind.table, key, value)

    async def _check_recalled(self) -> None:
        """Checks that cached rows used before the first statement are unchanged in the state that this statement sees.

        Another process has committed in between, after a long pause; otherwise the state would have been fixed before using the
        cache. If it has changed one of these rows, the call is repeated, because it would mix two states.
        """
        for kind, key, value in self._recalled:
            row = await self.row(kind.get, {"key": key})
            if row is None or kind.codec.value(row) != value:
                raise ChangedWhileRead(kind.table)


class TransactionRows:
    """All rows of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.libraries: ports.LibraryRows = LibraryRows(connection)
        self.items: ports.ItemRows = ItemRows(connection)
        self.deleted_libraries: ports.DeletedRows[Library] = DeletedLibraryRows(connection)
        self.deleted_items: ports.DeletedRows[Item] = DeletedItemRows(connection)
        self.offers: ports.OfferRows = OfferRows(connection)
        self.arrivals: ports.ArrivalRows = ArrivalRows(connection)
        self.versions: ports.VersionRows = VersionRows(connection)
        self.update_sessions: ports.UpdateSessionRows = UpdateSessionRows(connection)
        self.update_files: ports.UpdateFileRows = UpdateFileRows(connection)
        self.download_sessions: ports.DownloadSessionRows = DownloadSessionRows(connection)
        self.preparations: ports.PreparationRows = PreparationRows(connection)
        self.blobs: ports.BlobRows = BlobRows(connection)
        self.usages: ports.UsageRows = UsageRows(connection)
        self.trusted_certificates: ports.TrustedCertificateRows = TrustedCertificateRows(connection)
        self.subscribers: ports.SubscriberRows = SubscriberRows(connection)
        self.subscriber_credentials: ports.SubscriberCredentialRows = SubscriberCredentialRows(connection)
        self.subscriber_contacts: ports.SubscriberContactRows = SubscriberContactRows(connection)
        self.fetched_items: ports.FetchedItemRows = FetchedItemRows(connection)
        self.categories: ports.CategoryRows = CategoryRows(connection)
        self.category_users: ports.UsedByRows = UsedByRows(connection, CATEGORY_USERS)
        self.tags: ports.TagRows = TagRows(connection)
        self.tag_users: ports.UsedByRows = UsedByRows(connection, TAG_USERS)
        self.attachments: ports.AttachmentRows = AttachmentRows(connection)
        self.tokens: ports.TokenRows = TokenRows(connection)
        self.tasks: ports.TaskRows = TaskRows(connection)
        self.logins: ports.LoginRows = LoginRows(connection)
        self.users: ports.UserRows = UserRows(connection)
        self.used_logins: ports.UsedLoginRows = UsedLoginRows(connection)
        self.groups: principals.GroupRows = GroupRows(connection)
        self.roles: principals.RoleRows = RoleRows(connection)
        self.permissions: principals.PermissionRows = PermissionRows(connection)
        self.api_tokens: principals.ApiTokenRows = ApiTokenRows(connection)
        self.login_links: principals.LoginLinkRows = LoginLinkRows(connection)
        self.last_uses: principals.LastUseRows = LastUseRows(connection)
        self.state: ports.StateRows = StateRows(connection)
        self.secrets: ports.SecretRows = SecretRows(connection)
        self.quotas: ports.QuotaRows = QuotaRows(connection)
        self.audit: ports.AuditRows = AuditRows(connection)
        self.annotations: ports.AnnotationRows = AnnotationRows(connection)
        self.queries: ports.QueryRows = QueryRows(connection)
        self.lines: ports.LineRows = LineRows(connection)
        self.figures: ports.FigureRows = FigureRows(connection)

    def access_changed(self) -> bool:
        """Whether who may do what may differ from the last committed state."""
        return self._connection.has_written(ACCESS_TABLES)


class SqliteTransaction(TransactionRows, Generic[AnyConnection]):
    """All rows of one connection to SQLite, of a kind. With a clock, what is changed is written to the audit log."""

    def __init__(
        self,
        raw: sqlite3.Connection,
        memory: Memory,
        threads: Threads,
        kind: type[AnyConnection],
        now: Callable[[], int] | None = None,
    ) -> None:
        self.raw = raw
        self._cursor = raw.cursor()
        self.connection = kind(self._cursor, memory, threads)
        self.audited = AuditedConnection(self.connection, now or wall_clock, keeps_head=True)
        super().__init__(self.connection if now is None else self.audited)

    def close(self) -> None:
        """Closes the connection; a statement that failed would hold it open."""
        self._cursor.close()
        self.raw.close()


Reader = SqliteTransaction[ReadingConnection]
Writing = SqliteTransaction[SqliteConnection]
