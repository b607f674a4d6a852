"""Describes transfer errors as they are stored with a file: id, message and arguments."""

from __future__ import annotations

import errno

from contentlib.library.bytes.storages import StorageSilent
from contentlib.library.errors import Fault

_FULL = {errno.ENOSPC, errno.EDQUOT}


def broken(received: int, total: int | None) -> Fault:
    """The client went away before all bytes were there."""
    of_all = "" if total is None else f" of {total}"
    text = f"the connection broke after {received}{of_all} bytes"
    return Fault("upload.connection_broken", text, (str(received), "" if total is None else str(total)))


def silent(received: int, seconds: int) -> Fault:
    """The client keeps its connection but sends nothing."""
    text = f"no byte came for {seconds} seconds after the first {received}"
    return Fault("upload.silent", text, (str(received), str(seconds)))


def wrong_size(name: str, declared: int, size: int) -> Fault:
    """The request holds other than the bytes that were declared."""
    text = f"file {name!r} has {size} bytes, expected were {declared}"
    return Fault("file.size_mismatch", text, (name, str(declared), str(size)))


def too_many(name: str, expected: int) -> Fault:
    """More bytes came than were declared; how many more is not waited for."""
    text = f"file {name!r} has more than {expected} bytes, expected were {expected}"
    return Fault("file.size_mismatch", text, (name, str(expected), f"more than {expected}"))


def too_large(name: str, limit: int) -> Fault:
    """The file is larger than the server takes."""
    text = f"file {name!r} is larger than the {limit} bytes that are allowed (upload_limit_bytes)"
    return Fault("upload.too_large", text, (name, str(limit)))


def part_mismatch(name: str, expected: int, came: int | None) -> Fault:
    """The body holds other than the bytes that its Content-Range names."""
    text = f"file {name!r}: the header Content-Range names {expected} bytes, the body has {'more' if came is None else came}"
    return Fault("upload.part_mismatch", text, (name, str(expected)))


def not_decoded(name: str, encoding: str, why: str) -> Fault:
    """The body does not match its encoding header."""
    text = f"file {name!r} was sent with content-encoding {encoding}, but {why}; send it again, or without encoding"
    return Fault("upload.encoding", text, (name, encoding))


def not_stored(name: str, storage: str, received: int, error: OSError) -> Fault:
    """The storage does not take the bytes."""
    why = error.strerror or str(error)
    if isinstance(error, StorageSilent):
        return Fault("storage.silent", f"file {name!r} could not be stored after {received} bytes: {why}", (name, storage, why))
    why, _, detail = why.partition(": ")
    what = f"storage {storage} is full" if is_full(error) else f"storage {storage} cannot be written"
    more = f"; {detail}" if detail else ""
    text = f"file {name!r} could not be stored after {received} bytes: {what} ({why}){more}"
    return Fault("upload.storage_full" if is_full(error) else "upload.storage_failed", text, (name, storage, why))


def is_full(error: OSError) -> bool:
    """Whether there is no space left."""
    return error.errno in _FULL


def failed(name: str, request_id: str) -> Fault:
    """The server met something unforeseen."""
    text = f"the server failed while it received file {name!r}; its log tells why under the request id {request_id}"
    return Fault("upload.failed", text, (name, request_id))
