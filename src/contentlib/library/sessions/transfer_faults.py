"""Describes transfer errors as they are stored with a file: id, message and arguments."""

from __future__ import annotations

import errno

from contentlib.library.bytes.storages import StorageSilent
from contentlib.library.errors import Fault
from contentlib.library.sessions import messages

_FULL = {errno.ENOSPC, errno.EDQUOT}


def broken(received: int, total: int | None) -> Fault:
    """The client went away before all bytes were there."""
    if total is None:
        return messages.CONNECTION_BROKEN(received=received)
    return messages.CONNECTION_BROKEN_OF(received=received, total=total)


def silent(received: int, seconds: int) -> Fault:
    """The client keeps its connection but sends nothing."""
    return messages.SILENT(received=received, seconds=seconds)


def wrong_size(name: str, declared: int, size: int) -> Fault:
    """The request holds other than the bytes that were declared."""
    return messages.SIZE_MISMATCH(name=name, size=size, expected=declared)


def too_many(name: str, expected: int) -> Fault:
    """More bytes came than were declared; how many more is not waited for."""
    return messages.LARGER_THAN_DECLARED(name=name, expected=expected)


def too_large(name: str, limit: int) -> Fault:
    """The file is larger than the server takes."""
    return messages.TOO_LARGE(name=name, limit=limit)


def part_mismatch(name: str, expected: int, came: int | None) -> Fault:
    """The body holds other than the bytes that its Content-Range names."""
    if came is None:
        return messages.PART_TOO_LONG(name=name, expected=expected)
    return messages.PART_MISMATCH(name=name, expected=expected, received=came)


def not_decoded(name: str, encoding: str, why: str) -> Fault:
    """The body does not match its encoding header."""
    return messages.ENCODING(name=name, encoding=encoding, problem=why)


def not_stored(name: str, storage: str, received: int, error: OSError) -> Fault:
    """The storage does not take the bytes."""
    why = error.strerror or str(error)
    if isinstance(error, StorageSilent):
        return messages.NOT_STORED_SILENT(name=name, received=received, reason=error.fault)
    if not is_full(error):
        return messages.STORAGE_FAILED(name=name, received=received, storage=storage, reason=why)
    why, _, detail = why.partition(": ")
    if not detail:
        return messages.STORAGE_FULL(name=name, received=received, storage=storage, reason=why)
    return messages.STORAGE_FULL_BUT(name=name, received=received, storage=storage, reason=why, detail=detail)


def is_full(error: OSError) -> bool:
    """Whether there is no space left."""
    return error.errno in _FULL


def failed(name: str, request_id: str) -> Fault:
    """The server met something unforeseen."""
    return messages.UPLOAD_FAILED(name=name, request=request_id)
