"""Commits, and finds out whether a commit was made whose answer was lost with the connection."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from contentlib.metadata.postgresql.address import Raw
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.errors import ERRORS, OutcomeUnknown, told_error

_PAUSE = 0.1
_WRITTEN = "SELECT pg_current_xact_id_if_assigned()::text"
_STATUS = "SELECT pg_xact_status($1::text::xid8)"
_HISTORY = "SELECT system_identifier::text || '/' || timeline_id FROM pg_control_system(), pg_control_checkpoint()"


class Outcomes:
    """Knows of each commit of a connection whether it was made.

    The server tells the outcome of a transaction by its number. After a failover, another server may have used the number for
    another transaction, so that the answer only counts in the same history of the database (system identifier and timeline).
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._history: str | None = None

    async def opened(self, raw: Raw) -> None:
        """Notes the history to which a new connection writes."""
        try:
            self._history = await raw.fetchval(_HISTORY)
        except ERRORS:
            self._history = None  # the role is not allowed to see it

    async def commit(self, raw: Raw) -> BaseException | None:
        """Commits the transaction of a connection. Returns None if it was made, and otherwise the error."""
        number: str | None = None
        try:
            number = await raw.fetchval(_WRITTEN)
            told = await raw.execute("COMMIT")
        except ERRORS as error:
            raw.terminate()
            if number is None:  # the commit was not sent, or there was nothing to commit
                return told_error(error, closed=True)
            return await self._found(number, error)
        return None if told == "COMMIT" else OSError("the database undid the transaction")

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
