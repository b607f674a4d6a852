"""Compiles a statement once per dialect and runs it on a connection: all that an aggregate needs of a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.sql.expression import ClauseElement, Delete, UpdateBase

from contentlib.metadata.routine import ROUTINE


def upsert(table: Table) -> Insert:
    """An insertion that may get an ON CONFLICT clause, which all dialects of this program write as SQLite's does."""
    return Insert(table)


class Statement:
    """A Core statement whose values are all named parameters.

    `writes` lists the tables whose rows change: the one that is written, and those whose rows it hides. `long` means that it
    can read so many rows that others would have to wait. A change that is `audited` is recorded; `routine` ones are not. A
    `sure` insertion violates no constraint, so that a store may carry it out later in its transaction.
    """

    __slots__ = ("_compiled", "_numbered", "audited", "expression", "long", "removes", "sure", "table", "writes")

    def __init__(
        self,
        expression: ClauseElement,
        hides: tuple[str, ...] = (),
        *,
        long: bool = False,
        routine: bool = False,
        sure: bool = False,
    ) -> None:
        self.expression = expression
        self.sure = sure
        self.long = long
        changed = expression.table if isinstance(expression, UpdateBase) else None
        self.writes = (changed.name, *hides) if isinstance(changed, Table) else hides
        self.table = changed.name if isinstance(changed, Table) else ""
        self.audited = bool(self.table) and not routine and self.table not in ROUTINE
        self.removes = isinstance(expression, Delete)
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}
        self._numbered: tuple[str, tuple[str, ...], dict[str, Any]] | None = None

    def text(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """The SQL text for a dialect, and the values that the statement itself sets."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self.expression.compile(dialect=dialect)
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._compiled[dialect.name] = (str(compiled), constants)
        return found

    def numbered(self, dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """The SQL text with numbered parameters, their names in order, and the values that the statement itself sets."""
        if self._numbered is None:
            compiled = self.expression.compile(dialect=dialect)
            names = tuple(getattr(compiled, "positiontup", None) or ())
            self._numbered = (str(compiled), names, {name: compiled.params[name] for name in names})
        return self._numbered


class Decoder(Protocol):
    """Creates values from rows."""

    def value(self, row: tuple[Any, ...]) -> Any:
        """The value that a row keeps."""


class RowKind(Protocol):
    """The rows of a table that are read by a key, named `key` in the statement."""

    @property
    def table(self) -> str:
        """The table's name."""

    @property
    def get(self) -> Statement:
        """Reads the row of a key."""

    @property
    def codec(self) -> Decoder:
        """Returns the conversion of the kind."""


class Connection(Protocol):
    """Runs statements inside a transaction."""

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer."""

    async def row(self, statement: Statement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of the answer."""

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Returns the number of changed rows."""

    def has_written(self, tables: Collection[str]) -> bool:
        """Whether a transaction that is not committed yet may have changed one of some tables here."""

    def recall(self, kind: RowKind, key: str) -> Any:
        """The value that was read by a key in this state of all rows, or None."""

    def value(self, kind: RowKind, key: str, row: tuple[Any, ...]) -> Any:
        """The value that a row keeps, which has that key."""

    def remember(self, kind: RowKind, key: str, value: Any) -> None:
        """Keeps a value that was read by a key, until its table changes."""
