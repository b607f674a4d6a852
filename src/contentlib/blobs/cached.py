"""Reads blobs through a cache on the disk of this machine. All else, abilities too, is done by the store behind it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from contentlib.blobs.guard import check_key
from contentlib.blobs.mixed import MixedBlobs, StorageBlobs
from contentlib.blobs.piece_cache import PIECE, PieceCache, PieceKey
from contentlib.library.ports import NewBlob, Stat

_REMEMBERED = 4096  # blobs whose size and mark were asked for last


class CachedBlobs(MixedBlobs):
    """A store with the caches of some of its storages.

    The mark of a blob is part of the name of its pieces. Callers ask for it to check the blob before they read it, so a cached
    read needs no further request.
    """

    def __init__(self, store: StorageBlobs, caches: Mapping[str, PieceCache]) -> None:
        super().__init__([store])
        self._caches = caches
        self._stats: OrderedDict[tuple[str, str], Stat] = OrderedDict()
        self._lock = threading.Lock()

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob."""
        found = super().stat(storage, blob)
        with self._lock:
            self._stats.pop((storage, blob), None)
            if found is not None:
                self._stats[storage, blob] = found
            if len(self._stats) > _REMEMBERED:
                self._stats.popitem(last=False)
        return found

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        """Turns a complete upload into a blob; the bytes of a blob may have been replaced."""
        kept = super().keep(storage, upload, blob)
        self._forget(storage, kept.id)
        return kept

    def remove(self, storage: str, blob: str) -> None:
        """Drops a blob."""
        super().remove(storage, blob)
        self._forget(storage, blob)

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of a blob, in pieces."""
        cache = self._caches.get(storage)
        if cache is None or cache.is_off:
            return super().read(storage, blob, start, end)
        return self._read(cache, storage, check_key(blob), start, end)

    def _read(self, cache: PieceCache, storage: str, blob: str, start: int, end: int | None) -> Iterator[bytes]:
        with self._lock:
            found = self._stats.get((storage, blob))
        found = found or self.stat(storage, blob)
        if found is None:
            yield from super().read(storage, blob, start, end)  # which tells the error
            return
        last = found.size if end is None else min(end, found.size)
        while start < last:
            key = PieceKey(blob, found.mark, start // PIECE)
            begin = key.number * PIECE
            data = cache.get(key)
            if data is not None:
                yield data[start - begin : last - begin]
                start = begin + len(data)
                continue
            until = begin
            while until < last and (until == begin or not cache.has(key._replace(number=until // PIECE))):
                until += PIECE
            until = min(until, found.size)
            for position, data in self._fetch(cache, storage, key, until, found.size):
                if part := data[max(start - position, 0) : max(last - position, 0)]:
                    start = max(start, position) + len(part)
                    yield part
            if start < min(until, last):
                return  # the store has fewer bytes, which the caller notices

    def _fetch(self, cache: PieceCache, storage: str, key: PieceKey, until: int, size: int) -> Iterator[tuple[int, bytes]]:
        """The bytes from the beginning of a piece to the end of another one, with their positions. They are cached first."""
        position, pending = key.number * PIECE, bytearray()
        for data in super().read(storage, key.blob, position, until):
            pending += data
            while len(pending) >= PIECE:
                cache.put(key, bytes(pending[:PIECE]))
                del pending[:PIECE]
                key = key._replace(number=key.number + 1)
            if pending and position + len(data) == size:
                cache.put(key, bytes(pending))
            yield position, data
            position += len(data)

    def _forget(self, storage: str, blob: str) -> None:
        with self._lock:
            self._stats.pop((storage, blob), None)
        if storage in self._caches:
            self._caches[storage].drop(blob)
