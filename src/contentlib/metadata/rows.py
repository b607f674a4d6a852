"""Converts rows to values of the rules and back. Columns are the fields of a value, in order."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Collection
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Select, Table, bindparam, delete, insert, select, update

from contentlib.metadata.statement import Connection, Statement

Value = TypeVar("Value", bound=msgspec.Struct)
_ENCODER = msgspec.json.Encoder()


def encode(value: Any) -> str:
    """The text that keeps a list or a structure."""
    return _ENCODER.encode(value).decode()


class Codec(Generic[Value]):
    """Turns rows of the columns named as a structure's fields into such structures, and back."""

    def __init__(self, value: type[Value]) -> None:
        self.names = value.__struct_fields__
        self._value = value
        hints = typing.get_type_hints(value)
        self._readers = [(index, read) for index, name in enumerate(self.names) if (read := _reader(hints[name]))]
        self._texts = [name for name in self.names if _is_json(hints[name])]

    def value(self, row: tuple[Any, ...]) -> Value:
        """The value that a row keeps."""
        fields = dict(zip(self.names, row, strict=False))
        for index, read in self._readers:
            name = self.names[index]
            if row[index] is not None:
                fields[name] = read(row[index])
        return self._value(**fields)

    def row(self, value: Value) -> dict[str, Any]:
        """The columns that keep a value."""
        columns = {name: getattr(value, name) for name in self.names}
        for name in self._texts:
            if columns[name] is not None:
                columns[name] = encode(columns[name])
        return columns


class Keyed(Generic[Value]):
    """The rows of a table with one identifying column."""

    def __init__(self, connection: Connection, table: Statements[Value]) -> None:
        self._connection = connection
        self._statements = table

    async def add(self, row: Value) -> None:
        """Adds a row."""
        await self._connection.run(self._statements.add, self._statements.codec.row(row))

    async def get(self, identifier: str) -> Value | None:
        """The row, or None."""
        known: Value | None = self._connection.recall(self._statements, identifier)
        if known is None:
            row = await self._connection.row(self._statements.get, {"key": identifier})
            if row is None:
                return None
            known = self._connection.value(self._statements, identifier, row)
            self._connection.remember(self._statements, identifier, known)
        return known

    async def put(self, row: Value) -> None:
        """Replaces the row of the same identifier."""
        columns = self._statements.codec.row(row)
        columns["key"] = columns[self._statements.key]
        await self._connection.run(self._statements.put, columns)

    async def remove(self, identifier: str) -> None:
        """Removes the row."""
        await self._connection.run(self._statements.remove, {"key": identifier})

    async def _identifiers(self, statement: Statement, values: dict[str, Any]) -> list[str]:
        return [row[0] for row in await self._connection.rows(statement, values)]


class Statements(Generic[Value]):
    """The four statements of every table with a single key column. `get` only returns `visible` rows.

    `put` leaves `fixed` columns as they are. `add` is `sure` where a new row violates no constraint.
    """

    def __init__(
        self,
        table: Table,
        value: type[Value],
        key: str = "id",
        *visible: ColumnElement[bool],
        fixed: Collection[str] = (),
        sure: bool = False,
    ) -> None:
        self.codec = Codec(value)
        self.table = table.name
        self.key = key
        self.fixed = fixed
        self.columns = [table.c[name] for name in self.codec.names]
        found: ColumnElement[bool] = table.c[key] == bindparam("key")
        self.add = Statement(insert(table).values({name: bindparam(name) for name in self.codec.names}), sure=sure)
        self.get = Statement(select(*self.columns).where(found, *visible))
        changed: dict[str, Any] = {name: bindparam(name) for name in self.codec.names if name not in (key, *fixed)}
        self.put = Statement(update(table).where(found).values(changed))
        self.remove = Statement(delete(table).where(found))


class Limitable:
    """A query for all rows in an order, or for any `most` of them; these are not sorted, which would mean to read them all."""

    def __init__(self, query: Select[Any], *order: ColumnElement[Any]) -> None:
        self._all = Statement(query.order_by(*order))
        self._some = Statement(query.limit(bindparam("most")))

    def of(self, values: dict[str, Any], most: int | None) -> tuple[Statement, dict[str, Any]]:
        """The statement, and the values that it is to be run with."""
        return (self._all, values) if most is None else (self._some, {**values, "most": most})


class KnownKeys:
    """Finds which of some keys exist in a table, a few at a time."""

    _AT_ONCE = 100

    def __init__(self, column: Column[Any]) -> None:
        self._names = [f"key{n}" for n in range(self._AT_ONCE)]
        self._statement = Statement(select(column).where(column.in_([bindparam(name) for name in self._names])))

    async def of(self, connection: Connection, keys: Collection[str]) -> set[str]:
        """Those of the keys that are there."""
        found: set[str] = set()
        left = iter(keys)
        while batch := list(islice(left, self._AT_ONCE)):
            batch += [batch[0]] * (self._AT_ONCE - len(batch))
            rows = await connection.rows(self._statement, dict(zip(self._names, batch, strict=True)))
            found.update(row[0] for row in rows)
        return found


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    inner = _inner(hint)
    if inner in (str, int):
        return None
    if inner is bool:
        return bool
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return {member.value: member for member in inner}.__getitem__
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(inner)
    return decoder.decode


def _is_json(hint: Any) -> bool:
    inner = _inner(hint)
    return not (isinstance(inner, type) and issubclass(inner, (str, int)))


def _inner(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        (inner,) = (part for part in typing.get_args(hint) if part is not type(None))
        return inner
    return hint
