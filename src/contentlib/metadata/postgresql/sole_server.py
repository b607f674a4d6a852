"""Keeps a second server off a database, by an advisory lock of a connection that a thread keeps open.

The lock ends with the connection. The thread takes it again when the database server is back; a server that finds it taken by
another one then stops.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable

import structlog

from contentlib.metadata.postgresql.address import Address, Raw, connect
from contentlib.metadata.postgresql.errors import ERRORS, told_error
from contentlib.metadata.postgresql.turns import LOCKS

_PATIENCE_SECONDS = 5.0  # at the start: the session of a server that was killed ends a moment later
_HOLD_SECONDS = 60.0  # later: the session of this server ends only when its server finds that the connection is lost
_PAUSE_SECONDS = 0.5
_WATCH_SECONDS = 5.0
_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
_TAKE = f"SELECT pg_try_advisory_lock({LOCKS}, 3)"
_HOLDER = """SELECT coalesce(host(client_addr), 'the machine of the database') || ' since ' || backend_start::timestamptz(0)
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND classid = $1 AND objid = 3 AND granted
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_LOG = structlog.stdlib.get_logger(__name__)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class SoleServer:
    """The lock of the only server on a database."""

    def __init__(
        self,
        address: Address,
        stop: Callable[[], None] = _stop,
        *,
        watch_seconds: float = _WATCH_SECONDS,
        hold_seconds: float = _HOLD_SECONDS,
    ) -> None:
        self._address = address
        self._stop = stop
        self._watch_seconds = watch_seconds
        self._hold_seconds = hold_seconds
        self._loop = asyncio.new_event_loop()
        self._raw: Raw | None = None

    def hold(self) -> None:
        """Takes the lock for as long as this process runs; RuntimeError when another server has it."""
        holder = self._loop.run_until_complete(self._take(_PATIENCE_SECONDS))
        if holder is not None:
            self._loop.close()
            raise RuntimeError(f"database {self._address} is in use by another server, on {holder}; stop that one first")
        threading.Thread(target=self._watch, name="sole server", daemon=True).start()

    def _watch(self) -> None:
        self._loop.run_until_complete(self._watching())
        self._loop.close()

    async def _watching(self) -> None:
        """Runs until another server has the lock."""
        while True:
            await asyncio.sleep(self._watch_seconds)
            if await self._is_held():
                continue
            try:
                holder = await self._take(self._hold_seconds)
            except OSError:
                continue  # the database server is away, and keeps nobody's lock
            if holder is not None:
                _LOG.error("stopping: another server uses the database", database=str(self._address), holder=holder)
                self._stop()
                return
            _LOG.warning("the lock on the database was lost and taken again", database=str(self._address))

    async def _is_held(self) -> bool:
        try:
            return self._raw is not None and await self._raw.fetchval("SELECT true") is True
        except ERRORS:
            if self._raw is not None:
                self._raw.terminate()
            return False

    async def _take(self, patience: float) -> str | None:
        """Takes the lock on a new connection. Returns the server that has it, if that does not end soon."""
        deadline = time.monotonic() + patience
        raw = await connect(self._address, _PATIENCE_SECONDS, **_ALIVE, idle_session_timeout="0")
        try:
            while not await raw.fetchval(_TAKE):
                if time.monotonic() > deadline:
                    holder = str(await raw.fetchval(_HOLDER, LOCKS) or "another machine")
                    raw.terminate()
                    return holder
                await asyncio.sleep(_PAUSE_SECONDS)
        except ERRORS as error:
            raw.terminate()
            raise told_error(error, closed=True) from error
        self._raw = raw
        return None
