"""Ends sessions whose lease has expired, and deletes those that ended long ago."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from contentlib.library.clock import Clock
from contentlib.library.leases import Leases
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.update_sessions import UpdateSessions

Idle = Callable[[int, int], Awaitable[list[str]]]
_AT_ONCE = 100  # rows between two turns of other calls


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long ended sessions and tasks can be read, and how long an unused login session lives, in milliseconds.

    Client tokens are kept as long as ended sessions, so that a repeated call finds the object that it created.
    """

    ended: int
    idle_login: int


class Expiry:
    """The sweep of sessions."""

    def __init__(
        self,
        metadata: MetadataStore,
        updates: UpdateSessions,
        downloads: DownloadSessions,
        leases: Leases,
        clock: Clock,
        lifetimes: Lifetimes,
    ) -> None:
        self._metadata = metadata
        self._updates = updates
        self._downloads = downloads
        self._leases = leases
        self._clock = clock
        self._lifetimes = lifetimes

    async def save_touches(self) -> None:
        """Stores this process's records of activity, for other processes and for the next start."""
        touches = self._leases.take()
        if not touches:
            return
        try:
            async with self._metadata.transaction(durable=False) as transaction:
                await transaction.state.touch(touches)
        except OSError:  # else sessions would end that are in use
            self._leases.give_back(touches)
            raise

    async def run(self) -> None:
        """Ends idle sessions and forgets old ones."""
        await self.save_touches()
        await self._expire(lambda rows: rows.update_sessions.idle, self._updates.expire)
        await self._expire(lambda rows: rows.download_sessions.idle, self._downloads.expire)
        while await self._forget():
            pass

    async def _expire(self, idle: Callable[[Transaction], Idle], expire: Callable[[str], Awaitable[None]]) -> None:
        """Ends idle sessions; those that turn out to be touched meanwhile are met once and left."""
        before = self._clock.now() - self._leases.milliseconds
        met: set[str] = set()
        while True:
            async with self._metadata.reading() as transaction:
                batch = set(await idle(transaction)(before, _AT_ONCE))
            for session_id in batch - met:
                await expire(session_id)
            if len(batch) < _AT_ONCE or batch <= met:
                return
            met |= batch

    async def _forget(self) -> bool:
        """Deletes some old rows. Returns whether there may be more."""
        ended = self._clock.now() - self._lifetimes.ended
        idle = self._clock.now() - self._lifetimes.idle_login
        async with self._metadata.transaction(durable=False) as transaction:
            updates = await transaction.update_sessions.ended(ended, _AT_ONCE)
            for session_id in updates:
                await transaction.update_sessions.remove(session_id)
            downloads = await transaction.download_sessions.ended(ended, _AT_ONCE)
            for session_id in downloads:
                await transaction.download_sessions.remove(session_id)
            tokens = await transaction.tokens.forget(ended, _AT_ONCE)
            logins = await transaction.logins.forget(idle, _AT_ONCE)
            await transaction.tasks.forget(ended)
        return _AT_ONCE in (len(updates), len(downloads), tokens, logins)
