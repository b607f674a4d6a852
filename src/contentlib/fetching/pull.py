"""Fetches files of update sessions: the handler of the tasks that `add` submits for source type PULL.

Received bytes are kept when a connection breaks or the server stops. The rest is requested by Range if the publisher confirms
that the file is unchanged; otherwise the file is fetched again. An OVA is unpacked while it arrives.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from contentlib.fetching import messages
from contentlib.fetching.arriving import ArchiveFile, Different, IncomingFile, PlainFile
from contentlib.fetching.companions import Companions
from contentlib.fetching.fetch import Fetching, Origin, Transport
from contentlib.fetching.references import references_of
from contentlib.jobs.worker import Again, Progress
from contentlib.library.bytes.storages import Storages
from contentlib.library.errors import Fault, Missing, NotActive, NotFetched, QuotaExceeded
from contentlib.library.leases import Leases
from contentlib.library.model import SourceEndpoint, Task, TransferStatus, UpdateFile, UpdateSession
from contentlib.library.packages import ovf
from contentlib.library.sessions import transfer_faults
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.pulls import PullArguments, Remembered
from contentlib.library.sessions.settling import Settling
from contentlib.library.sessions.update_files import UpdateFiles
from contentlib.library.tasks import Tasks
from contentlib.library.threads import NotStored
from contentlib.outbound.problems import Problem, RequestFailed
from contentlib.outbound.sources import host_of

_BEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PullContext:
    """Dependencies of pulls."""

    files: UpdateFiles
    transfers: FileTransfers
    settling: Settling
    tasks: Tasks
    storages: Storages
    leases: Leases
    transport: Transport


class Pulls:
    """Runs pulls."""

    def __init__(self, context: PullContext) -> None:
        self._context = context

    async def run(self, task: Task, progress: Progress) -> str | None:
        """One attempt to fetch a file."""
        wanted = msgspec.json.decode(task.arguments, type=PullArguments)
        session, file = await self._context.transfers.target(wanted.session, wanted.file)
        try:
            if file.status is not TransferStatus.READY:  # else it is a task that was killed at its very end
                await self._fetch(_Attempt(self._context, task, progress, wanted, session, file))
        except NotFetched:
            await self._settle(session.id)
            raise
        await self._settle(session.id)
        return None

    async def refuse(self, task: Task, fault: Fault) -> None:
        """Sets the file to ERROR, because its user may not have it fetched any more."""
        wanted = msgspec.json.decode(task.arguments, type=PullArguments)
        with suppress(Missing, NotActive):  # the file is no longer needed
            session, file = await self._context.transfers.target(wanted.session, wanted.file)
            if file.status is not TransferStatus.READY:
                await self._context.transfers.stop(file, 0, fault)
                await _Attempt(self._context, task, Progress(task), wanted, session, file).discard()
            await self._settle(session.id)

    async def _settle(self, session_id: str) -> None:
        with suppress(OSError):  # not an error of the pull; the job that settles sessions retries and reports it
            await self._context.settling.settle(session_id)

    async def _fetch(self, attempt: _Attempt) -> None:
        """Fetches until the file is complete, cannot be fetched, or is no longer needed."""
        fetching = asyncio.create_task(attempt.fetch())
        watching = asyncio.create_task(attempt.watch())
        try:
            await asyncio.wait((fetching, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            fetching.cancel()
            watching.cancel()
            await asyncio.gather(fetching, watching, return_exceptions=True)
        if fetching.cancelled() or isinstance(fetching.exception(), Missing | NotActive):
            await attempt.discard()
        if fetching.cancelled():
            watching.result()  # raises what tells why
        fetching.result()


class _Attempt:
    """One attempt to fetch one file."""

    def __init__(
        self,
        context: PullContext,
        task: Task,
        progress: Progress,
        wanted: PullArguments,
        session: UpdateSession,
        file: UpdateFile,
    ) -> None:
        self._context = context
        self._task = task
        self._progress = progress
        self._wanted = wanted
        self._session = session
        self._file = file
        self._finishing = False

    async def watch(self) -> None:
        """Keeps the session alive. Raises Missing or NotActive if the file is no longer needed."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                if not self._finishing:
                    await self._context.transfers.target(self._session.id, self._file.id)
            except (Missing, NotActive):
                if not self._finishing:
                    raise

    async def fetch(self) -> None:
        """Fetches the file. NotFetched when it is in ERROR, Again when another attempt may help."""
        arriving = await self._arriving()
        try:
            await self._bring(arriving)
        except RequestFailed as error:
            await self._broke_off(self._told(error.problem), arriving, again=error.problem.again)
        except NotStored as error:
            fault = transfer_faults.not_stored(self._file.name, self._session.storage, arriving.size, error.error)
            await self._broke_off(fault, arriving, again=not transfer_faults.is_full(error.error))
        except (Different, QuotaExceeded) as error:
            await self._broke_off(error.fault, arriving, again=False)
        finally:
            await arriving.leave()

    async def discard(self) -> None:
        """Discards the received bytes."""
        storages, storage = self._context.storages, self._session.storage
        await storages.on(storage).release(partial(storages.store.discard, storage, self._file.id))

    async def _arriving(self) -> IncomingFile:
        context, session, file = self._context, self._session, self._file
        store, lane = context.storages.store, context.storages.on(session.storage)
        if await context.transfers.unpacks(session, file):
            return ArchiveFile(context.transfers, session, file, store, lane)
        return PlainFile(context.transfers, session, file, store, lane)

    async def _bring(self, arriving: IncomingFile) -> None:
        file = self._file
        if file.endpoint is None:
            raise Different(messages.PULL_NO_SOURCE(name=file.name))
        async with self._context.transport.limits.transfer(file.name, host_of(file.endpoint.uri)):
            await self._context.transfers.begin(file, file.size or 0)
            await arriving.begin()
            await self._fetching(file.endpoint, arriving).run()
        if isinstance(arriving, PlainFile) and ovf.is_descriptor(file.name):
            await self._add_references(arriving)
        self._finishing = True
        self._progress.note(arriving.size, arriving.size)
        fault = await arriving.finish()
        if fault is not None:
            raise Different(fault)

    def _fetching(self, endpoint: SourceEndpoint, arriving: IncomingFile) -> Fetching:
        origin, remember = Origin(endpoint, self._wanted.seen), partial(self._remember, arriving)
        return Fetching(self._context.transport, self._file, origin, arriving, remember, self._moved)

    async def _add_references(self, arriving: PlainFile) -> None:
        text = await arriving.text(ovf.LARGEST_DESCRIPTOR)
        if text is None or self._file.endpoint is None or not await self._context.transfers.takes_packages(self._session):
            return
        references = await asyncio.to_thread(references_of, self._file.name, text, self._file.endpoint)
        known = await self._context.files.changes(self._session.id)
        companions = Companions(self._context.transport.client, self._context.transport.sources)
        references += await companions.of(self._file.name, self._file.endpoint, known)
        if references:
            await self._context.files.add_references(self._file, references)

    async def _remember(self, arriving: IncomingFile, seen: Remembered) -> None:
        if seen.total is not None:
            arriving.expect(seen.total)
        arguments = replace(self._wanted, seen=seen)
        await self._context.tasks.remember(self._task.id, msgspec.json.encode(arguments).decode())

    def _moved(self, size: int, total: int | None) -> None:
        self._progress.note(size, max(size, total or 0))
        self._context.leases.note_progress(self._file.id, size)

    async def _broke_off(self, fault: Fault, arriving: IncomingFile, *, again: bool) -> NoReturn:
        """Records the error of the file and discards bytes that cannot be reused."""
        self._finishing = False
        if again and not self._progress.last:
            await self._context.transfers.wait(self._file, arriving.size, fault)
            raise Again(fault)
        await arriving.drop()
        await arriving.leave()
        await self._context.transfers.stop(self._file, 0, fault)
        raise NotFetched(fault)

    def _told(self, problem: Problem) -> Fault:
        name = self._file.name
        return messages.PULL_FAILED(kind=problem.kind.value, name=name, problem=problem.text)
