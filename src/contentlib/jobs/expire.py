"""Ends sessions whose lease is over, and forgets those that ended long ago."""

from __future__ import annotations

from contentlib.library.clock import Clock
from contentlib.library.download_sessions import DownloadSessions
from contentlib.library.model import Touches
from contentlib.library.ports import MetadataStore
from contentlib.library.sessions import Leases
from contentlib.library.update_sessions import UpdateSessions


class Expiry:
    """The sweep of sessions; times in milliseconds.

    `kept` is how long an ended session can be looked at, `idle` how long a login session lives without a call. Client
    tokens are kept as long as ended sessions, so that a call that is repeated in that time finds what it made.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        updates: UpdateSessions,
        downloads: DownloadSessions,
        leases: Leases,
        clock: Clock,
        kept: int,
        idle: int,
    ) -> None:
        self._metadata = metadata
        self._updates = updates
        self._downloads = downloads
        self._leases = leases
        self._clock = clock
        self._kept = kept
        self._idle = idle

    async def save_touches(self) -> None:
        """Keeps what this process knows of activity, for other processes and for the next start."""
        touches = self._leases.take()
        if touches:
            async with self._metadata.transaction(durable=False) as transaction:
                await transaction.state.touch(touches)

    async def renew(self) -> None:
        """Gives every ACTIVE session a whole lease; for a start, because what a killed process knew of activity is lost."""
        now = self._clock.now()
        async with self._metadata.transaction(durable=False) as transaction:
            active = await transaction.update_sessions.idle(now) + await transaction.download_sessions.idle(now)
            await transaction.state.touch(Touches(dict.fromkeys(active, now), {}, {}))

    async def run(self) -> None:
        """Ends idle sessions and forgets old ones."""
        await self.save_touches()
        now = self._clock.now()
        before = now - self._leases.milliseconds
        async with self._metadata.reading() as transaction:
            updates = await transaction.update_sessions.idle(before)
            downloads = await transaction.download_sessions.idle(before)
        for session_id in updates:
            await self._updates.expire(session_id)
        for session_id in downloads:
            await self._downloads.expire(session_id)
        await self._forget(now)

    async def _forget(self, now: int) -> None:
        ended = now - self._kept
        async with self._metadata.transaction(durable=False) as transaction:
            for session_id in await transaction.update_sessions.ended(ended):
                await transaction.update_sessions.remove(session_id)
            for session_id in await transaction.download_sessions.ended(ended):
                await transaction.download_sessions.remove(session_id)
            await transaction.tokens.forget(ended)
            await transaction.logins.forget(now - self._idle)
