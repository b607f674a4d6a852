"""Follows the audit log: sends each entry to a sink at least once, and removes entries that are too old."""

from __future__ import annotations

import time

from contentlib.jobs.audit_sinks import AuditSink
from contentlib.library.clock import Clock
from contentlib.library.model import AuditNote
from contentlib.library.ports import MetadataStore

_POSITION = "audit_stream."
_BATCH = 200
_RUN_SECONDS = 2.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_AT_ONCE = 1000


class AuditStream:
    """Sends entries to one sink. The number of the last entry that arrived is kept in the database.

    After a failure, the same entries are sent again, after a pause that grows to a minute.
    """

    def __init__(self, metadata: MetadataStore, name: str, sink: AuditSink) -> None:
        self._metadata = metadata
        self._key = f"{_POSITION}{name}"
        self._sink = sink
        self._pause = 0.0
        self._resumes = 0.0

    async def run(self) -> None:
        """Sends what is new; raises the error of the sink."""
        if time.monotonic() < self._resumes:
            return
        try:
            await self._send_all()
        except Exception:
            self._pause = min(max(2 * self._pause, _SHORTEST_PAUSE), _LONGEST_PAUSE)
            self._resumes = time.monotonic() + self._pause
            raise
        self._pause = 0.0

    async def _send_all(self) -> None:
        ends = time.monotonic() + _RUN_SECONDS  # before the lease of the job ends
        more = True
        while more and time.monotonic() < ends:
            async with self._metadata.reading() as transaction:
                position = int(await transaction.state.get(self._key) or 0)
                records = await transaction.audit.after(position, _BATCH)
            if records:
                await self._sink.send(records)
                await self._keep(records[-1].link.sequence)
            more = len(records) == _BATCH

    async def _keep(self, position: int) -> None:
        async with self._metadata.transaction(durable=False) as transaction:
            if int(await transaction.state.get(self._key) or 0) < position:
                await transaction.state.put(self._key, str(position))


class AuditRetention:
    """Removes entries that are older than `kept` milliseconds, and writes one that says how many."""

    def __init__(self, metadata: MetadataStore, clock: Clock, kept: int) -> None:
        self._metadata = metadata
        self._clock = clock
        self._kept = kept

    async def run(self) -> None:
        """Removes some at a time, so that others can write meanwhile."""
        removed = _AT_ONCE if self._kept else 0
        while removed == _AT_ONCE:
            async with self._metadata.transaction(durable=False) as transaction:
                removed = await transaction.audit.forget(self._clock.now() - self._kept, _AT_ONCE)
                if removed:
                    transaction.audit.note(AuditNote(changes={"audit": removed}))
