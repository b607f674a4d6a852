"""Runs the statements of turns with few round trips.

An insertion that cannot fail waits until another statement is sent or the batch is committed; so those of many turns are sent
together. A turn has a savepoint from its first statement that is sent; before that there is nothing to undo at the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from contentlib.metadata.memory import Memory
from contentlib.metadata.postgresql.counters import TableCounters
from contentlib.metadata.postgresql.errors import ERRORS
from contentlib.metadata.postgresql.statements import PostgresqlConnection

_SAVEPOINT = "SAVEPOINT turn"  # not released at the end of a turn: the next one hides it, and the commit ends them all
_Insertion = tuple[str, list[Any]]


class TurnStatements(PostgresqlConnection):
    """The statements of the turns of a batch, whose first turn begins with a savepoint."""

    numbers_transactions = True

    def __init__(self, counters: TableCounters, memory: Memory) -> None:
        super().__init__(counters, memory)
        self._waiting: list[_Insertion] = []
        self._of_others = 0
        """So many of them are of turns that have ended."""
        self._is_saved = True
        self._beginning: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """A batch begins, with a savepoint."""
        super().begin()
        self._waiting.clear()
        self._of_others = 0
        self._is_saved = True

    def next_turn(self) -> None:
        """Another turn of the batch begins."""
        self._of_others = len(self._waiting)
        self._is_saved = False

    async def has_to_undo(self) -> bool:
        """Forgets what the turn has not sent yet. Returns whether the server has to undo something."""
        if self._beginning is not None:
            await asyncio.wait({self._beginning})
        del self._waiting[self._of_others :]
        return self._is_saved

    async def send_rest(self) -> None:
        """Sends what waits, before the commit."""
        await self._send(self._waiting)
        self._waiting.clear()

    async def _execute(self, sql: str, arguments: list[Any], *, sure: bool) -> int:
        if sure:
            self._waiting.append((sql, arguments))
            return 1
        await self._send_waiting()
        return await super()._execute(sql, arguments, sure=sure)

    async def _fetch(self, sql: str, arguments: list[Any]) -> list[Any]:
        await self._send_waiting()
        return await super()._fetch(sql, arguments)

    async def _send_waiting(self) -> None:
        """Sends what has to be at the server before the next statement of the turn."""
        if not self._is_saved:
            self._beginning = asyncio.create_task(self._begin_at_server())
            await asyncio.shield(self._beginning)  # else a caller who goes away would lose what others wait for
        if self._waiting:
            own, self._waiting = self._waiting, []
            try:
                await self._send(own)
            except ERRORS as error:
                raise self._error(error) from error

    async def _begin_at_server(self) -> None:
        try:
            await self._send(self._waiting[: self._of_others])
            await self._usable().execute(_SAVEPOINT)
        except ERRORS as error:
            if self.raw is not None:
                self.raw.terminate()  # so that the batch ends with an error
            raise self._error(error) from error
        del self._waiting[: self._of_others]
        self._of_others, self._is_saved = 0, True

    async def _send(self, insertions: Sequence[_Insertion]) -> None:
        """Sends insertions; those that are equal but for their values, and follow each other, as one message."""
        for sql, group in groupby(insertions, lambda each: each[0]):
            await self._usable().executemany(sql, [arguments for _, arguments in group])
