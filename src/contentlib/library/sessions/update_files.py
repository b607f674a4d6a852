"""Adds, removes and lists the files of an update session."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.bytes.storages import StorageSilent
from contentlib.library.checksums import Checksum
from contentlib.library.errors import Invalid, Missing, MissingFile, NotWritable, Unavailable
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Leases
from contentlib.library.messages import OUT_OF_RANGE
from contentlib.library.model import (
    Source,
    SourceEndpoint,
    State,
    StoredFile,
    TransferStatus,
    UpdateFile,
    UpdateSession,
    Version,
)
from contentlib.library.names import check_file_name
from contentlib.library.ports import MetadataStore, StorageAway, Transaction
from contentlib.library.quotas import reserve_room
from contentlib.library.sessions import messages, transfer_states
from contentlib.library.sessions.pulls import PullTasks
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.sessions.upload_rules import UploadRules

_LARGEST = 2**63 - 1


class NewFile(msgspec.Struct, frozen=True):
    """A caller's specification of a file to add."""

    name: str
    source: Source
    size: int | None = None
    checksum: Checksum | None = None
    endpoint: SourceEndpoint | None = None


class UpdateFiles:
    """The operations on the files of update sessions."""

    kind = UpdateSessions.kind

    def __init__(
        self,
        metadata: MetadataStore,
        sessions: UpdateSessions,
        leases: Leases,
        blobs: Blobs,
        pulls: PullTasks,
        rules: UploadRules,
    ) -> None:
        self._metadata = metadata
        self._sessions = sessions
        self._leases = leases
        self._blobs = blobs
        self._pulls = pulls
        self._rules = rules

    async def add(self, session_id: str, new: NewFile) -> UpdateFile:
        """Adds a file, or replaces one of the same name and discards its received bytes."""
        check_file_name("file_spec.name", new.name)
        if new.size is not None and not 0 <= new.size <= _LARGEST:
            raise Invalid(OUT_OF_RANGE(field="file_spec.size", least=0, most=_LARGEST, given=new.size))
        if self._rules.limit and (new.size or 0) > self._rules.limit:
            raise Invalid(messages.FILE_OVER_LIMIT(field="file_spec.size", size=new.size or 0, most=self._rules.limit))
        pulled = new.source is Source.PULL
        endpoint = await self._pulls.check(new.endpoint) if pulled else None
        await self._sessions.expire(session_id)
        await self._check_writable(session_id, new.size or 0)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._sessions.continued(transaction, session_id, "changed")
            old = await transaction.update_files.get(session_id, new.name)
            if old is None:
                await self._rules.check_count(transaction, session_id)
            base = await base_of(transaction, session)
            stored = base.file(new.name)
            if new.source is Source.NONE and stored is not None:
                if old is not None:
                    await transaction.update_files.remove(session_id, new.name)
                file = _unchanged(session_id, stored)
            else:
                file = UpdateFile(
                    id=new_identifier(),
                    session=session_id,
                    name=new.name,
                    source=new.source,
                    status=transfer_states.first("added"),
                    size=new.size,
                    checksum=new.checksum,
                    endpoint=endpoint,
                )
                file = await self._put(transaction, session, file)
            await remove_members(transaction, old)
            await self._sessions.note_act(transaction, session, pulled)
        self._leases.touch(session)
        if old is not None:
            self._sessions.ended(old.id)
        if pulled:
            self._pulls.wake()
        return file

    async def _put(
        self, transaction: Transaction, session: UpdateSession, file: UpdateFile, parent: str | None = None
    ) -> UpdateFile:
        """Adds the file, and the task that fetches it where the server is to do that."""
        if file.source is Source.PULL:
            file = replace(file, task=await self._pulls.submit(transaction, session, file, parent))
        await transaction.update_files.put(file)  # what was reserved for the file that it replaces is given back
        await reserve_room(transaction, session, file, file.size or 0)
        return file

    async def _check_writable(self, session_id: str, size: int) -> None:
        """Fails before a client sends bytes for which there is no space."""
        async with self._metadata.reading() as transaction:
            storage = (await self._sessions.find(transaction, session_id)).storage
        try:
            await self._blobs.check_writable(storage, size)
        except StorageSilent as error:
            raise Unavailable(error.fault) from error
        except OSError as error:
            fault = messages.STORAGE_NOT_WRITABLE(session=session_id, reason=error.strerror or str(error))
            raise (Unavailable if isinstance(error, StorageAway) else NotWritable)(fault) from error

    async def remove(self, session_id: str, name: str) -> None:
        """Removes a file from the item when the session completes. A file that only the session has is removed immediately."""
        await self._sessions.expire(session_id)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._sessions.continued(transaction, session_id, "changed")
            old = await transaction.update_files.get(session_id, name)
            stored = (await base_of(transaction, session)).file(name)
            if (stored is None and old is None) or (old is not None and old.removed):
                raise MissingFile(self.kind, session_id, name)
            if stored is None:
                await transaction.update_files.remove(session_id, name)
            else:
                status = transfer_states.first("removed")
                file = UpdateFile(new_identifier(), session_id, name, Source.NONE, status, removed=True)
                await transaction.update_files.put(file)
            await remove_members(transaction, old)
            await self._sessions.note_act(transaction, session)
        self._leases.touch(session)
        if old is not None:
            self._sessions.ended(old.id)

    async def all(self, session_id: str) -> list[UpdateFile]:
        """All files that the item will have when the session completes."""
        await self._sessions.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._sessions.find(transaction, session_id)
            changes = await transaction.update_files.of(session_id)
            base = await base_of(transaction, session)
        if session.state is State.ACTIVE:
            self._leases.touch(session)
            await self._sessions.note_look(session)
        changed = {file.name for file in changes}
        kept = [_unchanged(session_id, file) for file in base.files if file.name not in changed]
        return kept + [live(file, self._leases) for file in changes if not file.removed]

    async def get(self, session_id: str, name: str) -> UpdateFile:
        """Returns one of `all`. Raises MissingFile for an unknown name."""
        for file in await self.all(session_id):
            if file.name == name:
                return file
        raise MissingFile(self.kind, session_id, name)

    async def changes(self, session_id: str) -> set[str]:
        """The names of the files that a session changes."""
        async with self._metadata.reading() as transaction:
            return {file.name for file in await transaction.update_files.of(session_id)}

    async def add_references(self, descriptor: UpdateFile, references: Iterable[NewFile]) -> None:
        """Adds the files that a fetched descriptor references, to be fetched. Existing files of the session do not change.

        Sizes in descriptors are often wrong, so they are not declared for the files.
        """
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._sessions.active(transaction, descriptor.session, "changed")
            if await transaction.update_files.by_id(descriptor.session, descriptor.id) is None:
                raise Missing("upload", descriptor.id)
            room = self._rules.most_files - await transaction.update_files.count(session.id)
            for new in islice(references, max(room, 0)):  # completing the session tells what is missing
                if await transaction.update_files.get(session.id, new.name) is None:
                    file = UpdateFile(
                        id=new_identifier(),
                        session=session.id,
                        name=new.name,
                        source=Source.PULL,
                        status=transfer_states.first("added"),
                        endpoint=new.endpoint,
                    )
                    await self._put(transaction, session, file, descriptor.task)
        self._pulls.wake()


async def base_of(transaction: Transaction, session: UpdateSession) -> Version:
    """The content version that a session started from; one without files where there was none."""
    version = None if session.base is None else await transaction.versions.get(session.base)
    return version or Version("", session.item, session.content_version, session.created, ())


async def remove_members(transaction: Transaction, old: UpdateFile | None) -> list[UpdateFile]:
    """Removes the files of an archive that is no longer needed."""
    if old is None:
        return []
    members = [file for file in await transaction.update_files.of(old.session) if file.archive == old.id]
    for member in members:
        await transaction.update_files.remove(member.session, member.name)
    return members


def live(file: UpdateFile, leases: Leases) -> UpdateFile:
    """The file with the bytes that have come until now."""
    if file.status is TransferStatus.TRANSFERRING:
        return replace(file, received=leases.progress(file.id, file.received))
    return file


def _unchanged(session_id: str, file: StoredFile) -> UpdateFile:
    return UpdateFile(
        id="",
        session=session_id,
        name=file.name,
        source=Source.NONE,
        status=transfer_states.first("kept"),
        received=file.size,
        content=file.checksum,
        blob=file.blob,
    )
