"""Defines the statements on rows in the trash. All other statements that read libraries or items skip these rows."""

from __future__ import annotations

from typing import Any, Generic

from sqlalchemy import Table, bindparam, null, select, update

from contentlib.library.model import Deleted
from contentlib.metadata.rows import Statements, Value
from contentlib.metadata.statement import Connection, Statement

_NAMES = ("deleted", "deleted_by", "deleted_until")


class DeletedStatements(Generic[Value]):
    """The statements on the deleted rows of a table; a row there also `hides` rows of other tables."""

    def __init__(self, table: Table, rows: Statements[Value], hides: tuple[str, ...] = ()) -> None:
        self.codec = rows.codec
        found = table.c.id == bindparam("key")
        deleted = table.c.deleted.is_not(None)
        columns = [*rows.columns, *(table.c[name] for name in _NAMES)]
        overdue = table.c.deleted_until <= bindparam("now")
        kept: dict[str, Any] = {name: bindparam(name) for name in self.codec.names if name not in ("id", *rows.fixed)}
        self.add = Statement(update(table).where(found, ~deleted).values({name: bindparam(name) for name in _NAMES}), hides)
        self.get = Statement(select(*columns).where(found, deleted))
        self.all = Statement(
            select(*columns).where(table.c.deleted_until > bindparam("now")).order_by(table.c.deleted, table.c.id)
        )
        self.overdue = Statement(select(table.c.id).where(overdue).limit(bindparam("most")))
        self.hasten = Statement(update(table).where(found, deleted).values(deleted_until=bindparam("now")))
        self.put = Statement(update(table).where(found, deleted).values(kept))
        self.restore = Statement(update(table).where(found, deleted).values(kept | {name: null() for name in _NAMES}), hides)


class DeletedRows(Generic[Value]):
    """The deleted rows of a table."""

    def __init__(self, connection: Connection, statements: DeletedStatements[Value]) -> None:
        self._connection = connection
        self._statements = statements

    async def add(self, identifier: str, user: str, now: int, until: int) -> None:
        """Moves a row to the trash."""
        values = {"key": identifier, "deleted": now, "deleted_by": user, "deleted_until": until}
        await self._connection.run(self._statements.add, values)

    async def get(self, identifier: str) -> Deleted[Value] | None:
        """The row, or None."""
        row = await self._connection.row(self._statements.get, {"key": identifier})
        return None if row is None else self._deleted(row)

    async def all(self, now: int) -> list[Deleted[Value]]:
        """The rows that are not overdue."""
        return [self._deleted(row) for row in await self._connection.rows(self._statements.all, {"now": now})]

    async def overdue(self, now: int, most: int) -> list[str]:
        """The identifiers of some rows that are overdue."""
        return [row[0] for row in await self._connection.rows(self._statements.overdue, {"now": now, "most": most})]

    async def hasten(self, identifier: str, now: int) -> None:
        """Makes a row expire."""
        await self._connection.run(self._statements.hasten, {"key": identifier, "now": now})

    async def put(self, row: Value) -> None:
        """Replaces a row, which stays deleted."""
        await self._write(self._statements.put, row)

    async def restore(self, row: Value) -> None:
        """Brings a row back."""
        await self._write(self._statements.restore, row)

    async def _write(self, statement: Statement, row: Value) -> None:
        columns = self._statements.codec.row(row)
        await self._connection.run(statement, {**columns, "key": columns["id"]})

    def _deleted(self, row: tuple[Any, ...]) -> Deleted[Value]:
        time, user, until = row[-len(_NAMES) :]
        return Deleted(self._statements.codec.value(row), time=time, user=user, until=until)
