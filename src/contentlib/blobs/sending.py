"""Sends the parts of uploads to a bucket in the background, several at a time, and again while the bucket is away."""

from __future__ import annotations

import errno
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from contentlib.blobs.bucket import Bucket, SentPart
from contentlib.blobs.segments import Pointer, Segment, blob_key
from contentlib.library.ports import StorageAway

PATIENCE_SECONDS = 120.0
_SMALLEST = 8 << 20
_AT_ONCE = 4  # parts of one upload
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 4.0


class BucketPart:
    """Bytes of a segment that are sent. `started` and `over` are done when the sending has begun and ended."""

    def __init__(self, number: int, body: bytes) -> None:
        self.number = number
        self.size = len(body)
        self.body = body
        self.started, self.over = _event(), _event()
        self.sent: SentPart | None = None


class PartQueue:
    """Limits the bytes of a storage that are sent at a time: `parts` parts of the smallest size, fewer larger ones."""

    def __init__(self, parts: int, patience: float = PATIENCE_SECONDS) -> None:
        self.patience = patience
        self._most = parts * _SMALLEST
        self._sending = 0
        self._waiting: deque[tuple[BucketPart, Callable[[BucketPart], None]]] = deque()
        self._lock = threading.Lock()

    def add(self, part: BucketPart, send: Callable[[BucketPart], None]) -> None:
        """Sends a part in a thread, in the order in which they were added. `send` raises nothing."""
        with self._lock:
            self._waiting.append((part, send))
            self._start()

    def _start(self) -> None:
        while self._waiting and (not self._sending or self._sending + self._waiting[0][0].size <= self._most):
            part, send = self._waiting.popleft()
            self._sending += part.size
            # a thread that does not keep the process from ending; it costs little beside a part
            thread = threading.Thread(target=self._send, args=(part, send), name="part", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the process may have no more threads; the upload ends when it misses the part
                self._sending -= part.size
                part.started.set_result(None)
                part.over.set_result(None)

    def _send(self, part: BucketPart, send: Callable[[BucketPart], None]) -> None:
        part.started.set_result(None)
        send(part)
        with self._lock:
            self._sending -= part.size
            self._start()
        part.over.set_result(None)


class Multipart:
    """A segment that is sent in parts. The multipart upload and its pointer are made with the first one."""

    def __init__(self, bucket: Bucket, pointer: Pointer, queue: PartQueue) -> None:
        self.pointer = pointer
        self.hurried = threading.Event()
        """Set while a thread waits for parts: those that do not reach the bucket are given up."""
        self._bucket = bucket
        self._key = blob_key(pointer.id)
        self._queue = queue
        self._parts: list[BucketPart] = []
        self._flying: list[BucketPart] = []
        self._error: Exception | None = None
        self._upload: str | None = None
        self._beginning = threading.Lock()
        self._aborted = False

    def send(self, body: bytes) -> None:
        """Sends a part in the background. Waits for another one if the caller has not: see `busy`."""
        while len(self._flying) >= _AT_ONCE and (over := self.busy()) is not None:
            over.result()
        part = BucketPart(len(self._parts) + 1, body)
        self._parts.append(part)
        self._flying.append(part)
        self._queue.add(part, self._send)

    def busy(self) -> Future[None] | None:
        """Returns what to wait for before another part may be filled."""
        self._flying = [part for part in self._flying if not part.over.done()]
        if self._flying and not self._flying[-1].started.done():
            return self._flying[-1].started
        return self._flying[0].over if len(self._flying) >= _AT_ONCE else None

    def unsent(self) -> Future[None] | None:
        """Returns what to wait for until all parts were sent, or given up."""
        self._flying = [part for part in self._flying if not part.over.done()]
        return self._flying[0].over if self._flying else None

    @property
    def end(self) -> int:
        """The position after the last byte that has arrived, with all before it."""
        return self.pointer.start + sum(part.size for part in self._arrived())

    def check(self) -> None:
        """Raises OSError if a part was given up."""
        if self._error is not None:
            raise self._error

    def complete(self) -> Segment:
        """Makes the parts an object, after they have arrived."""
        self._wait()
        self.check()
        sent = [part.sent for part in self._arrived() if part.sent is not None]
        if self._upload is None or len(sent) < len(self._parts):
            raise OSError(errno.EIO, f"{self._bucket} did not receive part {len(sent) + 1}")
        self._bucket.complete(self._key, self._upload, sent)
        return self.pointer.segment(self.end - self.pointer.start)

    def abort(self) -> None:
        """Removes the parts."""
        self._aborted = True
        self._wait()
        if self._upload is not None:
            self._bucket.abort(self._key, self._upload)
        self._bucket.remove(self.pointer.key)

    def _arrived(self) -> Sequence[BucketPart]:
        found = []
        for part in self._parts:
            if part.sent is None:
                break
            found.append(part)
        return found

    def _wait(self) -> None:
        self.hurried.set()
        for part in self._parts:
            part.over.result()
        self.hurried.clear()

    def _send(self, part: BucketPart) -> None:
        """Sends a part, in a thread of the queue. Its bytes are dropped afterwards."""
        try:
            part.sent = None if self._aborted else self._patiently(part)
        except Exception as error:  # any: it is raised where the upload goes on
            self._error = error
        part.body = b""

    def _patiently(self, part: BucketPart) -> SentPart:
        pause, since = _FIRST_PAUSE, None
        while True:
            try:
                return self._bucket.send(self._key, self._begun(), part.number, part.body)
            except StorageAway as error:
                since = since or time.monotonic()
                if time.monotonic() - since > self._queue.patience or self.hurried.wait(pause):
                    raise error.for_good() from error
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _begun(self) -> str:
        with self._beginning:
            if self._upload is None:
                upload = self._bucket.begin(self._key)
                self._bucket.put(self.pointer.key, upload.encode())
                self._upload = upload
            return self._upload


def _event() -> Future[None]:
    """A future that cannot be cancelled by those who wait for it."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future
