"""Knows the worker processes of all servers of a database by their heartbeats, and passes events between them by NOTIFY.

Each process has a row, which it changes all the time. One that is silent for the lease has ended (`silence`). So has one of
this machine whose file is no longer locked, which is found out at once. An event is a JSON array: its sender, a number, and its
name with its arguments.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Collection
from contextlib import suppress

import msgspec
import structlog

from contentlib import __version__
from contentlib.library.ports.nodes import Hear, Missed, Nodes, NodeState
from contentlib.metadata.database import NodeOptions
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.link import Link
from contentlib.metadata.postgresql.silence import Silence

_CHANNEL = "contentlib"
_MOST = 4096  # bytes of an event; PostgreSQL sends up to 8000
_WAITING = 10_000  # events that are kept while the database is away
_AT_ONCE = 500
_BEATS_A_LEASE = 5
_LONGEST_BEAT = 1.0
_ROUND_TRIP_NS = 250_000_000  # after a longer one, the time of the database is not known well enough
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_LIST = f"SELECT id, state, beats, {_NOW} FROM nodes UNION ALL SELECT '', '', 0, {_NOW}"  # noqa: S608 - a constant
_BEAT = f"""WITH own AS (
    INSERT INTO nodes (id, name, process, version, state, started, beaten, beats) VALUES ($1, $2, $3, $4, $5, {_NOW}, {_NOW}, 1)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, beaten = excluded.beaten, beats = nodes.beats + 1
) {_LIST}"""  # noqa: S608 - constants of this module
_ALL = f"SELECT name, process, version, state, {_NOW} - started, {_NOW} - beaten FROM nodes ORDER BY name, process"  # noqa: S608 - a constant
_FORGET = "DELETE FROM nodes WHERE id = ANY($1::text[])"
_RING = "SELECT pg_notify($1, line) FROM unnest($2::text[]) AS line"
_EVENT: msgspec.json.Decoder[tuple[str, int, list[str]]] = msgspec.json.Decoder(tuple[str, int, list[str]])
RUNNING, DRAINING, ENDED, _SILENT = "running", "draining", "ended", "silent"
_LOG = structlog.stdlib.get_logger(__name__)


class PostgresqlNodes:
    """The processes that have rows in a database; `local` are those of this machine."""

    def __init__(self, address: Address, local: Nodes, options: NodeOptions | None = None) -> None:
        self.here = local.here
        self._local = local
        self._options = options or NodeOptions()
        self._link = Link(Connector(address), {"synchronous_commit": "off"})  # a row that is lost is written again
        self._silence = Silence(self._options.lease)
        self._states: dict[str, str] = {}
        self._state = RUNNING
        self._events: deque[str] = deque(maxlen=_WAITING)
        self._sent = 0
        self._ringing: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    async def start(self, hear: Hear, missed: Missed) -> None:
        """This process runs from now on, when its row is written."""
        await self._local.start(hear, missed)
        self._link.listen(_CHANNEL, lambda text: self._hear(text, hear))
        self._link.opened = missed
        await self._link.close()  # the next one listens
        await self._beat()
        self._beating = asyncio.create_task(self._keep_beating(), name="heartbeat")

    async def drain(self) -> None:
        """Tells the others, and who lists the processes, that this one takes no new work."""
        self._state = DRAINING
        await self._beat()

    async def stop(self) -> None:
        """This process has ended its work."""
        self._stopping.set()
        self._state = ENDED
        if self._beating is not None:
            await asyncio.gather(self._beating, *([self._ringing] if self._ringing else []))
            with suppress(OSError):  # its silence tells it, too
                await self._beat()
        self._beating = None
        await self._link.close()
        await self._local.stop()

    async def running(self) -> set[str]:
        """The identifiers of the processes that run."""
        self._note(await self._timed(_LIST))
        own = set() if self._beating is None else {self.here}  # whose row may have been removed after a silence
        return (set(self._states) | own) - await self.ended()

    async def here_running(self) -> set[str]:
        """The identifiers of the processes of this machine that run."""
        return await self._local.running()

    async def ended(self) -> set[str]:
        """The identifiers of the processes that had ended at the last heartbeat."""
        silent = self._silence.silent()
        ended = {each for each, state in self._states.items() if state == ENDED or each in silent}
        return (ended - {self.here}) | await self._local.ended()

    async def all(self) -> list[NodeState]:
        """The processes, as their rows tell. One that is silent has not been judged yet by those that run."""
        found = [NodeState(*row) for row in await self._link.fetch(_ALL)]
        return [each._replace(state=_SILENT) if self._is_silent(each) else each for each in found]

    def _is_silent(self, node: NodeState) -> bool:
        return node.state != ENDED and node.silence > self._options.lease * 1000

    async def forget(self, ended: Collection[str]) -> None:
        """Removes the rows of processes that have ended."""
        await self._link.fetch(_FORGET, list(ended))
        await self._local.forget(ended)
        for each in ended:
            self._states.pop(each, None)

    def ring(self, event: str, *arguments: str) -> None:
        """Tells all other processes of an event, after those that are still to be told."""
        self._sent += 1
        line = msgspec.json.encode((self.here, self._sent, (event, *arguments))).decode()  # equal ones would be sent once
        if len(line.encode()) > _MOST:
            return
        self._events.append(line)
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def _ring(self) -> None:
        while self._events:
            lines = [self._events.popleft() for _ in range(min(len(self._events), _AT_ONCE))]
            try:
                await self._link.fetch(_RING, _CHANNEL, lines)
            except OSError:
                self._events.extendleft(reversed(lines))
                return  # the next heartbeat that succeeds sends them

    async def _keep_beating(self) -> None:
        pause, away = min(_LONGEST_BEAT, self._options.lease / _BEATS_A_LEASE), False
        while not await self._stops_within(pause):
            try:
                await self._beat()
                if self._events:
                    await self._ring()
            except OSError as error:
                if not away:
                    _LOG.warning("heartbeat failed", told=str(error))
                away = True
            else:
                away = False

    async def _stops_within(self, seconds: float) -> bool:
        """Waits. A heartbeat is not cancelled, because the driver would need another connection to cancel its statement."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _beat(self) -> None:
        values = (self.here, self._options.name, os.getpid(), __version__, self._state)
        self._note(await self._timed(_BEAT, *values))

    async def _timed(self, sql: str, *arguments: object) -> list[tuple[str, str, int]]:
        """The rows of all processes; steers the clock by the time in them."""
        before = time.time_ns()
        found = await self._link.fetch(sql, *arguments)
        after = time.time_ns()
        if found and after - before < _ROUND_TRIP_NS:
            self._options.steer(found[0][3] * 1_000_000 - (before + after) // 2)
        return [(identifier, state, beats) for identifier, state, beats, _ in found if identifier]

    def _note(self, rows: list[tuple[str, str, int]]) -> None:
        self._silence.look({identifier: beats for identifier, _, beats in rows})
        self._states = {identifier: state for identifier, state, _ in rows}

    def _hear(self, text: str, hear: Hear) -> None:
        with suppress(msgspec.DecodeError, TypeError, ValueError):  # of another program, or another version of this one
            sender, _, (event, *arguments) = _EVENT.decode(text)
            if sender != self.here:
                hear(event, arguments)
