"""Finds the items that local files make: ISO images, OVF packages with their files, OVAs, and folders of these."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tarfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contentlib.client.connection import CHUNK
from contentlib.client.failures import ClientFailed
from contentlib.library.packages.ovf import BadPackage, is_archive, is_descriptor, read_descriptor
from contentlib.library.regular import open_regular

UNFINISHED = ".part"
_COMPANIONS = (".mf", ".cert")
_LARGEST_DESCRIPTOR = 64 << 20


@dataclass(frozen=True, slots=True)
class LocalFile:
    """Bytes of a file on this machine: all of it or, for a member of an OVA, a section."""

    name: str
    path: Path
    size: int
    offset: int = 0

    def digest(self, algorithm: str) -> str:
        """The checksum of the bytes. Blocks."""
        found = hashlib.new(algorithm.lower(), usedforsecurity=False)
        for piece in self._read(0):
            found.update(piece)
        return found.hexdigest()

    async def pieces(self, start: int) -> AsyncIterator[bytes]:
        """The bytes from a position on. Reads in threads."""
        reading = self._read(start)
        while piece := await asyncio.to_thread(next, reading, b""):
            yield piece

    def _read(self, start: int) -> Iterator[bytes]:
        with open_regular(self.path) as file:
            file.seek(self.offset + start)
            left = self.size - start
            while left > 0:
                piece = file.read(min(CHUNK, left))
                if not piece:
                    raise ClientFailed(f"{self.path} was truncated while it was read")
                left -= len(piece)
                yield piece


@dataclass(frozen=True, slots=True)
class LocalItem:
    """An item to import: its name, its type, and its files."""

    name: str
    type: str | None
    files: tuple[LocalFile, ...]

    @property
    def size(self) -> int:
        """The number of bytes of all files."""
        return sum(file.size for file in self.files)


def items_at(path: Path) -> list[LocalItem]:
    """The items that a file or folder makes. Raises ClientFailed if there are none, or if two have the same name."""
    try:
        found = _folder(path) if path.is_dir() else [_single(path)]
    except (OSError, tarfile.TarError) as error:
        raise ClientFailed(f"{path} cannot be read: {error}") from error
    if not found:
        raise ClientFailed(f"folder {path} has no files")
    check_names(found)
    return found


def check_names(items: Iterable[LocalItem]) -> None:
    """Raises ClientFailed if two items have the same name: the second would replace the content of the first.

    Also if a name is not text, which a server cannot store.
    """
    seen: set[str] = set()
    for item in items:
        for name in (item.name, *(file.name for file in item.files)):
            if not _is_text(name):
                raise ClientFailed(f"the name of file or folder {os.fsencode(name)!r} is not valid UTF-8; rename it")
        if item.name.casefold() in seen:
            raise ClientFailed(f"two files or folders would become item {item.name!r}; rename one of them")
        seen.add(item.name.casefold())


def item_of_files(directory: Path, names: Iterable[str]) -> LocalItem:
    """One item with files of a folder."""
    files = tuple(_whole(directory / name) for name in names)
    return LocalItem(directory.name, _type_of([file.name for file in files]), files)


def _item_of_folder(path: Path) -> LocalItem:
    """One item with all files of a folder, as `export` writes it. An item cannot contain folders."""
    entries = visible_entries(path)
    filled = [each for each in entries if each.is_dir() and visible_entries(each)]
    if filled:
        raise ClientFailed(f"folder {path} has folder {filled[0].name!r} in it; an item has no folders, move or archive it")
    return item_of_files(path, [each.name for each in entries if not each.is_dir()])


def _folder(path: Path) -> list[LocalItem]:
    """The items of a folder: its packages, its other files one by one, and one item for each folder inside."""
    entries = visible_entries(path)
    descriptors = [each for each in entries if each.is_file() and is_descriptor(each.name)]
    items = [_package(each) for each in descriptors]
    used = {file.path for item in items for file in item.files}
    items += [_single(each) for each in entries if not each.is_dir() and each not in used]
    items += [item for each in entries if each.is_dir() and (item := _item_of_folder(each)).files]
    return items


def visible_entries(path: Path) -> list[Path]:
    """What a folder contains, without hidden and unfinished files."""
    return sorted(each for each in path.iterdir() if not each.name.startswith(".") and not each.name.endswith(UNFINISHED))


def _single(path: Path) -> LocalItem:
    if is_descriptor(path.name):
        return _package(path)
    if is_archive(path.name):
        return LocalItem(path.stem, "ovf", tuple(_members(path)))
    file = _whole(path)
    return LocalItem(path.stem or path.name, _type_of([path.name]), (file,))


def _whole(path: Path) -> LocalFile:
    with open_regular(path) as file:
        return LocalFile(path.name, path, file.seek(0, 2))


def _package(path: Path) -> LocalItem:
    """A descriptor with the files that it references, its manifest and its certificate."""
    descriptor = _whole(path)
    if descriptor.size > _LARGEST_DESCRIPTOR:
        raise ClientFailed(f"{path} is {descriptor.size} bytes, which is too large for an OVF descriptor")
    try:
        names = [each.href for each in read_descriptor(path.name, path.read_bytes()).references]
    except BadPackage as error:
        raise ClientFailed(f"{path} is not a valid OVF descriptor: {error}") from error
    missing = [name for name in names if not _beside(path, name).is_file()]
    if missing:
        raise ClientFailed(f"{path} references {missing[0]!r}, which is not in the same folder")
    beside = [each for end in _COMPANIONS if (each := path.with_suffix(end)).is_file()]
    return LocalItem(path.stem, "ovf", (descriptor, *map(_whole, [*beside, *(_beside(path, name) for name in names)])))


def _beside(path: Path, name: str) -> Path:
    if "/" in name or name in ("", ".", ".."):
        raise ClientFailed(f"{path} references {name!r}; only files in the same folder can be imported")
    return path.parent / name


def _members(path: Path) -> Iterator[LocalFile]:
    """The members of an OVA, each a section of it: so each upload can continue where it ended."""
    with tarfile.open(path, "r:") as tar:
        for entry in tar:
            if not entry.isreg() or entry.issparse():
                raise ClientFailed(f"{path} is not an OVA: {entry.name[:200]!r} is not a plain file")
            yield LocalFile(entry.name.removeprefix("./"), path, entry.size, entry.offset_data)


def _is_text(name: str) -> bool:
    """Whether a name of a file system is Unicode; bytes that are not UTF-8 are surrogates in it."""
    return not any("\ud800" <= each <= "\udfff" for each in name)


def _type_of(names: Iterable[str]) -> str | None:
    names = list(names)
    if any(map(is_descriptor, names)):
        return "ovf"
    return "iso" if len(names) == 1 and names[0].lower().endswith(".iso") else None
