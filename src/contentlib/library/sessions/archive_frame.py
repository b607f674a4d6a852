"""Stores the received bytes of an archive that is being unpacked: its frame and the extracted files.

The functions block and are called in threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from contentlib.library.model import TransferStatus, UpdateFile
from contentlib.library.packages import recognition
from contentlib.library.packages.tar import BadArchive, Begin, Event, TarReader
from contentlib.library.ports import BlobStore

HEADER = 512
_PIECES = 16  # that are read in one go


class ArchiveFrame:
    """Reads the stored bytes of one archive, which is an upload on a storage."""

    def __init__(self, store: BlobStore, storage: str, upload: str, most_files: int) -> None:
        self._store = store
        self._storage = storage
        self._upload = upload
        self._most_files = most_files

    def first(self) -> bytes:
        """The first bytes, by which an archive is recognised."""
        return self._store.staged_start(self._storage, self._upload, recognition.ENOUGH)

    def measure(self, known: Mapping[str, UpdateFile]) -> int:
        """Returns the number of consistent bytes of the archive. `known` are its files."""
        there = self._store.staged_size(self._storage, self._upload)
        if not there or (there >= HEADER and not recognition.is_tar(self.first())):
            return there
        framed: list[int] = []
        reader, size = TarReader(self._most_files, lambda data: framed.append(len(data))), 0
        try:
            for event in read_events(reader, self._store.staged_bytes(self._storage, self._upload)):
                if not isinstance(event, Begin):
                    continue
                present = self._present(known.get(event.name))
                if present > event.size:
                    return 0
                size += present
                reader.skip(present)
                if present < event.size:
                    break
        except BadArchive:
            return 0
        read = sum(framed)  # more than was there where another request writes
        return size + read if read >= there else 0

    def _present(self, member: UpdateFile | None) -> int:
        if member is None:
            return 0
        if member.status is TransferStatus.READY:
            return member.received
        return self._store.staged_size(self._storage, member.id)

    def whole(self, known: Mapping[str, UpdateFile]) -> Iterator[bytes]:
        """All bytes of the archive."""
        framed: list[bytes] = []
        reader = TarReader(self._most_files, framed.append)
        for piece in self._store.staged_bytes(self._storage, self._upload):
            for event in reader.feed(piece):
                if isinstance(event, Begin):
                    yield from framed
                    framed.clear()
                    yield from self._store.read(self._storage, known[event.name].blob or "")
                    reader.skip(event.size)
            yield from framed
            framed.clear()


def next_pieces(pieces: Iterator[bytes]) -> list[bytes]:
    """The next few pieces."""
    return list(islice(pieces, _PIECES))


def read_events(reader: TarReader, pieces: Iterator[bytes]) -> Iterator[Event]:
    """Returns what a reader finds in pieces."""
    for piece in pieces:
        yield from reader.feed(piece)
