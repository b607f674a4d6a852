"""Writes one upload to a bucket, in parts that are sent while the next ones arrive."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from contentlib.blobs.bucket import Bucket
from contentlib.blobs.segments import (
    SMALLEST_PART,
    Pointer,
    Segment,
    blob_key,
    chain,
    join,
    part_size,
    pointers,
    read_chain,
    seal,
)
from contentlib.blobs.sending import Multipart, PartQueue
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import ClaimHeld, ClaimLost, StorageAway, UploadClaim

_ATTEMPTS = 5  # to copy what another writer may be removing
_START = 1 << 16  # first bytes that are kept in memory, by which files are recognized


class _Buffer:
    """Bytes that are in no part yet, in the pieces in which they arrived, so that they are copied once."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[bytes] = []

    def append(self, data: bytes) -> None:
        """Adds bytes."""
        self._pieces.append(data)
        self.size += len(data)

    def take(self, size: int) -> bytes:
        """Removes and returns the first bytes."""
        data = b"".join(self._pieces)
        self._pieces = [data[size:]] if len(data) > size else []
        self.size = len(data) - size
        return data[:size] if self.size else data

    def first(self, most: int) -> bytes:
        """The first bytes."""
        return b"".join(self._pieces)[:most]

    def clear(self) -> None:
        """Removes all bytes."""
        self.size, self._pieces = 0, []


class StagedObjects:
    """An upload in a bucket that is being written. `released` is called when another writer may open it.

    While the bucket is away, calls raise StorageAway and can be repeated. After any other failure there may be a gap, so no
    further bytes are accepted. The next writer goes on with what the bucket has.

    A writer that may not be alone copies what the others have written and goes on behind its copy. So the others share no
    object with it, and what they still write or remove does not matter. Nor is it acknowledged: they have lost their claims.
    """

    def __init__(
        self,
        bucket: Bucket,
        upload: str,
        claim: UploadClaim,
        queue: PartQueue,
        released: Callable[[StagedObjects], None],
    ) -> None:
        self._bucket = bucket
        self._upload = upload
        self._claim = claim
        self._queue = queue
        self._released = released
        self._using = threading.RLock()
        self._next: Pointer | None = None
        self._named, self._segments = self._found()
        if not claim.alone:
            self._take_over()
        self.is_new = not self._named
        self._tail: Segment | None = None
        self._multipart: Multipart | None = None
        self._buffer = _Buffer()
        self._start = b""
        self._name: str | None = None
        self._complete: str | None = None
        self._over = False
        self._failed: OSError | None = None
        self._size = self._end

    @property
    def size(self) -> int:
        """The number of bytes, after a failure of those that the bucket has."""
        return self._size if self._failed is None else self._end

    @property
    def mark(self) -> str:
        """Names the last segment; empty while some bytes are in no segment."""
        if self._multipart is not None or self._buffer.size or not self._segments:
            return ""
        return f"{self._segments[-1].id}:{self.size}"

    def append(self, data: bytes) -> None:
        """Adds bytes at the end. Waits for no part: see `busy`."""
        with self._storing():
            if self._over:  # it was discarded meanwhile
                self._size += len(data)
                return
            self._complete = None
            if self._multipart is not None:
                self._multipart.check()
            elif not self._buffer.size:
                self._take_tail()
            self._buffer.append(data)
            self._size += len(data)
            while self._buffer.size >= (size := part_size(self._size)):
                self._send(size)

    def busy(self) -> Future[None] | None:
        """Returns what to wait for before more bytes are appended."""
        multipart = self._multipart
        return None if multipart is None else multipart.busy()

    def unsent(self) -> Future[None] | None:
        """Returns what to wait for before `save` or `keep`."""
        multipart = self._multipart
        return None if multipart is None else multipart.unsent()

    def save(self) -> None:
        """Makes all bytes readable objects."""
        with self._using:
            with self._storing():
                self._seal()
            self._check()

    def stamp(self) -> str:
        """Marks the bytes: every writer that adds some makes another segment."""
        with self._using:
            self.save()
            return self.mark

    def start(self, most: int) -> bytes:
        """The first bytes."""
        with self._using:
            if not self._segments and self._multipart is None:
                return self._buffer.first(most)
            if not self._segments and most <= len(self._start):
                return self._start[:most]
            self.save()
            first = self._segments[0]
            return b"".join(self._bucket.pieces(blob_key(first.id), 0, min(most, first.size)))

    def pieces(self) -> Iterator[bytes]:
        """All bytes."""
        with self._using:
            self.save()
            return read_chain(self._bucket, list(self._segments))

    def keep(self, blob: str | None) -> str:
        """Makes all bytes one object, which is a blob then, and returns its name."""
        with self._using:
            with self._storing():
                if self._over:
                    raise FileNotFoundError(errno.ENOENT, f"upload {self._upload} does not exist")
                if self._complete is None:
                    self._complete = self._kept(blob)
                name = self._complete
            self._check()
            with self._storing():
                for pointer in self._named:
                    if pointer.id == name:
                        self._bucket.remove(pointer.key)
                remove_segments(self._bucket, [each for each in self._named if each.id != name])
                self._forget()
                self._over = True
        return name

    def empty(self) -> None:
        """Drops all bytes."""
        with self._using:
            anew = bool(self._named) and self._claim.number > 0
            self._remove()
            if anew:  # else what a writer that has lost its claim adds would be the first segment
                self._begin_anew()
            self._failed = None

    def drop(self) -> None:
        """Removes and releases the upload."""
        with self._using:
            try:
                if not self._over:
                    self._over = True
                    self._remove()
            finally:
                self._released(self)

    def discarded(self) -> None:
        """Removes the upload while it is written. What is written from now on is dropped. Raises ClaimLost."""
        with self._using:
            self._check()  # its caller may have found equal bytes elsewhere, and is about to acknowledge them
            self._over = True
            multipart, self._multipart = self._multipart, None
            if multipart is not None:
                multipart.abort()
            remove_segments(self._bucket, [each for each in pointers(self._bucket, self._upload) if self._may_remove(each)])

    def close(self) -> None:
        """Saves and releases the upload."""
        with self._using:
            try:
                if not self._over and (self._failed is None or _can_repeat(self._failed)):
                    self._seal(also_empty=True)
                elif self._multipart is not None and isinstance(self._failed, ClaimLost):
                    self._multipart.abort()
            finally:
                self._over = True
                self._buffer.clear()
                self._released(self)

    def __enter__(self) -> StagedObjects:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # what others have written

    def _check(self) -> None:
        """Raises ClaimLost unless the claim held after all bytes were stored. Whoever takes over later finds them."""
        try:
            self._claim.check()
        except ClaimLost as error:
            self._failed = error
            raise

    def _found(self) -> tuple[list[Pointer], list[Segment]]:
        named = pointers(self._bucket, self._upload)
        return named, chain([each for pointer in named if (each := seal(self._bucket, pointer)) is not None])

    def _take_over(self) -> None:
        """Copies the segments of other writers, which may be removing some of them."""
        for attempt in range(_ATTEMPTS):
            pointer = self._new_pointer(0)
            self._bucket.put(pointer.key, b"")
            try:
                self._segments = [self._copied(pointer)]
            except FileNotFoundError:
                if attempt == _ATTEMPTS - 1:
                    raise ClaimHeld from None  # others are still at work
                named, self._segments = self._found()
                self._named = list({*self._named, *named})
            else:
                break
        self._claim.settle()

    def _copied(self, pointer: Pointer) -> Segment:
        if self._segments:
            join(self._bucket, [each.source for each in self._segments], blob_key(pointer.id))
        else:
            self._bucket.put(blob_key(pointer.id), b"")
        return pointer.segment(self._segments[-1].end if self._segments else 0)

    def _begin_anew(self) -> None:
        pointer = self._new_pointer(0)
        self._bucket.put(pointer.key, b"")
        self._bucket.put(blob_key(pointer.id), b"")
        self._segments = [pointer.segment(0)]

    def _may_remove(self, pointer: Pointer) -> bool:
        """Whether a pointer is not of a writer that has taken over from this one."""
        return pointer.claim <= self._claim.number

    # how bytes become objects

    def _send(self, size: int) -> None:
        if self._multipart is None:
            self._multipart = Multipart(self._bucket, self._pointer(), self._queue)
            self._next = None
            self._start = self._buffer.first(_START)
        self._multipart.send(self._buffer.take(size))

    def _seal(self, *, also_empty: bool = False) -> None:
        """Makes the bytes that are in no segment yet a segment."""
        if self._multipart is not None:
            if self._buffer.size:
                self._send(self._buffer.size)
            self._segments.append(self._multipart.complete())
            self._multipart = None
        elif self._buffer.size or (also_empty and not self._segments):
            pointer, data = self._pointer(), self._buffer.first(self._buffer.size)
            self._bucket.put(pointer.key, b"")
            self._bucket.put(blob_key(pointer.id), data)
            self._segments.append(pointer.segment(len(data)))
            self._next = None
            self._buffer.clear()
        self._remove_tail()

    def _kept(self, blob: str | None) -> str:
        self._name = name = blob or self._name or new_identifier()
        if not self._segments and self._multipart is None:
            self._bucket.put(blob_key(name), self._buffer.first(self._buffer.size))
            return name
        self._seal()
        if len(self._segments) == 1 and blob is None:
            return self._segments[0].id
        join(self._bucket, [each.source for each in self._segments], blob_key(name))
        return name

    def _take_tail(self) -> None:
        """Takes a last segment that is too small to be joined back, so that small pieces do not become many objects."""
        if self._segments and self._segments[-1].size < SMALLEST_PART:
            tail = self._segments[-1]
            for piece in list(self._bucket.pieces(blob_key(tail.id))):
                self._buffer.append(piece)
            self._tail = self._segments.pop()

    def _remove_tail(self) -> None:
        """Removes a small segment whose bytes another one contains now."""
        if self._tail is not None:
            pointer = Pointer(self._upload, self._tail.start, self._tail.id, self._tail.claim)
            self._bucket.remove(pointer.key)
            self._bucket.remove(blob_key(self._tail.id))
            self._named = [each for each in self._named if each != pointer]
            self._tail = None

    def _pointer(self) -> Pointer:
        """The pointer of the next segment, which is named before it is written."""
        if self._next is None:
            self._next = self._new_pointer(self._segments[-1].end if self._segments else 0)
        return self._next

    def _new_pointer(self, start: int) -> Pointer:
        self._named.append(Pointer(self._upload, start, new_identifier(), self._claim.number))
        return self._named[-1]

    def _remove(self) -> None:
        if self._multipart is not None:
            self._multipart.abort()
        remove_segments(self._bucket, self._named)
        self._forget()

    def _forget(self) -> None:
        self._multipart = self._tail = self._next = self._complete = None
        self._segments, self._named = [], []
        self._buffer.clear()
        self._start, self._size = b"", 0

    @property
    def _end(self) -> int:
        """The number of bytes that the bucket has."""
        ends = [self._segments[-1].end] if self._segments else [0]
        if self._tail is not None:
            ends.append(self._tail.end)
        if self._multipart is not None:
            ends.append(self._multipart.end)
        return max(ends)

    @contextmanager
    def _storing(self) -> Iterator[None]:
        with self._using:
            if isinstance(self._failed, ClaimLost):
                raise ClaimLost
            if self._failed is not None and not _can_repeat(self._failed):
                raise OSError(self._failed.errno or errno.EIO, str(self._failed)) from self._failed
            try:
                yield
            except OSError as error:
                self._failed = error
                raise
            self._failed = None


def _can_repeat(error: OSError) -> bool:
    return isinstance(error, StorageAway) and error.again


def remove_segments(bucket: Bucket, named: list[Pointer]) -> None:
    """Removes segments, unless one has become a blob, which has no pointer any more."""
    for each in named:
        try:
            upload = bucket.get(each.key).decode()
        except FileNotFoundError:
            continue
        if upload:
            bucket.abort(blob_key(each.id), upload)
        bucket.remove(blob_key(each.id))
        bucket.remove(each.key)
