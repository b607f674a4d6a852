"""Manages download sessions: leases on a content version, and the files that were prepared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import find_item, shown_version
from contentlib.library.catalogs import upload_of
from contentlib.library.clock import Clock
from contentlib.library.errors import Damaged, Invalid, Missing, MissingFile, NotHere
from contentlib.library.idempotence import once
from contentlib.library.identifiers import ordered_identifier
from contentlib.library.leases import Ended, Leases
from contentlib.library.messages import REQUIRED
from contentlib.library.model import (
    Blob,
    DownloadSession,
    EndpointType,
    Preparation,
    PrepareStatus,
    StoredFile,
    TaskStatus,
    Token,
    Version,
)
from contentlib.library.ports import MetadataStore, SessionRows, Transaction
from contentlib.library.sessions import messages, preparation_states
from contentlib.library.sessions.transfer_sessions import TransferSessions


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """A file of a download session's content version; `position` is its place in the version, and its name in URLs."""

    file: StoredFile
    preparation: Preparation
    position: int


class PendingFile(msgspec.Struct, frozen=True):
    """A file whose bytes are being stored, as an upload of a storage, by a task; `blob` is set when all of them are there."""

    name: str
    size: int
    storage: str
    upload: str
    task: str
    blob: str | None = None


Demand = Callable[[str, str], Awaitable[str]]
"""Begins to bring the content of an item here, for a user; answers the task that does."""


async def _nowhere(item_id: str, _user: str) -> str:
    raise NotHere(messages.NOT_CACHED(item=item_id))


class DownloadSessions(TransferSessions[DownloadSession]):
    """The operations on download sessions; `demand` brings content that is not here."""

    kind = "download session"
    progress_field = "progress"

    def __init__(
        self, metadata: MetadataStore, blobs: Blobs, clock: Clock, leases: Leases, ended: Ended, demand: Demand = _nowhere
    ) -> None:
        super().__init__(metadata, clock, leases, ended)
        self._blobs = blobs
        self._demand = demand

    def _rows(self, transaction: Transaction) -> SessionRows[DownloadSession]:
        return transaction.download_sessions

    async def create(self, user: str, login: str, item_id: str | None, token: Token | None) -> str:
        """Starts a session on the current content version of an item."""
        if item_id is None:
            raise Invalid(REQUIRED(field="create_spec.library_item_id"))

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

    async def delete(self, session_id: str) -> None:
        """Removes a session in any state; its URLs are dead."""
        async with self._metadata.transaction(durable=False) as transaction:
            await self.find(transaction, session_id)
            await transaction.download_sessions.remove(session_id)
        self.ended(session_id)

    async def files(self, session_id: str) -> list[DownloadFile]:
        """Returns the files of the session's content version, with their preparations."""
        await self.get(session_id)  # touches it, or ends it
        _, files = await self._files(session_id)
        return files

    async def file(self, session_id: str, name: str) -> DownloadFile:
        """Returns one of `files`. Raises MissingFile for an unknown name."""
        return self._named(session_id, await self.files(session_id), name)

    async def prepare(self, session_id: str, name: str, endpoint: EndpointType) -> DownloadFile:
        """Prepares a file: it is PREPARED when this returns, or in ERROR when its bytes are not those that were stored.

        One whose bytes are not here is PREPARE_REQUESTED, until they are.
        """
        await self.get(session_id)
        session, files = await self._files(session_id)
        self.fired(session, "changed")
        found = self._named(session_id, files, name)
        if found.file.blob:
            preparation = await self._checked(session, found, endpoint)
        else:
            task = await self._demand(session.item, session.user)
            requested = preparation_states.fire(found.preparation, "requested")
            preparation = replace(requested, endpoint=endpoint, fault=None, task=task)
        async with self._metadata.transaction(durable=False) as transaction:
            await self.active(transaction, session_id, "changed")
            await transaction.preparations.put(preparation)
        return DownloadFile(found.file, preparation, found.position)

    async def _checked(self, session: DownloadSession, found: DownloadFile, endpoint: EndpointType) -> Preparation:
        before = replace(found.preparation, endpoint=endpoint, fault=None, task=None)
        try:
            with self._leases.held(session):
                await self._blobs.check(found.file.blob, found.file.name)
        except Damaged as damaged:
            return replace(preparation_states.fire(before, "damaged"), fault=damaged.fault)
        return preparation_states.fire(before, "checked")

    async def target(self, session_id: str, position: int) -> tuple[DownloadSession, StoredFile, Blob]:
        """Returns the target of a download URL. Raises Missing, NotActive if the session has ended, or Damaged."""
        await self.expire(session_id)
        session, version, _ = await self._content(session_id)
        self.fired(session, "changed")
        if not 0 <= position < len(version.files):
            raise Missing("download", f"{session_id}/{position}")
        file = version.files[position]
        with self._leases.held(session):
            return session, file, await self._blobs.check(file.blob, file.name)

    async def coming(self, session_id: str, position: int) -> tuple[DownloadSession, PendingFile] | None:
        """Returns the target of a download URL while its bytes are still being fetched; None if they are stored."""
        session, version, done = await self._content(session_id)
        file = version.files[position] if position < len(version.files) else None
        preparation = None if file is None else done.get(file.name)
        if file is None or file.blob or preparation is None or preparation.task is None:
            return None
        found = await self._coming(session, file, preparation.task)
        return None if found is None else (session, found)

    async def _coming(self, session: DownloadSession, file: StoredFile, task: str) -> PendingFile | None:
        async with self._metadata.reading() as transaction:
            offer, item = await transaction.offers.get(session.item), await transaction.items.get(session.item)
            library = None if item is None else await transaction.libraries.get(item.library)
            if offer is None or library is None:
                return None
            offered = next((each for each in offer.offered.files if each.name == file.name), None)
            if offered is None or offered.size is None:
                return None
            upload = upload_of(library.id, offer.offered, offered)
            arrival = await transaction.arrivals.get(upload)
        return PendingFile(file.name, offered.size, library.storage, upload, task, arrival.blob if arrival else None)

    async def _at_hand(self, session: DownloadSession, file: StoredFile, preparation: Preparation) -> Preparation:
        """A file is PREPARED when its first bytes are here; the rest follows while they are read."""
        if preparation.status is not PrepareStatus.PREPARING or preparation.task is None:
            return preparation
        found = await self._coming(session, file, preparation.task)
        if found is None or not (found.blob or await self._begun(found)):
            return preparation
        return preparation_states.fire(preparation, "arrived")

    async def _begun(self, coming: PendingFile) -> bool:
        store, lane = self._blobs.store, self._blobs.on(coming.storage)
        return bool(await lane.run(store.staged_size, coming.storage, coming.upload))

    async def going_on(self, task_id: str) -> bool:
        """Whether a task that brings bytes has not ended."""
        async with self._metadata.reading() as transaction:
            task = await transaction.tasks.get(task_id)
        return task is not None and task.ended is None

    async def _files(self, session_id: str) -> tuple[DownloadSession, list[DownloadFile]]:
        session, version, done = await self._content(session_id)
        return session, [
            DownloadFile(file, await self._at_hand(session, file, done.get(file.name) or _untouched(session_id, file.name)), n)
            for n, file in enumerate(version.files)
        ]

    def _named(self, session_id: str, files: list[DownloadFile], name: str) -> DownloadFile:
        for found in files:
            if found.file.name == name:
                return found
        raise MissingFile(self.kind, session_id, name)

    async def _content(self, session_id: str) -> tuple[DownloadSession, Version, dict[str, Preparation]]:
        async with self._metadata.reading() as transaction:
            session = await self.find(transaction, session_id)
            version = await _version(transaction, session)
            done = [await _now(transaction, version, each) for each in await transaction.preparations.of(session_id)]
        return session, version, {each.name: each for each in done}


async def _version(transaction: Transaction, session: DownloadSession) -> Version:
    """Returns the version that the session serves or, if it is not stored, what is known of it."""
    version = None if session.version_id is None else await transaction.versions.get(session.version_id)
    if version is not None:
        return version
    item = await transaction.items.get(session.item)
    if item is not None and not item.cached:
        return await shown_version(transaction, item)
    return Version("", session.item, session.content_version, session.created, ())


async def _now(transaction: Transaction, version: Version, preparation: Preparation) -> Preparation:
    """Returns the current state of a preparation, whose task may be running, have failed, or have fetched the bytes."""
    if preparation.task is None:
        return preparation
    file = version.file(preparation.name)
    if file is not None and file.blob:
        return preparation_states.fire(preparation, "brought")
    task = await transaction.tasks.get(preparation.task)
    if task is None or task.status is TaskStatus.SUCCEEDED:  # the bytes came, and have gone again
        return preparation_states.fire(preparation, "dropped")
    if task.status is TaskStatus.FAILED:
        return replace(preparation_states.fire(preparation, "failed"), fault=task.fault)
    if task.status is TaskStatus.RUNNING:
        return preparation_states.fire(preparation, "begun")
    return preparation


def _untouched(session_id: str, name: str) -> Preparation:
    return Preparation(session_id, name, PrepareStatus.UNPREPARED)
