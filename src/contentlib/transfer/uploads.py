"""Handles upload URLs: PUT and POST receive bytes, HEAD returns the offset."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from contentlib.http.failures import RETRY, ServerFailed
from contentlib.http.message import Disconnected, Headers, Request, Response, method_not_allowed, text
from contentlib.library.actors import act_as
from contentlib.library.bytes.storages import Storages
from contentlib.library.bytes.throttle import Throttle
from contentlib.library.errors import Busy, Fault, LibraryError, Missing, NotActive, QuotaExceeded, Superseded
from contentlib.library.leases import Leases
from contentlib.library.model import TransferStatus, UpdateFile, UpdateSession
from contentlib.library.ports import ClaimHeld, ClaimLost, Staged, StorageAway, StorageSpace, space_of
from contentlib.library.sessions import transfer_faults as faults
from contentlib.library.sessions import unpacking
from contentlib.library.sessions.file_transfers import FileTransfers, UploadTarget
from contentlib.library.signals import Signal
from contentlib.library.threads import NotStored
from contentlib.transfer import messages
from contentlib.transfer.addresses import DataAddress
from contentlib.transfer.answers import RequestRefused
from contentlib.transfer.concurrency import UNLIMITED, TransfersOfUsers
from contentlib.transfer.decoding import with_decoded_body
from contentlib.transfer.incoming import Incoming
from contentlib.transfer.part import Part, part_of
from contentlib.transfer.receiving import RECEIVED, Memory, Replaced, Stopped, Upload, Wrong
from contentlib.transfer.unpacking import ArchiveUpload

_METHODS = ("HEAD", "POST", "PUT")
_STALLED_SECONDS = 10.0  # a client from which nothing came for so long gives way to one that has bytes
_LEAVE_SECONDS = 5.0
_ELSEWHERE_SECONDS = 2.0  # in which an upload at another process ends, if it does
_AGAIN_SECONDS = 0.05
_SILENT_AGAIN_SECONDS = 0.25
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class _Ending:
    """Early end of an upload: the error to store, whether its bytes can be reused, and the response."""

    fault: Fault | None
    keep: bool
    status: int | None


@dataclass(frozen=True, slots=True)
class _Hashed:
    """Hash state of an interrupted upload of a session, and the mark of its bytes at that time."""

    session: str
    memory: Memory
    mark: str


class Uploads:
    """Receives the bytes of pushed files.

    A resumed upload is not hashed again from the start if its bytes are unchanged and this process has hashed them. The signal
    `wanted` asks other processes to end the upload of a file if its client is silent.
    """

    def __init__(
        self,
        transfers: FileTransfers,
        storages: Storages,
        leases: Leases,
        throttle: Throttle,
        users: TransfersOfUsers = UNLIMITED,
        wanted: Signal[[str]] | None = None,
    ) -> None:
        self._users = users
        self._wanted = wanted or Signal()
        self._transfers = transfers
        self._storages = storages
        self._store = storages.store
        self._leases = leases
        self._throttle = throttle
        self._running: dict[str, Upload] = {}
        self._hashed: dict[str, _Hashed] = {}

    async def handle(self, request: Request, address: DataAddress) -> Response:
        """The answer to a request for an upload address."""
        if request.method not in _METHODS:
            return method_not_allowed(request.method, _METHODS)
        session, file = await self._transfers.target(address.session, address.file)
        act_as(session.user, session.login)
        if request.method == "HEAD":
            return await self._progress(session, file)
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise RequestRefused(415, messages.FORM())
        await self._users.make_room(session.user)
        with self._users.upload(session.user):
            return await self._receive(request, session, file)

    async def _receive(self, request: Request, session: UpdateSession, file: UpdateFile) -> Response:
        request = with_decoded_body(request, file.name)
        part = part_of(request)
        if part.start and file.status is TransferStatus.READY:
            raise RequestRefused(409, messages.ALREADY_COMPLETE(name=file.name, size=file.received), _offset(file.received))
        try:
            staged = await self._stage(session, file, part)
        except OSError as error:
            await self._no_stage(session, file, error)
        upload = None
        try:
            upload = await self._upload(request, session, file, part, staged)
            return await self._take(request, upload, staged)
        except NotStored as error:
            await self._no_stage(session, file, error.error)
        finally:
            if upload is not None:
                await upload.leave()
            await self._storages.on(session.storage).release(staged.close)
            if upload is not None:
                upload.over.set()

    def ended(self, session_or_file_id: str) -> None:
        """Stops the uploads of a session, or the upload of a file."""
        for file_id, hashed in list(self._hashed.items()):
            if session_or_file_id in (hashed.session, file_id):
                del self._hashed[file_id]
        for upload in self._running.values():
            if session_or_file_id in (upload.session.id, upload.file.id):
                upload.incoming.stop(Stopped())

    def give_way(self, file_id: str) -> bool:
        """Stops the upload of a file if its client is silent, because another process has a client with bytes for it."""
        upload = self._running.get(file_id)
        if upload is None or upload.incoming.quiet() < _STALLED_SECONDS:
            return False
        upload.incoming.stop(Replaced())
        return True

    def stop_silent(self) -> None:
        """Stops uploads whose client has been silent for longer than a lease. Received bytes are kept."""
        seconds = self._leases.milliseconds / 1000
        for upload in self._running.values():
            if upload.incoming.quiet() > seconds:
                upload.incoming.stop(Wrong(408, faults.silent(upload.size, int(seconds)), keep=True))

    async def _progress(self, session: UpdateSession, file: UpdateFile) -> Response:
        if file.status is TransferStatus.READY:
            offset = file.received
        else:
            offset = await self._there(session, file)
        headers = [*_offset(offset), ("cache-control", "no-store")]
        if file.size is not None:
            headers.append(("upload-length", str(file.size)))
        return Response(200, headers=headers)

    async def _there(self, session: UpdateSession, file: UpdateFile) -> int:
        lane = self._storages.on(session.storage)
        if not await self._transfers.unpacks(session, file):
            return await lane.run(self._store.staged_size, session.storage, file.id)
        archive = unpacking.ArchiveReceiver(self._transfers, session, file, self._store, lane)
        try:
            return await archive.arrived()
        except NotStored as error:
            raise error.error from error

    # who may write

    async def _stage(self, session: UpdateSession, file: UpdateFile, part: Part) -> Staged:
        deadline: float | None = None
        while True:
            try:
                return await self._storages.on(session.storage).run(self._open, session.storage, file, part)
            except ClaimLost:  # while it opened the upload, which another process has opened since
                break
            except BlockingIOError as error:
                now = time.monotonic()
                deadline = now + await self._ask(file) if deadline is None else deadline
                silent = isinstance(error, ClaimHeld) and error.silent  # then its claim ends soon
                if now >= deadline and not silent:
                    break
            await asyncio.sleep(_AGAIN_SECONDS if now < deadline else _SILENT_AGAIN_SECONDS)
        raise RequestRefused(409, messages.BEING_SENT(name=file.name))

    async def _ask(self, file: UpdateFile) -> float:
        """Asks the upload that holds the lock to end, if its client is silent. Returns the seconds after which it has not."""
        if file.id in self._running:
            return _LEAVE_SECONDS if await self._makes_way(file.id) else 0.0
        self._wanted(file.id)
        return _ELSEWHERE_SECONDS

    def _open(self, storage: str, file: UpdateFile, part: Part) -> Staged:
        """Opens an upload if there is space for its bytes. Those of an earlier attempt may already be stored."""
        coming = part.length if part.length is not None else part.total or file.size or 0
        space = space_of(self._store, storage)
        if space is not None:
            there = self._store.staged_size(storage, file.id) if part.start is None else 0
            self._check_space(space, coming, there)
        return self._store.stage(storage, file.id)

    def _check_space(self, space: StorageSpace, coming: int, there: int) -> None:
        if space.room + there < max(coming, 1):
            told = f"{space.free} bytes are free, {space.reserved} of them are reserved, {max(coming - there, 1)} are needed"
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {told}")

    async def _makes_way(self, file_id: str) -> bool:
        """Whether the upload that holds the lock has ended. Stops it if its client is silent."""
        upload = self._running[file_id]
        if not self.give_way(file_id):
            return False
        await asyncio.wait({asyncio.create_task(upload.over.wait())}, timeout=_LEAVE_SECONDS)
        return upload.over.is_set()

    async def _no_stage(self, session: UpdateSession, file: UpdateFile, error: OSError) -> NoReturn:
        fault = faults.not_stored(file.name, session.storage, 0, error)
        with suppress(Superseded):  # another process receives it
            await self._transfers.stop(file, 0, fault)
        raise ServerFailed(_storage_status(error), fault, _retry(error)) from error

    # what becomes of an upload

    async def _upload(self, request: Request, session: UpdateSession, file: UpdateFile, part: Part, staged: Staged) -> Upload:
        kind = ArchiveUpload if await self._transfers.unpacks(session, file) else Upload
        lane = self._storages.on(session.storage)
        incoming = Incoming(request, lambda: len(self._running))
        upload = kind(incoming, UploadTarget(session, file), part, self._transfers, lane, self._throttle)
        if part.start is not None and part.start != (there := await upload.there(staged, self._store)):
            # 409 as tus answers it; 416 is about what is read
            wrong = messages.WRONG_OFFSET(name=file.name, expected=there, given=part.start)
            raise RequestRefused(409, wrong, _offset(there))
        return upload

    async def _take(self, request: Request, upload: Upload, staged: Staged) -> Response:
        file = upload.file
        self._running[file.id] = upload
        try:
            complete = await upload.receive(staged, self._store, self._known(file.id, staged))
        except Exception as error:
            return await self._ended_early(request, upload, staged, error)
        finally:
            if self._running.get(file.id) is upload:  # after its bytes were stored, another upload may have started
                del self._running[file.id]
            await upload.incoming.close()
        if complete:
            return _ready(upload)
        await self._remember(upload, staged)
        size = upload.received(staged)
        return text(200, messages.RECEIVED(size=size, name=file.name).text, _offset(size))

    async def _ended_early(self, request: Request, upload: Upload, staged: Staged, error: Exception) -> Response:
        """Notes with the file why its upload ended, and drops bytes that are of no use."""
        error = await self._cause(upload, error)
        received = upload.received(staged)
        ending = self._ending(request, upload, received, error)
        lane, wanted = self._storages.on(upload.session.storage), ending.keep
        if wanted:
            received = await self._saved(upload, staged)
        else:  # before anything is noted: a full disk has room again then
            await self._discard(upload, staged)
        if ending.fault is not None:
            try:
                await self._transfers.stop(upload.file, received if wanted else 0, ending.fault)
            except (Missing, NotActive):  # the session ended meanwhile
                wanted = False
                await self._discard(upload, staged)
            except Superseded as newer:
                error, ending = newer, self._ending(request, upload, received, newer)
        if wanted:
            await self._remember(upload, staged)
        else:  # last, and only these bytes: without its name the upload is unlocked, and another one may start
            await lane.release(staged.drop)
        if ending.status is None:
            raise error
        sentence = str(error) if ending.fault is None else ending.fault.text
        if ending.status == RECEIVED:
            told = {"name": upload.file.name, "size": received, "status": "ERROR", "error_message": sentence}
            return Response(RECEIVED, msgspec.json.encode(told), "application/json")
        headers = (_offset(received) if ending.keep else []) + _retry(error)
        if isinstance(error, NotStored) and ending.fault is not None:
            raise ServerFailed(ending.status, ending.fault, headers) from error.error
        return text(ending.status, sentence, headers)

    async def _saved(self, upload: Upload, staged: Staged) -> int:
        """Returns the number of bytes that the next request finds."""
        with suppress(OSError):  # then it finds fewer
            await self._storages.on(upload.session.storage).run(staged.save)
        return upload.received(staged)

    async def _discard(self, upload: Upload, staged: Staged) -> None:
        await self._storages.on(upload.session.storage).release(staged.empty)
        with suppress(Missing, NotActive):  # it went with its session
            await upload.discard()

    def _ending(self, request: Request, upload: Upload, size: int, error: Exception) -> _Ending:
        name = upload.file.name
        if isinstance(error, Disconnected):
            return _Ending(faults.broken(size, upload.total), keep=True, status=None)
        if isinstance(error, Wrong):
            return _Ending(error.fault, error.keep, error.status)
        if isinstance(error, QuotaExceeded):
            return _Ending(error.fault, keep=False, status=507)
        if isinstance(error, Replaced | Superseded):
            return _Ending(None, keep=True, status=409)
        if isinstance(error, Busy):
            return _Ending(None, keep=False, status=409)
        if isinstance(error, Stopped | Missing | NotActive):
            return _Ending(None, keep=False, status=404)
        if isinstance(error, NotStored):
            fault = faults.not_stored(name, upload.session.storage, size, error.error)
            return _Ending(fault, keep=not faults.is_full(error.error), status=_storage_status(error.error))
        return _Ending(faults.failed(name, request.request_id), keep=True, status=None)

    async def _cause(self, upload: Upload, error: Exception) -> Exception:
        if isinstance(error, Stopped):
            return await self._why(upload) or error
        if isinstance(error, ClaimLost) or (isinstance(error, NotStored) and isinstance(error.error, ClaimLost)):
            return Replaced()
        return NotStored(error) if isinstance(error, StorageAway) else error

    async def _why(self, upload: Upload) -> LibraryError | None:
        try:
            await self._transfers.target(upload.session.id, upload.file.id)
        except (Missing, NotActive) as error:
            return error
        return None

    # what was read already

    def _known(self, file_id: str, staged: Staged) -> Memory | None:
        """Returns the hash state of the stored bytes, unless another process has received some since."""
        hashed = self._hashed.pop(file_id, None)
        return hashed.memory if hashed is not None and hashed.mark == staged.mark else None

    async def _remember(self, upload: Upload, staged: Staged) -> None:
        memory = upload.memory(staged)
        if memory is None:
            return
        with suppress(OSError):  # then they are read again
            mark = await upload.stamp(staged)
            self._hashed[upload.file.id] = _Hashed(upload.session.id, memory, mark)
            if len(self._hashed) > _REMEMBERED:
                del self._hashed[next(iter(self._hashed))]


def _ready(upload: Upload) -> Response:
    """The answer to the last byte; 200, because 204 is a failure to govmomi."""
    return Response(200, msgspec.json.encode(upload.told()), "application/json", _offset(upload.size))


def _offset(size: int) -> Headers:
    return [("upload-offset", str(size))]


def _storage_status(error: OSError) -> int:
    """Returns 507 and 503 as they are. For other errors it returns 400, because govc only shows the body of a 400."""
    if isinstance(error, StorageAway):
        return 503
    return 507 if faults.is_full(error) else 400


def _retry(error: Exception) -> Headers:
    return RETRY if isinstance(error.error if isinstance(error, NotStored) else error, StorageAway) else []
