"""Writes one upload to a bucket, in parts that are sent while the next one arrives."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress

from contentlib.blobs.bucket import Bucket, SentPart
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
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import ClaimLost, UploadClaim

_ATTEMPTS = 5  # to copy what another writer may be removing
_START = 1 << 16  # first bytes that are kept in memory, by which files are recognized


class _Multipart:
    """A segment that is being sent in parts, one at a time, beside the calls of its writer."""

    def __init__(self, bucket: Bucket, pointer: Pointer, threads: Executor) -> None:
        self.pointer = pointer
        self._bucket = bucket
        self._key = blob_key(pointer.id)
        self._threads = threads
        self._parts: list[SentPart] = []
        self._sending: Future[SentPart] | None = None
        self._upload = bucket.begin(self._key)
        bucket.put(pointer.key, self._upload.encode())

    def send(self, body: bytes) -> None:
        """Sends a part once the previous one has arrived. Raises OSError if that one has not."""
        self._wait()
        number = len(self._parts) + 1
        self._sending = self._threads.submit(self._bucket.send, self._key, self._upload, number, body)

    @property
    def end(self) -> int:
        """The position after the last byte that has arrived."""
        return self.pointer.start + sum(each.size for each in self._parts)

    def complete(self) -> Segment:
        """Makes the parts an object."""
        self._wait()
        self._bucket.complete(self._key, self._upload, self._parts)
        return self.pointer.segment(self.end - self.pointer.start)

    def abort(self) -> None:
        """Removes the parts."""
        with suppress(OSError):
            self._wait()
        self._bucket.abort(self._key, self._upload)
        self._bucket.remove(self.pointer.key)

    def _wait(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            self._parts.append(sending.result())


class StagedObjects:
    """An upload in a bucket that is being written. `released` is called when another writer may open it.

    After a failure there may be a gap, so no further bytes are accepted. The next writer goes on with what the bucket has.

    A writer that may not be alone copies what the others have written and goes on behind its copy. So the others share no
    object with it, and what they still write or remove does not matter. Nor is it acknowledged: they have lost their claims.
    """

    def __init__(
        self,
        bucket: Bucket,
        upload: str,
        claim: UploadClaim,
        threads: Executor,
        released: Callable[[StagedObjects], None],
    ) -> None:
        self._bucket = bucket
        self._upload = upload
        self._claim = claim
        self._threads = threads
        self._released = released
        self._using = threading.RLock()
        self._named, self._segments = self._found()
        if not claim.alone:
            self._take_over()
        self._tail: Segment | None = None
        self._multipart: _Multipart | None = None
        self._buffer = bytearray()
        self._start = b""
        self._over = False
        self._failed: OSError | None = None
        self.size = self._end

    @property
    def mark(self) -> str:
        """Names the last segment; empty while some bytes are in no segment."""
        if self._multipart is not None or self._buffer or not self._segments:
            return ""
        return f"{self._segments[-1].id}:{self.size}"

    def append(self, data: bytes) -> None:
        """Adds bytes at the end."""
        with self._storing():
            if self._over:  # it was discarded meanwhile
                self.size += len(data)
                return
            if not self._buffer and self._multipart is None:
                self._take_tail()
            self._buffer += data
            self.size += len(data)
            while len(self._buffer) >= (size := part_size(self.size)):
                self._send(size)

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
                return bytes(self._buffer[:most])
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
                name = self._kept(blob)
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
        """Removes the upload while it is written. What is written from now on is dropped."""
        with self._using:
            self._over = True
            multipart, self._multipart = self._multipart, None
            if multipart is not None:
                multipart.abort()
            remove_segments(self._bucket, [each for each in pointers(self._bucket, self._upload) if self._may_remove(each)])

    def close(self) -> None:
        """Saves and releases the upload."""
        with self._using:
            try:
                if not self._over and self._failed is None:
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
            pointer = self._pointer(0)
            self._bucket.put(pointer.key, b"")
            try:
                self._segments = [self._copied(pointer)]
            except FileNotFoundError:
                if attempt == _ATTEMPTS - 1:
                    raise
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
        pointer = self._pointer(0)
        self._bucket.put(pointer.key, b"")
        self._bucket.put(blob_key(pointer.id), b"")
        self._segments = [pointer.segment(0)]

    def _may_remove(self, pointer: Pointer) -> bool:
        """Whether a pointer is not of a writer that has taken over from this one."""
        return pointer.claim <= self._claim.number

    # how bytes become objects

    def _send(self, size: int) -> None:
        if self._multipart is None:
            pointer = self._pointer()
            self._multipart = _Multipart(self._bucket, pointer, self._threads)
            self._start = bytes(self._buffer[:_START])
        body = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        self._multipart.send(body)

    def _seal(self, *, also_empty: bool = False) -> None:
        """Makes the bytes that are in no segment yet a segment."""
        if self._multipart is not None:
            if self._buffer:
                self._send(len(self._buffer))
            self._segments.append(self._multipart.complete())
            self._multipart = None
        elif self._buffer or (also_empty and not self._segments):
            pointer = self._pointer()
            self._bucket.put(pointer.key, b"")
            self._bucket.put(blob_key(pointer.id), self._buffer)
            self._segments.append(pointer.segment(len(self._buffer)))
            self._buffer.clear()
        self._remove_tail()

    def _kept(self, blob: str | None) -> str:
        if not self._segments and self._multipart is None:
            name = blob or new_identifier()
            self._bucket.put(blob_key(name), self._buffer)
            return name
        self._seal()
        if len(self._segments) == 1 and blob is None:
            return self._segments[0].id
        name = blob or new_identifier()
        join(self._bucket, [each.source for each in self._segments], blob_key(name))
        return name

    def _take_tail(self) -> None:
        """Takes a last segment that is too small to be joined back, so that small pieces do not become many objects."""
        if self._segments and self._segments[-1].size < SMALLEST_PART:
            self._tail = self._segments[-1]
            self._buffer += b"".join(self._bucket.pieces(blob_key(self._tail.id)))
            self._segments.pop()

    def _remove_tail(self) -> None:
        """Removes a small segment whose bytes another one contains now."""
        tail, self._tail = self._tail, None
        if tail is not None:
            pointer = Pointer(self._upload, tail.start, tail.id, tail.claim)
            self._bucket.remove(pointer.key)
            self._bucket.remove(blob_key(tail.id))
            self._named = [each for each in self._named if each != pointer]

    def _pointer(self, start: int | None = None) -> Pointer:
        """A new pointer, to the bytes after those that are there."""
        if start is None:
            start = self._segments[-1].end if self._segments else 0
        self._named.append(Pointer(self._upload, start, new_identifier(), self._claim.number))
        return self._named[-1]

    def _remove(self) -> None:
        if self._multipart is not None:
            self._multipart.abort()
        remove_segments(self._bucket, self._named)
        self._forget()

    def _forget(self) -> None:
        self._multipart = self._tail = None
        self._segments, self._named = [], []
        self._buffer.clear()
        self._start, self.size = b"", 0

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
            if self._failed is not None:
                raise OSError(self._failed.errno or errno.EIO, str(self._failed)) from self._failed
            try:
                yield
            except OSError as error:
                self._failed = error
                self.size = self._end
                raise


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
