"""Names what is wrong with the bytes of a blob, as an error of the rules."""

from __future__ import annotations

from contentlib.library.bytes import messages
from contentlib.library.errors import Damaged, Unavailable
from contentlib.library.messages import FILE_DAMAGED, FILE_GONE, FILE_GONE_FROM
from contentlib.library.model import Blob


def existing(blob: Blob | None, name: str) -> Blob:
    """The blob of a file; Damaged if the database does not know it."""
    if blob is None:
        raise Damaged(FILE_GONE(name=name))
    return blob


def unreadable(blob: Blob, name: str, error: OSError) -> Unavailable:
    """The storage does not answer."""
    why = error.strerror or str(error)
    return Unavailable(messages.UNREADABLE(name=name, storage=blob.storage, reason=why))


def gone(blob: Blob, name: str) -> Damaged:
    """The bytes are not on their storage."""
    return Damaged(FILE_GONE_FROM(name=name, storage=blob.storage))


def not_written(blob: Blob, name: str, error: OSError) -> Damaged:
    """The bytes could not be written to the disk."""
    why = error.strerror or str(error)
    return Damaged(messages.NOT_WRITTEN(name=name, storage=blob.storage, reason=why))


def damaged(blob: Blob, name: str, sha256: str) -> Damaged:
    """The bytes are others than those that were stored."""
    return Damaged(FILE_DAMAGED(name=name, actual=sha256, expected=blob.sha256))
