"""Keeps sessions with fetched files alive, and completes or fails them."""

from __future__ import annotations

from contentlib.library.errors import Busy, Fault, LibraryError, Missing, NotActive, Superseded
from contentlib.library.leases import Leases
from contentlib.library.model import Source, State, TransferStatus, UpdateFile, UpdateSession
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.sessions import messages
from contentlib.library.sessions.completion import Completion
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.tasks import CANCELED

_COMING = (TransferStatus.WAITING_FOR_TRANSFER, TransferStatus.TRANSFERRING)


class Settling:
    """Manages sessions with fetched files.

    A session that its client has completed becomes DONE when its last file arrives, or ERROR when one cannot be fetched.
    Without other files, a session that was not completed ends in the same way when its client has polled its state for
    `patience` milliseconds and done nothing else, as Terraform does before it completes. A silent client ends nothing. 0
    disables this.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        updates: UpdateSessions,
        transfers: FileTransfers,
        completion: Completion,
        leases: Leases,
        patience: int,
    ) -> None:
        self._metadata = metadata
        self._updates = updates
        self._transfers = transfers
        self._completion = completion
        self._leases = leases
        self._patience = patience
        self._at_work: set[str] = set()

    async def watch(self) -> None:
        """Keeps sessions with fetched files alive, and marks files that are no longer fetched."""
        async with self._metadata.reading() as transaction:
            found = [
                (session, await transaction.update_files.of(session.id))
                for session in await transaction.update_sessions.pulled()
            ]
            given_up = [
                (file, fault)
                for _, files in found
                for file in files
                if _is_coming(file) and (fault := await _given_up(transaction, file)) is not None
            ]
        for session, files in found:
            if session.id in self._at_work or any(_is_coming(file) for file in files):
                self._leases.touch(session)
        for file, fault in given_up:
            await self._give_up(file, fault)

    async def _give_up(self, file: UpdateFile, fault: Fault) -> None:
        try:
            await self._transfers.forget_members(file)
            await self._transfers.stop(file, 0, fault)
        except (Missing, NotActive, Superseded):
            return  # it was removed, its session ended, or it was begun again, since it was read

    async def run(self) -> None:
        """Ends all sessions that are due."""
        async with self._metadata.reading() as transaction:
            sessions = await transaction.update_sessions.pulled()
        self._updates.polls.keep(sessions)
        for session in sessions:
            await self.settle(session.id)

    async def settle(self, session_id: str) -> None:
        """Ends the session if it is due; for a session that is not, or has ended, does nothing."""
        if session_id in self._at_work:
            return
        self._at_work.add(session_id)
        try:
            await self._settle(session_id)
        except (Busy, Missing, NotActive):
            return  # it was completed or changed meanwhile; it is checked again
        except LibraryError as error:
            await self._end(session_id, error.fault)
        finally:
            self._at_work.discard(session_id)

    async def _settle(self, session_id: str) -> None:
        async with self._metadata.reading() as transaction:
            session = await transaction.update_sessions.get(session_id)
            files = await transaction.update_files.of(session_id)
        if session is None or session.state is not State.ACTIVE:
            return
        if not self._is_due(session, files):
            return
        failed = next((file for file in files if file.source is Source.PULL and file.status is TransferStatus.ERROR), None)
        if failed is not None:
            await self._end(session_id, _failure(failed))
        elif all(file.status is TransferStatus.READY for file in files):
            await self._completion.complete(session_id, asked=session.completing)

    async def _end(self, session_id: str, fault: Fault) -> None:
        try:
            await self._updates.end_in_error(session_id, fault)
        except (Missing, NotActive):
            return  # it was ended meanwhile

    def _is_due(self, session: UpdateSession, files: list[UpdateFile]) -> bool:
        if session.completing:
            return True
        if not self._patience or not files or any(file.source is not Source.PULL for file in files):
            return False
        polled = self._updates.polls.time(session)
        return polled is not None and polled >= self._patience


def _is_coming(file: UpdateFile) -> bool:
    return file.source is Source.PULL and file.status in _COMING


async def _given_up(transaction: Transaction, file: UpdateFile) -> Fault | None:
    """Returns why a file is no longer fetched. A file extracted from an archive has no task of its own."""
    if file.task is None:
        return None
    task = await transaction.tasks.get(file.task)
    if task is not None and task.ended is None:
        return None
    if task is not None and task.fault is not None and task.fault.id != CANCELED.id:
        return task.fault
    return messages.PULL_CANCELED(name=file.name)


def _failure(file: UpdateFile) -> Fault:
    if file.fault is None:
        return messages.PULL_NOT_FETCHED(name=file.name)
    return messages.PULL_FAILED(name=file.name, reason=file.fault)
