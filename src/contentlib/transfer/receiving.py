"""Receives one upload: writes the bytes of a request to a file and hashes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from contentlib.library.bytes import storing
from contentlib.library.bytes.blobs import Received
from contentlib.library.bytes.storages import Lane
from contentlib.library.bytes.throttle import Throttle
from contentlib.library.checksums import Hasher
from contentlib.library.errors import Fault
from contentlib.library.packages.recognition import ENOUGH
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.sessions import transfer_faults as faults
from contentlib.library.sessions.allowances import TransferAllowance
from contentlib.library.sessions.file_transfers import FileTransfers, UploadTarget
from contentlib.library.sessions.finishing import finish
from contentlib.library.sessions.unpacking import ArchiveReceiver
from contentlib.transfer import messages
from contentlib.transfer.incoming import Incoming
from contentlib.transfer.part import Part

_BEAT_SECONDS = 1.0
Memory = Hasher | ArchiveReceiver
"""What read the bytes of a file that are there already."""

RECEIVED = 200
"""The status if all bytes were received but are wrong.

For any other status, govmomi and Ansible only show the number. With this one they complete the session, which fails with
the error of the file, which they show.
"""


class Stopped(Exception):
    """The upload was stopped from outside: its session is over."""

    def __init__(self) -> None:
        super().__init__(messages.SESSION_OVER().text)


class Replaced(Exception):
    """Another request took the place of the upload."""

    def __init__(self) -> None:
        super().__init__(messages.REPLACED().text)


class Wrong(Exception):
    """The bytes do not match what was declared. `keep` tells whether the existing ones can be reused."""

    def __init__(self, status: int, fault: Fault, *, keep: bool) -> None:
        super().__init__(fault.text)
        self.status = status
        self.fault = fault
        self.keep = keep


class Upload:
    """An upload that holds the lock on its bytes."""

    def __init__(
        self,
        incoming: Incoming,
        target: UploadTarget,
        part: Part,
        transfers: FileTransfers,
        threads: Lane,
        throttle: Throttle,
    ) -> None:
        self.session, self.file = target
        self.part = part
        self.incoming = incoming
        self.over = asyncio.Event()
        self.hasher = Hasher()
        self.total = part.total if self.file.size is None else self.file.size
        self._transfers = transfers
        self._threads = threads
        self._throttle = throttle
        self._limit = transfers.rules.limit
        self._beaten = time.monotonic()
        self._allowance = TransferAllowance(transfers, self.file)

    async def there(self, staged: Staged, store: BlobStore) -> int:  # noqa: ARG002 - the store tells it of an archive
        """Number of bytes of the file before the request."""
        return staged.size

    async def receive(self, staged: Staged, store: BlobStore, known: Memory | None) -> bool:
        """Receives the bytes of the request. Returns whether the file is complete. Raises Wrong if it is not as declared.

        `known` has already hashed the existing bytes, if it is set.
        """
        self._check_size()
        await self._begin()
        self.incoming.start()
        await self._prepare(staged, store, known)
        start = b"" if self.part.start is None else None
        async for block in self._blocks(staged.size):
            if start is not None and len(start) < ENOUGH:
                start = b"".join((start, *block))[:ENOUGH]
            await storing.store(self._threads, staged, self.hasher, block)
        if self.part.start is not None:
            self._check_part(staged.size - self.part.start)
            if staged.size != self.total:
                await storing.sent(staged)
                await storing.put(self._threads, staged.save)
                await self._transfers.pause(self.file, staged.size)
                return False
        received = Received(self.session.storage, self.file.id, self.hasher.size, self.hasher.digests(), start)
        archive = ArchiveReceiver(self._transfers, self.session, self.file, store, self._threads)
        fault = await finish(self._transfers, archive, self.file, received, staged)
        if fault is not None:
            raise Wrong(RECEIVED, fault, keep=False)
        return True

    @property
    def size(self) -> int:
        """Number of stored and hashed bytes of the file."""
        return self.hasher.size

    def received(self, staged: Staged) -> int:
        """Number of stored bytes of the file."""
        return staged.size

    def memory(self, staged: Staged) -> Memory | None:
        """State of the hash, for the request that resumes the upload."""
        return self.hasher if self.hasher.size == staged.size else None

    async def stamp(self, staged: Staged) -> str:
        """Records the state of the stored bytes, so that the hash is only reused if they are unchanged."""
        return await self._threads.run(staged.stamp)

    async def leave(self) -> None:
        """Releases everything except the staged bytes."""

    async def discard(self) -> None:
        """Discards the received bytes, except staged ones."""

    def told(self) -> dict[str, object]:
        """Message for the client about the result."""
        digests = {algorithm.value: digits for algorithm, digits in self.hasher.digests().items()}
        return {"name": self.file.name, "size": self.hasher.size, "status": "READY", "checksums": digests}

    async def _begin(self) -> None:
        """Reserves what the request announces. Raises QuotaExceeded if there is no room."""
        announced = max(self.part.total or 0, (self.part.start or 0) + (self.part.length or 0), self.file.size or 0)
        await self._transfers.begin(self.file, announced)
        self._allowance = TransferAllowance(self._transfers, self.file, announced)

    def _check_size(self) -> None:
        """Checks the size given in the headers before reading the body."""
        declared, said = self.file.size, self.part.total
        if declared is not None and said is not None and said != declared:
            raise Wrong(400, faults.wrong_size(self.file.name, declared, said), keep=True)
        most = max(said or 0, (self.part.start or 0) + (self.part.length or 0))
        if declared is not None and most > declared:
            raise Wrong(400, faults.wrong_size(self.file.name, declared, most), keep=True)
        if self._limit and most > self._limit:
            raise Wrong(413, faults.too_large(self.file.name, self._limit), keep=True)

    async def _prepare(self, staged: Staged, store: BlobStore, known: Memory | None) -> None:
        """Gets the bytes that are there already out of the way, or hashed."""
        self.hasher = Hasher(*([self.file.checksum.algorithm] if self.file.checksum else ()))
        if self.part.start is None:
            if not staged.is_new:
                await self._threads.stored(staged.empty)
        elif isinstance(known, Hasher) and known.size == staged.size:
            self.hasher = known
        elif staged.size:
            pieces = await self._threads.stored(store.staged_bytes, self.session.storage, self.file.id)
            while await self._threads.stored(storing.hash_again, self.hasher, pieces):
                await self._beat(staged.size)

    async def _blocks(self, there: int) -> AsyncIterator[list[bytes]]:
        """The bytes of the request, no more than may come, and no faster than they may."""
        room = self._room(there)
        while (block := await self.incoming.next()) is not None:
            size = sum(map(len, block))
            if room is not None and size > room:
                raise self._too_many()
            room = None if room is None else room - size
            await self._allowance.cover(there + size)
            yield block
            there += size
            await self._beat(there)
            async for _ in self._throttle.turns(size):
                await self._beat(there)

    def _room(self, there: int) -> int | None:
        if self.part.length is not None:
            return self.part.length
        most = self.file.size if self.file.size is not None else self._limit or None
        return None if most is None else most - there

    def _too_many(self) -> Wrong:
        if self.part.start is not None and self.part.length is not None:
            return Wrong(400, faults.part_mismatch(self.file.name, self.part.length, None), keep=True)
        if self.file.size is not None:
            return Wrong(400, faults.too_many(self.file.name, self.file.size), keep=False)
        return Wrong(413, faults.too_large(self.file.name, self._limit), keep=False)

    def _check_part(self, came: int) -> None:
        if came != self.part.length and self.part.length is not None:
            raise Wrong(400, faults.part_mismatch(self.file.name, self.part.length, came), keep=True)

    async def _beat(self, size: int) -> None:
        """Once a second: keeps the session alive, and learns when it ended, be it in another process.

        While the database is not available, bytes are received nevertheless.
        """
        if time.monotonic() - self._beaten >= _BEAT_SECONDS:
            with suppress(OSError):  # it is asked again after a second, and at the end
                await self._transfers.beat(self.session, self.file, size)
            self._beaten = time.monotonic()
