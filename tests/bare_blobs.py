"""A blob store in memory without any ability, which proves that the abilities are optional."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import count

from contentlib.blobs.guard import check_key
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import NewBlob, Stat

_PIECE = 1 << 20


class BareMemory:
    """What is stored, by storage; several stores may use it."""

    def __init__(self, storages: Collection[str]) -> None:
        self.storages = frozenset(storages)
        self.uploads: dict[tuple[str, str], bytearray] = {}
        self.blobs: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.marks: dict[tuple[str, str], str] = defaultdict(str)
        self.writers: dict[tuple[str, str], BareStaged] = {}
        self.numbers = count(1)
        self.lock = threading.RLock()


class BareStaged:
    """An upload; others find its bytes once they are saved."""

    def __init__(self, memory: BareMemory, key: tuple[str, str]) -> None:
        self._memory, self._key = memory, key
        self._bytes: bytearray | None = memory.uploads.setdefault(key, bytearray())
        self._unsaved = bytearray()
        self.is_new = not self._bytes

    @property
    def size(self) -> int:
        return len(self._bytes or b"") + len(self._unsaved)

    @property
    def mark(self) -> str:
        return self._memory.marks[self._key]

    def append(self, data: bytes) -> None:
        self._unsaved += data
        self._memory.marks[self._key] = ""

    def save(self) -> None:
        if self._bytes is not None:
            self._bytes += self._unsaved
        self._unsaved.clear()

    def stamp(self) -> str:
        self.save()
        mark = self._memory.marks[self._key] = str(next(self._memory.numbers))
        return mark

    def empty(self) -> None:
        self._unsaved.clear()
        if self._bytes is not None:
            self._bytes.clear()
        self._memory.marks[self._key] = ""

    def drop(self) -> None:
        with self._memory.lock:
            if self._memory.uploads.get(self._key) is self._bytes:
                self._memory.uploads.pop(self._key, None)

    def close(self) -> None:
        with self._memory.lock:
            self.save()
            if self._memory.writers.get(self._key) is self:
                del self._memory.writers[self._key]

    def __enter__(self) -> BareStaged:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class BareBlobs:
    """The store."""

    boot = "none"

    def __init__(self, memory: BareMemory) -> None:
        self._memory = memory

    def of(self, storage: str) -> BareBlobs:
        return self

    def ping(self, storage: str | None = None) -> None:
        """Can always be written."""

    def probe(self, storage: str) -> None:
        """Always answers."""

    def stage(self, storage: str, upload: str) -> BareStaged:
        key = self._checked(storage), check_key(upload)
        with self._memory.lock:
            if key in self._memory.writers:
                raise BlockingIOError(f"upload {upload} has a writer")
            staged = self._memory.writers[key] = BareStaged(self._memory, key)
            return staged

    def staged_size(self, storage: str, upload: str) -> int:
        self._save(storage, upload)
        return len(self._memory.uploads.get((storage, check_key(upload)), b""))

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        check_key(upload)
        self._save(storage, upload)
        return _pieces(self._memory.uploads.get((storage, upload)), 0, None)

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        self._save(storage, upload)
        return bytes(self._memory.uploads.get((storage, upload), b"")[:most])

    def discard(self, storage: str, upload: str) -> None:
        self._memory.uploads.pop((storage, check_key(upload)), None)

    def uploads(self, storage: str) -> list[str]:
        return [upload for at, upload in self._memory.uploads if at == storage]

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        self._save(storage, upload)
        data = self._memory.uploads.pop((storage, upload), None)
        if data is None:
            raise FileNotFoundError(upload)
        name, mark = blob or new_identifier(), str(next(self._memory.numbers))
        self._memory.blobs[storage, name] = bytes(data), mark
        return NewBlob(name, mark, None)

    def flush(self, storage: str, blob: str) -> None:
        if (storage, check_key(blob)) not in self._memory.blobs:
            raise FileNotFoundError(blob)

    def stat(self, storage: str, blob: str) -> Stat | None:
        found = self._memory.blobs.get((storage, check_key(blob)))
        return None if found is None else Stat(len(found[0]), found[1])

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        check_key(blob)
        self._checked(storage)
        return _pieces(self._memory.blobs.get((storage, blob), (None, ""))[0], start, end)

    def uri(self, storage: str, blob: str) -> str:
        return f"memory://{storage}/{blob}"

    def remove(self, storage: str, blob: str) -> None:
        self._memory.blobs.pop((storage, check_key(blob)), None)

    def blobs(self, storage: str) -> Iterator[str]:
        return iter([blob for at, blob in self._memory.blobs if at == storage])

    def _save(self, storage: str, upload: str) -> None:
        with self._memory.lock:
            writer = self._memory.writers.get((storage, upload))
            if writer is not None:
                writer.save()

    def _checked(self, storage: str) -> str:
        if storage not in self._memory.storages:
            raise FileNotFoundError(f"storage {storage} is not configured")
        return storage


def _pieces(found: bytes | bytearray | None, start: int, end: int | None) -> Iterator[bytes]:
    if found is None:
        raise FileNotFoundError("there are no such bytes")
    data = bytes(found)[start:end]
    for at in range(0, len(data), _PIECE):
        yield data[at : at + _PIECE]
