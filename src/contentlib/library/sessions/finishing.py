"""Finishes a file whose bytes have all arrived."""

from __future__ import annotations

from contentlib.library.bytes.blobs import Received
from contentlib.library.bytes.storing import sent
from contentlib.library.errors import Fault
from contentlib.library.model import TransferStatus, UpdateFile
from contentlib.library.ports import Staged
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.unpacking import ArchiveReceiver


async def finish(
    transfers: FileTransfers, archive: ArchiveReceiver, file: UpdateFile, received: Received, staged: Staged
) -> Fault | None:
    """Finishes a file. An OVA, recognized by its content, is unpacked. The fault describes a problem."""
    await sent(staged)
    fault = transfers.differs(file, received.size, received.digests)
    if file.status is not TransferStatus.WAITING_FOR_TRANSFER and await transfers.members(file):
        await archive.drop()  # an earlier attempt had another content, or was killed
    if fault is None and await archive.is_package(received.start) and await archive.take(staged):
        return None
    return await transfers.finish(file, received)
