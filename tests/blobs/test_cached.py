"""Blobs are read through a cache, which may be damaged, full or lost, and is shared."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentlib.blobs.cached import CachedBlobs
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.piece_cache import PIECE, PieceCache, PieceKey
from contentlib.library.identifiers import new_identifier
from storages import claimed

STORAGE = "datastore-1"
DATA = os.urandom(2 * PIECE + 1000)
_LIMIT = 64 << 20


class CountedBlobs(FilesystemBlobs):
    """Notes which bytes are read."""

    def __init__(self, root: Path) -> None:
        super().__init__({STORAGE: root})
        self.ranges: list[tuple[int, int | None]] = []

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        self.ranges.append((start, end))
        return super().read(storage, blob, start, end)


class Reader:
    """A store with a cache, as a process has it."""

    def __init__(self, directory: Path, limit: int = _LIMIT) -> None:
        self.directory = directory / "cache"
        self.behind = claimed(CountedBlobs(directory / "storage"))
        self.cache = PieceCache(self.directory, limit)
        self.store = CachedBlobs(self.behind, {STORAGE: self.cache})

    def add(self, data: bytes = DATA, blob: str | None = None) -> str:
        upload = new_identifier()
        with self.store.stage(STORAGE, upload) as staged:
            staged.append(data)
        return self.store.keep(STORAGE, upload, blob).id

    def read(self, blob: str, start: int = 0, end: int | None = None) -> bytes:
        assert self.store.stat(STORAGE, blob) is not None
        return b"".join(self.store.read(STORAGE, blob, start, end))

    def asked(self) -> list[tuple[int, int | None]]:
        """The ranges that were read from the store since the last call."""
        found, self.behind.ranges = self.behind.ranges, []
        return found

    def pieces(self) -> list[Path]:
        return sorted(each for each in (self.directory / "pieces").rglob("*") if each.is_file())


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_a_blob_is_read_once_from_the_store_for_all_processes(reader: Reader, tmp_path: Path) -> None:
    blob = reader.add()
    assert reader.read(blob) == DATA
    assert reader.asked() == [(0, len(DATA))]
    other = Reader(tmp_path)
    assert other.read(blob) == DATA
    assert other.read(blob, PIECE - 1, PIECE + 1) == DATA[PIECE - 1 : PIECE + 1]
    assert other.read(blob, len(DATA) - 1) == DATA[-1:]
    assert other.read(blob, 5, 5) == b""
    assert other.asked() == []


def test_a_range_brings_only_the_pieces_that_it_needs(reader: Reader) -> None:
    blob = reader.add()
    assert reader.read(blob, PIECE + 7, PIECE + 9) == DATA[PIECE + 7 : PIECE + 9]
    assert reader.asked() == [(PIECE, 2 * PIECE)]
    assert reader.read(blob) == DATA
    assert reader.asked() == [(0, PIECE), (2 * PIECE, len(DATA))]


def test_a_reader_that_leaves_early_caches_only_whole_pieces(reader: Reader) -> None:
    blob = reader.add()
    pieces = reader.store.read(STORAGE, blob)
    first = next(pieces)
    assert isinstance(pieces, Iterator)
    pieces.close()  # type: ignore[attr-defined] # it is a generator
    assert DATA.startswith(first)
    assert reader.read(blob) == DATA


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"?" + data[1:], lambda _: b""])
def test_a_damaged_piece_is_never_served(reader: Reader, damage: object) -> None:
    blob = reader.add()
    reader.read(blob)
    assert callable(damage)
    for each in reader.pieces():
        each.write_bytes(damage(each.read_bytes()))
    assert reader.read(blob) == DATA
    reader.asked()
    assert reader.read(blob) == DATA
    assert reader.asked() == []


def test_a_piece_of_another_blob_is_never_served(reader: Reader) -> None:
    one, other = reader.add(b"one"), reader.add(b"two")
    assert (reader.read(one), reader.read(other)) == (b"one", b"two")
    first, second = reader.pieces()
    second.write_bytes(first.read_bytes())
    assert (reader.read(one), reader.read(other)) == (b"one", b"two")


def test_bytes_that_were_replaced_or_removed_are_not_served(reader: Reader, tmp_path: Path) -> None:
    blob, other = reader.add(b"old"), Reader(tmp_path)
    assert (reader.read(blob), other.read(blob)) == (b"old", b"old")
    reader.add(b"new", blob)
    assert (reader.read(blob), other.read(blob)) == (b"new", b"new")
    reader.store.remove(STORAGE, blob)
    with pytest.raises(FileNotFoundError):
        b"".join(reader.store.read(STORAGE, blob))
    assert reader.pieces() == []


def test_pieces_that_were_not_used_for_long_are_removed(tmp_path: Path) -> None:
    reader = Reader(tmp_path, limit=4 * PIECE)
    blobs = [reader.add(os.urandom(PIECE)) for _ in range(4)]
    for age, blob in enumerate(blobs[:3]):
        reader.read(blob)
        for each in (reader.directory / "pieces").glob(f"*/{blob}-*/0"):
            os.utime(each, (1000 - age, 1000 - age))
    reader.read(blobs[0])  # which is noted
    reader.read(blobs[3])
    reader.cache.trim()
    reader.asked()
    assert [len(list((reader.directory / "pieces").glob(f"*/{each}-*/0"))) for each in blobs] == [1, 1, 0, 1]


def test_one_process_removes_pieces_and_unfinished_ones_of_others(reader: Reader, tmp_path: Path) -> None:
    reader.read(reader.add())
    left, going_on = (reader.directory / "new" / name for name in ("left", "going-on"))
    for each in (left, going_on):
        each.write_bytes(b"...")
    os.utime(left, (1000, 1000))
    PieceCache(reader.directory, 1).trim()
    assert (left.exists(), going_on.exists(), reader.pieces()) == (False, True, [])


def test_a_cache_that_cannot_be_used_is_turned_off(reader: Reader) -> None:
    blob = reader.add()
    reader.directory.write_bytes(b"in the way")
    assert reader.read(blob) == DATA
    assert reader.cache.is_off
    assert reader.read(blob, 5, 7) == DATA[5:7]
    assert reader.asked()[-1] == (5, 7)


def test_a_full_disk_turns_the_cache_off_and_leaves_nothing(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = reader.add()

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        assert reader.read(blob) == DATA
    assert reader.cache.is_off
    assert [each for each in reader.directory.rglob("*") if each.is_file()] == []


def test_a_lost_directory_is_made_again(reader: Reader) -> None:
    blob = reader.add(b"bytes")
    reader.read(blob)
    for each in reader.pieces():
        each.unlink()
        each.parent.rmdir()
    assert reader.read(blob) == b"bytes"
    assert len(reader.pieces()) == 1
    assert reader.cache.get(PieceKey("nothing", "", 0)) is None
