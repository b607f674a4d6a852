"""Download sessions: a lease on one content version of an item, and the files of it that were prepared."""

from __future__ import annotations

from dataclasses import dataclass

from contentlib.library.blobs import Blobs
from contentlib.library.clock import Clock
from contentlib.library.errors import Damaged, Fault, Invalid, Missing, MissingFile
from contentlib.library.idempotence import once
from contentlib.library.identifiers import ordered_identifier
from contentlib.library.items import find_item
from contentlib.library.model import (
    Blob,
    DownloadSession,
    EndpointType,
    Preparation,
    PrepareStatus,
    State,
    StoredFile,
    Token,
    Version,
)
from contentlib.library.names import clean
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.sessions import Ended, Leases, advance, fire
from contentlib.library.update_sessions import expiry_of

KIND = "download session"


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """A file of a download session's content version; `position` is its place in the version, and its name in URLs."""

    file: StoredFile
    preparation: Preparation
    position: int


class DownloadSessions:
    """The operations on download sessions."""

    def __init__(self, metadata: MetadataStore, blobs: Blobs, clock: Clock, leases: Leases, ended: Ended) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._leases = leases
        self._ended = ended

    async def create(self, user: str, login: str, item_id: str | None, token: Token | None) -> str:
        """Starts a session on the current content version of an item."""
        if item_id is None:
            raise Invalid("create_spec.library_item_id", "is required")

        async def add(transaction: Transaction) -> str:
            item = await find_item(transaction, item_id)
            now = self._clock.now()
            session = DownloadSession(
                id=ordered_identifier(),
                user=user,
                login=login,
                item=item_id,
                content_version=item.content_version,
                created=now,
                touched=now,
                version_id=item.version_id,
            )
            await transaction.download_sessions.add(session)
            return session.id

        return await once(self._metadata, self._clock, token, add, durable=False)

    async def get(self, session_id: str) -> DownloadSession:
        """The session, as of now; Missing when there is none."""
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, session_id)
        if self._leases.expired(session):
            await self.expire(session_id)
            return await self.get(session_id)
        if session.state is State.ACTIVE:
            self._leases.touch(session)
        return session

    async def ids(self, user: str, item_id: str | None) -> list[str]:
        """The identifiers of the user's sessions, of one item or of all."""
        async with self._metadata.reading() as transaction:
            if item_id is not None:
                await find_item(transaction, item_id)
            return await transaction.download_sessions.ids(user, item_id)

    async def keep_alive(self, session_id: str, progress: int | None) -> None:
        """Extends the lease, and notes the client's progress."""
        await self.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = fire(KIND, await self._find(transaction, session_id), "kept alive", self._clock.now())
            await transaction.download_sessions.put(advance(session, progress, "progress"))
        self._leases.touch(session)

    async def cancel(self, session_id: str) -> None:
        """Ends the session; its URLs are dead."""
        await self.expire(session_id)
        await self._finish(session_id, "canceled", None)

    async def fail(self, session_id: str, message: str) -> None:
        """Ends the session in ERROR with the client's message."""
        await self.expire(session_id)
        told = clean(message)
        await self._finish(session_id, "failed", Fault("session.failed_by_client", told, (told,)))

    async def expire(self, session_id: str) -> None:
        """Ends the session when its lease is over; does nothing to one that was touched or ended meanwhile."""
        async with self._metadata.reading() as transaction:
            session = await transaction.download_sessions.get(session_id)
        if session is None or not self._leases.expired(session):
            return
        async with self._metadata.transaction(durable=False) as transaction:
            session = await transaction.download_sessions.get(session_id)
            expired = session is not None and self._leases.expired(session)
            if session is not None and expired:
                await self._end(transaction, session, "expired", expiry_of(self._leases))
        if expired:
            self._ended(session_id)

    async def _finish(self, session_id: str, event: str, fault: Fault | None) -> None:
        async with self._metadata.transaction(durable=False) as transaction:
            await self._end(transaction, await self._find(transaction, session_id), event, fault)
        self._ended(session_id)

    async def _end(self, transaction: Transaction, session: DownloadSession, event: str, fault: Fault | None) -> None:
        await transaction.download_sessions.put(fire(KIND, session, event, self._clock.now(), fault))

    async def delete(self, session_id: str) -> None:
        """Removes a session in any state; its URLs are dead."""
        async with self._metadata.transaction(durable=False) as transaction:
            await self._find(transaction, session_id)
            await transaction.download_sessions.remove(session_id)
        self._ended(session_id)

    async def files(self, session_id: str) -> list[DownloadFile]:
        """The files of the session's content version, with what became of their preparation."""
        await self.get(session_id)  # touches it, or ends it
        _, version, done = await self._content(session_id)
        return [
            DownloadFile(file, done.get(file.name) or _untouched(session_id, file.name), position)
            for position, file in enumerate(version.files)
        ]

    async def file(self, session_id: str, name: str) -> DownloadFile:
        """One of `files`; MissingFile when there is none of that name."""
        for found in await self.files(session_id):
            if found.file.name == name:
                return found
        raise MissingFile(KIND, session_id, name)

    async def prepare(self, session_id: str, name: str, endpoint: EndpointType) -> DownloadFile:
        """Prepares a file: it is PREPARED when this returns, or in ERROR when its bytes are not those that were stored."""
        session = await self.get(session_id)
        fire(KIND, session, "changed", self._clock.now())
        found = await self.file(session_id, name)
        try:
            with self._leases.held(session):
                await self._blobs.check(found.file.blob, name)
            preparation = Preparation(session_id, name, PrepareStatus.PREPARED, endpoint)
        except Damaged as damaged:
            preparation = Preparation(session_id, name, PrepareStatus.ERROR, endpoint, damaged.fault)
        async with self._metadata.transaction(durable=False) as transaction:
            fire(KIND, await self._find(transaction, session_id), "changed", self._clock.now())
            await transaction.preparations.put(preparation)
        return DownloadFile(found.file, preparation, found.position)

    async def target(self, session_id: str, position: int) -> tuple[DownloadSession, StoredFile, Blob]:
        """What a download URL names: Missing when the session is gone, NotActive when it ended, Damaged when the bytes are."""
        await self.expire(session_id)
        session, version, _ = await self._content(session_id)
        fire(KIND, session, "changed", self._clock.now())
        if not 0 <= position < len(version.files):
            raise Missing("download", f"{session_id}/{position}")
        file = version.files[position]
        with self._leases.held(session):
            return session, file, await self._blobs.check(file.blob, file.name)

    async def _content(self, session_id: str) -> tuple[DownloadSession, Version, dict[str, Preparation]]:
        async with self._metadata.reading() as transaction:
            session = await self._find(transaction, session_id)
            version = None if session.version_id is None else await transaction.versions.get(session.version_id)
            done = await transaction.preparations.of(session_id)
        empty = Version("", session.item, session.content_version, session.created, ())
        return session, version or empty, {each.name: each for each in done}

    async def _find(self, transaction: Transaction, session_id: str) -> DownloadSession:
        session = await transaction.download_sessions.get(session_id)
        if session is None:
            raise Missing(KIND, session_id)
        return session


def _untouched(session_id: str, name: str) -> Preparation:
    return Preparation(session_id, name, PrepareStatus.UNPREPARED)
