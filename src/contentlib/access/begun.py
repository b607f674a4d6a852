"""Records begun downloads in the audit log: of each file once an hour for each client, whatever parts of it are asked for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from contentlib.access.recent import Digests, Recent
from contentlib.library.actors import actor
from contentlib.library.model import AuditNote, AuditThing
from contentlib.library.ports import MetadataStore

OnDownload = Callable[[AuditThing, AuditThing], Awaitable[None]]
"""Receives the session, library or item that a file belongs to, and the file."""

_REMEMBERED = 20_000
_SECONDS = 3600.0


async def unlogged(_whole: AuditThing, _file: AuditThing) -> None:
    """For servers without an audit log."""


class BegunDownloads:
    """Records downloads."""

    def __init__(self, metadata: MetadataStore, now: Callable[[], float] = time.monotonic) -> None:
        self._metadata = metadata
        self._now = now
        self._digests = Digests()
        self._recent: Recent[bool] = Recent(_REMEMBERED, _SECONDS)

    async def note(self, whole: AuditThing, file: AuditThing) -> None:
        """Records that the current call begins to download a file, before any byte is sent."""
        who, now = actor(), self._now()
        key = self._digests.of(who.user, who.session, who.token, who.address, whole.id, file.id, file.name)
        if self._recent.get(key, now) is None:
            async with self._metadata.transaction(durable=False) as transaction:
                transaction.audit.note(AuditNote(things=(whole, file)))
            self._recent.note(key, True, now)
