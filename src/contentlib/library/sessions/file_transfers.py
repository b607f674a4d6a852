"""Transfers the bytes of an update session's files, from clients and from fetched URLs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import NamedTuple

from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs, Received
from contentlib.library.catalog.items import find_item
from contentlib.library.checksums import Algorithm, Checksum, compare
from contentlib.library.errors import Busy, Fault, Missing, Superseded
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Leases
from contentlib.library.model import Blob, Source, TransferStatus, UpdateFile, UpdateSession
from contentlib.library.packages import ovf
from contentlib.library.packages.recognition import ENOUGH, mistaken
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.quotas import reserve_room, settle_reservation
from contentlib.library.sessions import messages, transfer_states
from contentlib.library.sessions import transfer_faults as faults
from contentlib.library.sessions.update_files import remove_members
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.sessions.upload_rules import UploadRules


class UploadTarget(NamedTuple):
    """The file that bytes are for, and its session."""

    session: UpdateSession
    file: UpdateFile


class FileTransfers:
    """Records the transfer of each file. Changes of files that no longer belong to the session are rejected.

    `here` is the process that receives the bytes.
    """

    def __init__(
        self, metadata: MetadataStore, sessions: UpdateSessions, leases: Leases, blobs: Blobs, rules: UploadRules, here: str
    ) -> None:
        self._metadata = metadata
        self._sessions = sessions
        self._leases = leases
        self._blobs = blobs
        self.rules = rules
        self._here = here

    async def target(self, session_id: str, file_id: str) -> UploadTarget:
        """The session and the file that an upload is for; Missing when either is gone, NotActive when the session ended."""
        await self._sessions.expire(session_id)
        async with self._metadata.reading() as transaction:
            session = await self._sessions.find(transaction, session_id)
            file = await transaction.update_files.by_id(session_id, file_id)
        self._sessions.fired(session, "changed")
        if file is None:
            raise Missing("upload", file_id)
        self._leases.touch(session)
        return UploadTarget(session, file)

    async def begin(self, file: UpdateFile, expected: int = 0) -> None:
        """Notes that bytes of a file are coming, so many at least; a blob of an earlier transfer is let go.

        Busy when the file was completed since it was read, Superseded when a part of it was received: a request that its client
        gave up long ago may get its turn after the one that took its place. QuotaExceeded when there is no room for the bytes.
        """
        await self._mark("begun", file, replace(file, fault=None, blob=None), expected)

    async def reserve(self, file: UpdateFile, size: int) -> int:
        """Reserves room for so many bytes of a file, and returns how many are reserved. Raises QuotaExceeded."""
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._sessions.active(transaction, file.session, "changed")
            if await transaction.update_files.by_id(file.session, file.id) is None:
                raise Missing("upload", file.id)
            return await reserve_room(transaction, session, file, size)

    async def pause(self, file: UpdateFile, received: int) -> None:
        """Notes that a part of the bytes is there and more will come."""
        await self._mark("paused", file, replace(file, received=received, fault=None, blob=None))

    async def wait(self, file: UpdateFile, received: int, fault: Fault) -> None:
        """Records that a transfer broke off, with what was received, and that the server will continue it."""
        await self._mark("paused", file, replace(file, received=received, fault=fault, blob=None))

    async def stop(self, file: UpdateFile, received: int, fault: Fault) -> None:
        """Records that a transfer failed, with what was received."""
        await self._mark("failed", file, replace(file, received=received, fault=fault, blob=None))

    def differs(self, file: UpdateFile, size: int, digests: dict[Algorithm, str]) -> Fault | None:
        """Returns the error for bytes that do not match what was declared."""
        if file.size is not None and file.size != size:
            return faults.wrong_size(file.name, file.size, size)
        return compare(file.name, file.checksum, digests)

    async def finish(self, file: UpdateFile, received: Received) -> Fault | None:
        """Completes a file if size and checksum match; otherwise sets it to ERROR with the fault."""
        fault = self.differs(file, received.size, received.digests) or await self._mistaken(file, received)
        if fault is not None:
            await self.stop(file, 0, fault)
            return fault
        algorithm = Algorithm.SHA256 if file.checksum is None else file.checksum.algorithm
        content = Checksum(algorithm, received.digests[algorithm])
        complete = replace(file, received=received.size, content=content, fault=None)

        async def name(transaction: Transaction, blob: Blob) -> None:
            self._leases.touch(await self._record(transaction, "completed", file, replace(complete, blob=blob.id)))

        await self._sessions.expire(file.session)
        await self._blobs.keep(received, name)
        self._leases.note_progress(file.id, received.size)
        return None

    async def _mistaken(self, file: UpdateFile, received: Received) -> Fault | None:
        """Returns the error for bytes that are a page, a form or a text instead of the file itself."""
        storage, upload, start = received.storage, received.upload, received.start
        if start is None:
            start = await self._blobs.on(storage).run(self._blobs.store.staged_start, storage, upload, ENOUGH)
        return mistaken(file.name, start)

    def held(self, session: UpdateSession) -> AbstractContextManager[None]:
        """Keeps a session alive while the server is at work on its files."""
        return self._leases.held(session)

    async def beat(self, session: UpdateSession, file: UpdateFile, received: int) -> None:
        """Records the number of stored bytes. Raises Missing for a file that is no longer needed, or NotActive."""
        self._leases.note_progress(file.id, received)
        await self.target(session.id, file.id)

    # archives that are unpacked as they come

    async def unpacks(self, session: UpdateSession, file: UpdateFile) -> bool:
        """Whether a file is an OVA whose files are to become the item's, and not itself."""
        return ovf.is_archive(file.name) and await self.takes_packages(session)

    async def takes_packages(self, session: UpdateSession) -> bool:
        """Whether the item of a session is an OVF package, or may become one."""
        async with self._metadata.reading() as transaction:
            item = await find_item(transaction, session.item)
        return item.folded_type in ("", ovf.TYPE)

    async def is_untyped(self, archive: UpdateFile) -> bool:
        """Whether the item of an archive may be of any type."""
        async with self._metadata.reading() as transaction:
            session = await self._sessions.find(transaction, archive.session)
            return not (await find_item(transaction, session.item)).folded_type

    async def members(self, archive: UpdateFile) -> dict[str, UpdateFile]:
        """The files that came out of an archive, by name."""
        async with self._metadata.reading() as transaction:
            files = await transaction.update_files.of(archive.session)
        return {file.name: file for file in files if file.archive == archive.id}

    async def forget_members(self, archive: UpdateFile) -> list[UpdateFile]:
        """Removes all files of an archive from its session, so that it can be sent again, and returns them."""
        async with self._metadata.transaction(durable=False) as transaction:
            return await remove_members(transaction, archive)

    async def begin_member(self, archive: UpdateFile, name: str, size: int) -> UpdateFile:
        """Notes that a file of an archive begins; it is finished like any other."""
        member = UpdateFile(
            id=new_identifier(),
            session=archive.session,
            name=name,
            source=archive.source,
            status=transfer_states.first("extracted"),
            size=size,
            endpoint=archive.endpoint,
            archive=archive.id,
            writer=self._here,
            begun_by=self._here,
        )
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._sessions.active(transaction, archive.session, "changed")
            current = await transaction.update_files.by_id(archive.session, archive.id)
            if current is None:
                raise Missing("upload", archive.id)
            old = await transaction.update_files.get(archive.session, name)
            if old is None:
                await self.rules.check_count(transaction, archive.session)
            if current.name == name:  # an archive that is named as one of its files makes way for it
                reserved = await transaction.quotas.reserved(archive.id)
                await transaction.update_files.remove(archive.session, name)
                await transaction.update_files.put(replace(current, name=f"{name}{ovf.ARCHIVE}"))
                await reserve_room(transaction, session, current, reserved)
            await transaction.update_files.put(member)
        if old is not None and old.id != archive.id:
            self._sessions.ended(old.id)
        return member

    async def unpacked(self, archive: UpdateFile, size: int, digests: dict[Algorithm, str]) -> Fault | None:
        """Sets the archive to READY, like all its files, or records the error.

        It stays in the session for clients that wait for the file that they added, and is not part of the content.
        """
        fault = self.differs(archive, size, digests)
        if fault is None:
            content = archive.checksum
            await self._mark("completed", archive, replace(archive, received=size, content=content, blob=None, fault=None))
        return fault

    async def _mark(self, event: str, file: UpdateFile, changed: UpdateFile, expected: int = 0) -> None:
        """Records an event and other changes of a file. Raises NotActive if the event is not allowed in its status."""
        await self._sessions.expire(file.session)
        async with self._metadata.transaction(durable=False) as transaction:
            session = await self._record(transaction, event, file, changed, expected)
        self._leases.touch(session)
        self._leases.note_progress(file.id, changed.received)

    async def _record(
        self, transaction: Transaction, event: str, file: UpdateFile, changed: UpdateFile, expected: int = 0
    ) -> UpdateSession:
        session = await self._sessions.active(transaction, file.session, "changed")
        current = await transaction.update_files.by_id(file.session, file.id)
        if current is None:
            raise Missing("upload", file.id)
        completed = current.status is TransferStatus.READY
        if event == "begun" and completed and (file.status is not TransferStatus.READY or current.blob != file.blob):
            raise Busy(messages.COMPLETED_MEANWHILE(name=file.name))
        if event == "begun" and _is_paused(current) and current != file:
            raise Superseded(messages.CONTINUED_MEANWHILE(name=file.name, size=current.received))
        if not self._may_record(event, current, file):  # this process was taken for one that had ended
            raise Superseded(messages.TAKEN_OVER(name=file.name))
        status = transfer_states.fire(current, event).status
        writer, begun_by = (self._here, self._here) if event == "begun" else (None, current.begun_by)
        await transaction.update_files.change(
            replace(changed, name=current.name, status=status, writer=writer, begun_by=begun_by)
        )
        if event == "completed":
            await settle_reservation(transaction, session, changed)
        else:
            await reserve_room(transaction, session, file, expected)
        await self._sessions.note_act(transaction, session)
        return session

    def _may_record(self, event: str, current: UpdateFile, read: UpdateFile) -> bool:
        """Whether no other process has begun to receive a file since this one did, or since this one has `read` it."""
        if current.writer == self._here:
            return True
        if event == "begun":
            return current.writer in (None, read.writer)
        if event == "failed" and current == read:  # this process has not begun; a fetched file is that of its task's owner
            return current.writer is None or current.source is Source.PULL
        if current.writer is not None:
            return False
        if current.archive is not None:  # a member is not begun anew where another process continues with its archive
            return True
        return current.begun_by in (None, self._here)


def _is_paused(file: UpdateFile) -> bool:
    """Whether the client of a file has heard how much of it is there, and is to send the rest."""
    return file.status is TransferStatus.TRANSFERRING and file.writer is None and file.fault is None
