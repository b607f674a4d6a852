"""Defines the statements on update and download sessions and their files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from sqlalchemy import Table, bindparam, delete, exists, func, null, select, update

from contentlib.library.errors import Fault
from contentlib.library.model import (
    DownloadSession,
    Preparation,
    Session,
    Source,
    State,
    TransferStatus,
    UpdateFile,
    UpdateSession,
)
from contentlib.library.sessions import transfer_states
from contentlib.metadata import tables
from contentlib.metadata.items import LIVE
from contentlib.metadata.quotas import Holdings
from contentlib.metadata.rows import Codec, Keyed, Limitable, Statements, encode
from contentlib.metadata.statement import Connection, Statement, upsert

AnySession = TypeVar("AnySession", bound=Session)


class _SessionStatements(Statements[AnySession]):
    """The statements that both kinds of session have."""

    def __init__(self, table: Table, value: type[AnySession], *, sure: bool = False) -> None:
        super().__init__(table, value, sure=sure)
        order = (table.c.created, table.c.id)
        mine = select(table.c.id).where(
            table.c.user == bindparam("user"), exists().where(tables.items.c.id == table.c.item, *LIVE)
        )
        self.ids = Statement(mine.order_by(*order))
        self.ids_of = Statement(mine.where(table.c.item == bindparam("item")).order_by(*order))
        self.disown = Statement(update(table).where(table.c.user == bindparam("of_user")).values(user=bindparam("owner")))
        idle = select(table.c.id).where(tables.active(table), table.c.touched < bindparam("before"))
        self.idle = Limitable(idle, *order)
        self.active = Statement(select(func.count()).select_from(table).where(tables.active(table)))
        self.ended = Limitable(select(table.c.id).where(table.c.ended < bindparam("before")), *order)


class _SessionRows(Keyed[AnySession]):
    def __init__(self, connection: Connection, statements: _SessionStatements[AnySession]) -> None:
        super().__init__(connection, statements)
        self._sessions = statements

    async def ids(self, user: str, item: str | None) -> list[str]:
        """The identifiers of the user's sessions, of one item or of all that are not deleted."""
        if item is None:
            return await self._identifiers(self._sessions.ids, {"user": user})
        return await self._identifiers(self._sessions.ids_of, {"user": user, "item": item})

    async def disown(self, user: str, owner: str) -> None:
        """Gives the sessions of a user to another owner."""
        await self._connection.run(self._sessions.disown, {"of_user": user, "owner": owner})

    async def idle(self, before: int, most: int | None = None) -> list[str]:
        """The identifiers of ACTIVE sessions that were last touched before a time."""
        return await self._identifiers(*self._sessions.idle.of({"before": before}, most))

    async def ended(self, before: int, most: int | None = None) -> list[str]:
        """The identifiers of sessions that ended before a time."""
        return await self._identifiers(*self._sessions.ended.of({"before": before}, most))

    async def active(self) -> int:
        """Returns the number of ACTIVE sessions."""
        row = await self._connection.row(self._sessions.active, {})
        return int(row[0]) if row else 0


_UPDATES = _SessionStatements(tables.update_sessions, UpdateSession)
_active = select(*_UPDATES.columns).where(tables.active(tables.update_sessions))
_ACTIVE_OF = Statement(_active.where(tables.update_sessions.c.item == bindparam("item")))
_in_library = exists().where(tables.items.c.id == tables.update_sessions.c.item, tables.items.c.library == bindparam("library"))
_ACTIVE_IN = Statement(_active.where(_in_library))  # a join would begin with the items of the library, which may be many
_ACTIVE_ON = Statement(_active.where(tables.update_sessions.c.storage == bindparam("storage")))
_PULLED = Statement(_active.where(tables.update_sessions.c.pulled.is_not(None)))
_DOWNLOADS = _SessionStatements(tables.download_sessions, DownloadSession, sure=True)  # the identifier is new


class UpdateSessionRows(_SessionRows[UpdateSession]):
    """Update sessions."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _UPDATES)
        self._holdings = Holdings(connection)

    async def put(self, row: UpdateSession) -> None:
        """Replaces a session; what is reserved for it ends with it."""
        await super().put(row)
        if row.state is not State.ACTIVE:
            await self._holdings.release_session(row.id)

    async def remove(self, identifier: str) -> None:
        """Removes a session and its files."""
        await self._holdings.release_session(identifier)
        await super().remove(identifier)

    async def active_of(self, item: str) -> UpdateSession | None:
        """The ACTIVE session of an item."""
        row = await self._connection.row(_ACTIVE_OF, {"item": item})
        return None if row is None else _UPDATES.codec.value(row)

    async def active_in(self, library: str) -> list[UpdateSession]:
        """The ACTIVE sessions on the items of a library."""
        return [_UPDATES.codec.value(row) for row in await self._connection.rows(_ACTIVE_IN, {"library": library})]

    async def active_on(self, storage: str) -> list[UpdateSession]:
        """The ACTIVE sessions whose files are received on a storage."""
        return [_UPDATES.codec.value(row) for row in await self._connection.rows(_ACTIVE_ON, {"storage": storage})]

    async def pulled(self) -> list[UpdateSession]:
        """The ACTIVE sessions that have files that the server fetches."""
        return [_UPDATES.codec.value(row) for row in await self._connection.rows(_PULLED, {})]


class DownloadSessionRows(_SessionRows[DownloadSession]):
    """Download sessions."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _DOWNLOADS)

    async def serve(self, item: str, version_id: str) -> None:
        """Sets the content version of an item's ACTIVE sessions that have none."""
        await self._connection.run(_SERVE, {"of_item": item, "version": version_id})


_SERVE = Statement(
    update(tables.download_sessions)
    .where(tables.download_sessions.c.item == bindparam("of_item"), tables.active(tables.download_sessions))
    .where(tables.download_sessions.c.version_id.is_(None))
    .values(version_id=bindparam("version"))
)


_FILES = tables.update_files
_FILE = Codec(UpdateFile)
_FILE_COLUMNS = [_FILES.c[name] for name in _FILE.names]
_IN_SESSION = _FILES.c.session == bindparam("key")
_NAMED = _FILES.c.name == bindparam("file_name")
_insert_file = upsert(_FILES).values(
    {name: bindparam(name) for name in _FILE.names}
    | {
        "position": select(func.coalesce(func.max(_FILES.c.position) + 1, 0))
        .where(_FILES.c.session == bindparam("session"))
        .scalar_subquery()
    }
)
_PUT_FILE = Statement(
    _insert_file.on_conflict_do_update(
        index_elements=["session", "name"],
        set_={name: _insert_file.excluded[name] for name in _FILE.names if name not in ("session", "name")},
    )
)
_CHANGE_FILE = Statement(
    update(_FILES)
    .where(_FILES.c.session == bindparam("of_session"), _FILES.c.id == bindparam("file_id"))
    .values({name: bindparam(name) for name in _FILE.names if name not in ("session", "id")})
)
_GET_FILE = Statement(select(*_FILE_COLUMNS).where(_IN_SESSION, _NAMED))
_FILE_BY_ID = Statement(select(*_FILE_COLUMNS).where(_IN_SESSION, _FILES.c.id == bindparam("file_id")))
_FILES_OF = Statement(select(*_FILE_COLUMNS).where(_IN_SESSION).order_by(_FILES.c.position))
_COUNT_FILES = Statement(select(func.count()).select_from(_FILES).where(_IN_SESSION))
_REMOVE_FILE = Statement(delete(_FILES).where(_IN_SESSION, _NAMED))
_UPLOADS = Statement(
    select(_FILES.c.id)
    .join(tables.update_sessions, tables.update_sessions.c.id == _FILES.c.session)
    .where(tables.active(tables.update_sessions))
)
_INTERRUPTED = TransferStatus.TRANSFERRING
_INTERRUPT = Statement(
    update(_FILES)
    .where(_FILES.c.writer == bindparam("ended"))
    .where(_FILES.c.status == bindparam("transferring"), _FILES.c.source != bindparam("pulled"))
    .where(_FILES.c.session.in_(select(tables.update_sessions.c.id).where(tables.active(tables.update_sessions))))
    .values(status=bindparam("new_status"), fault=bindparam("new_fault"))
)
_WRITTEN_BY = Statement(update(_FILES).where(_FILES.c.writer == bindparam("ended")).values(writer=null()))
_WRITERS = Statement(select(_FILES.c.writer).where(_FILES.c.writer.is_not(None)).distinct())


class UpdateFileRows:
    """The files of update sessions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._holdings = Holdings(connection)

    async def put(self, file: UpdateFile) -> None:
        """Adds the file, or replaces the one of the same session and name."""
        await self._holdings.release_name(file.session, file.name, but=file.id)
        await self._connection.run(_PUT_FILE, _FILE.row(file))

    async def change(self, file: UpdateFile) -> None:
        """Replaces the file of the same session and identifier."""
        await self._connection.run(_CHANGE_FILE, {**_FILE.row(file), "of_session": file.session, "file_id": file.id})

    async def get(self, session: str, name: str) -> UpdateFile | None:
        """The file of that name."""
        return self._file(await self._connection.row(_GET_FILE, {"key": session, "file_name": name}))

    async def by_id(self, session: str, file_id: str) -> UpdateFile | None:
        """The file with that identifier."""
        return self._file(await self._connection.row(_FILE_BY_ID, {"key": session, "file_id": file_id}))

    async def of(self, session: str) -> list[UpdateFile]:
        """All files of a session."""
        return [_FILE.value(row) for row in await self._connection.rows(_FILES_OF, {"key": session})]

    async def count(self, session: str) -> int:
        """Returns the number of files of a session."""
        row = await self._connection.row(_COUNT_FILES, {"key": session})
        return int(row[0]) if row else 0

    async def remove(self, session: str, name: str) -> None:
        """Removes the file of that name."""
        await self._holdings.release_name(session, name)
        await self._connection.run(_REMOVE_FILE, {"key": session, "file_name": name})

    async def uploads(self) -> set[str]:
        """The identifiers of all files of ACTIVE sessions."""
        return {row[0] for row in await self._connection.rows(_UPLOADS, {})}

    async def writers(self) -> set[str]:
        """The processes that receive files."""
        return {row[0] for row in await self._connection.rows(_WRITERS, {})}

    async def interrupt(self, fault: Fault, writers: Collection[str]) -> None:
        """Sets the files that these processes receive to ERROR."""
        values: dict[str, Any] = {
            "transferring": _INTERRUPTED,
            "pulled": Source.PULL,
            "new_status": transfer_states.TRANSITIONS[_INTERRUPTED, "interrupted"],
            "new_fault": encode(fault),
        }
        for ended in writers:
            await self._connection.run(_INTERRUPT, {**values, "ended": ended})
            await self._connection.run(_WRITTEN_BY, {"ended": ended})

    def _file(self, row: tuple[Any, ...] | None) -> UpdateFile | None:
        return None if row is None else _FILE.value(row)


_PREPARATIONS = tables.preparations
_PREPARATION = Codec(Preparation)
_insert_preparation = upsert(_PREPARATIONS).values({name: bindparam(name) for name in _PREPARATION.names})
_PUT_PREPARATION = Statement(
    _insert_preparation.on_conflict_do_update(
        index_elements=["session", "name"],
        set_={name: _insert_preparation.excluded[name] for name in ("status", "endpoint", "fault", "task")},
    )
)
_PREPARATIONS_OF = Statement(
    select(*[_PREPARATIONS.c[name] for name in _PREPARATION.names]).where(_PREPARATIONS.c.session == bindparam("key"))
)


class PreparationRows:
    """Preparations of files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, preparation: Preparation) -> None:
        """Adds the row, or replaces the one of the same session and name."""
        await self._connection.run(_PUT_PREPARATION, _PREPARATION.row(preparation))

    async def of(self, session: str) -> list[Preparation]:
        """All rows of a session."""
        return [_PREPARATION.value(row) for row in await self._connection.rows(_PREPARATIONS_OF, {"key": session})]
