"""Commits, and finds out whether a commit was made whose answer was lost with the connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from contentlib.metadata.generations import slot_of
from contentlib.metadata.postgresql.address import Raw
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.counters import TableCounters
from contentlib.metadata.postgresql.errors import ERRORS, OutcomeUnknown, told_error

_PAUSE = 0.1
_COUNT = """WITH own AS (
    UPDATE generations SET value = (SELECT value + 1 FROM generations WHERE slot = 0) WHERE slot = ANY($1) RETURNING slot, value
) SELECT slot, value, pg_current_xact_id()::text FROM own
UNION ALL SELECT slot, value, '' FROM generations WHERE value > $2 AND slot <> ALL($1)"""
_COUNT_AND_COMMIT = (
    """UPDATE generations SET value = (SELECT value + 1 FROM generations WHERE slot = 0) WHERE slot IN ({}); COMMIT"""
)
_STATUS = "SELECT pg_xact_status($1::text::xid8)"
_HISTORY = "SELECT system_identifier::text || '/' || timeline_id FROM pg_control_system(), pg_control_checkpoint()"


class Outcomes:
    """Knows of each commit of a connection whether it was made.

    The server tells the outcome of a transaction by its number. After a failover, another server may have used the number for
    another transaction, so that the answer only counts in the same history of the database (system identifier and timeline).
    """

    def __init__(self, connector: Connector, counters: TableCounters) -> None:
        self._connector = connector
        self._counters = counters
        self._history: str | None = None

    async def opened(self, raw: Raw) -> None:
        """Notes the history to which a new connection writes."""
        try:
            self._history = await raw.fetchval(_HISTORY)
        except ERRORS:
            self._history = None  # the role is not allowed to see it

    async def commit(self, raw: Raw, written: Collection[str], state: tuple[int, str | None] | None) -> BaseException | None:
        """Commits the transaction of a connection, which has written to some tables.

        `state` is the number of the state that it has seen, and its own, if it has read them. Returns None if the commit was
        made, and otherwise the error.
        """
        slots = sorted({0, *map(slot_of, written)})
        if written and state is not None and state[1] is not None and not raw.is_closed():
            return await self._commit_at_once(raw, slots, state[0], state[1])
        changed: list[Any] = []
        try:
            if written:
                changed = await raw.fetch(_COUNT, slots, self._counters.last)
            told = await raw.execute("COMMIT")
        except ERRORS as error:
            raw.terminate()
            if not changed:  # the commit was not sent, or there was nothing to commit
                return told_error(error, closed=True)
            return await self._found(max(row[2] for row in changed), error)
        self._counters.note((slot, value) for slot, value, _ in changed)
        return None if told == "COMMIT" else OSError("the database undid the transaction")

    async def _commit_at_once(self, raw: Raw, slots: list[int], seen: int, number: str) -> BaseException | None:
        """Counts the changes and commits them in one message. The turn of a writer keeps others from committing meanwhile."""
        try:
            told = await raw.execute(_COUNT_AND_COMMIT.format(", ".join(map(str, slots))))
        except ERRORS as error:
            raw.terminate()
            return await self._found(number, error)
        if told != "COMMIT":
            return OSError("the database undid the transaction")
        self._counters.note((slot, seen + 1) for slot in slots)
        return None

    async def close(self, raw: Raw) -> None:
        """Closes a connection."""
        with suppress(*ERRORS):  # the server is away, so it is closed
            await raw.close(timeout=1.0)

    async def _found(self, number: str, error: BaseException) -> BaseException | None:
        deadline = time.monotonic() + self._connector.patience
        while time.monotonic() < deadline:
            try:
                status = await self._ask(number, deadline)
            except ERRORS:
                break
            if status == "committed":
                return None
            if status == "aborted":
                return told_error(error, closed=True)
            if status is None:
                break
            await asyncio.sleep(_PAUSE)  # the server has not noticed yet that the connection is lost
        return OutcomeUnknown()

    async def _ask(self, number: str, deadline: float) -> str | None:
        raw = await self._connector.open(deadline)
        try:
            if self._history is None or await raw.fetchval(_HISTORY) != self._history:
                return None
            return str(await raw.fetchval(_STATUS, number))
        finally:
            await self.close(raw)
