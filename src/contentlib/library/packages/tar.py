"""Reads tar archives from untrusted sources as a stream, without seeking or copying.

Python's `tarfile` parses the headers. This module feeds it from a pushed stream and rejects what an OVA must not contain:
paths, links, devices, sparse files. Files added by macOS are skipped.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contentlib.library.errors import Fault, Invalid
from contentlib.library.names import check_file_name
from contentlib.library.packages import messages, ovf, recognition

MOST_FILES = 10_000
_BLOCK = tarfile.BLOCKSIZE
_LONGEST_EXTENSION = 1 << 20
_SPARSE = "GNU.sparse."
_LENGTH_DIGITS = 7  # of a record's length: none is longer than its header
_EXTENSIONS = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


class BadArchive(Exception):
    """An archive that cannot be read. The fault has the cause and the byte position."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault
        super().__init__(self.fault.text)


@dataclass(frozen=True, slots=True)
class Begin:
    """A file begins."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the file that has begun."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The file that has begun is whole."""


Event = Begin | Piece | End


def _unframed(data: bytes) -> None:
    """Ignores the bytes between files."""


class TarReader:
    """Reads an archive in pieces of any size and yields its content, at most `most` files.

    `framed` receives all bytes that do not belong to a file, in order: headers, padding, and skipped entries.
    """

    def __init__(self, most: int = MOST_FILES, framed: Callable[[bytes], None] = _unframed) -> None:
        self._most = most
        self._framed = framed
        self._left_out = False
        self._offset = 0
        self._header = bytearray()
        self._extension: tuple[bytes, bytearray] | None = None
        self._left = 0
        self._padding = 0
        self._in_file = False
        self._over = False
        self._overrides: dict[str, str] = {}
        self._names: set[str] = set()

    def feed(self, data: bytes) -> Iterator[Event]:
        """Parses the next bytes. Raises BadArchive if they are invalid."""
        at = 0
        while at < len(data) and not self._over:
            if self._left:
                piece = data[at : at + self._left]
                at += len(piece)
                yield from self._content(piece)
            elif self._padding:
                skipped = data[at : at + self._padding]
                self._padding -= len(skipped)
                self._offset += len(skipped)
                at += len(skipped)
                self._framed(skipped)
            else:
                piece = data[at : at + _BLOCK - len(self._header)]
                self._header += piece
                at += len(piece)
                self._framed(piece)
                if len(self._header) == _BLOCK:
                    yield from self._begin()
        if at < len(data):
            self._offset += len(data) - at
            self._framed(data[at:])

    def skip(self, size: int) -> None:
        """Passes over bytes of the file that has just begun, which are known already."""
        self._left -= size
        self._offset += size
        self._in_file = self._left > 0

    def close(self) -> None:
        """The stream has ended; BadArchive when it ended too early, or held no file."""
        if self._in_file or self._padding or self._extension is not None or self._header:
            raise BadArchive(messages.ARCHIVE_TRUNCATED(offset=self._offset + len(self._header)))
        if not self._names:
            raise BadArchive(messages.ARCHIVE_EMPTY(offset=self._offset))

    def _content(self, piece: bytes) -> Iterator[Event]:
        self._left -= len(piece)
        self._offset += len(piece)
        if self._extension is not None:
            self._framed(piece)
            self._extension[1].extend(piece)
            if not self._left:
                self._extended(*self._extension)
                self._extension = None
            return
        if self._left_out:
            self._framed(piece)
        else:
            yield Piece(piece)
        if not self._left:
            self._in_file = False
            if not self._left_out:
                yield End()

    def _begin(self) -> Iterator[Event]:
        block, self._header = bytes(self._header), bytearray()
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined] # typeshed leaves it out
            self._over = True
            self._offset += _BLOCK
            return
        except tarfile.HeaderError as error:
            raise BadArchive(_no_header(block, self._offset, error)) from error
        if header.size < 0:  # a size can be written in binary, and then with a sign
            raise BadArchive(messages.ARCHIVE_BAD_SIZE(name=header.name, size=header.size, offset=self._offset))
        self._offset += _BLOCK
        if header.type in _EXTENSIONS:
            self._begin_extension(header)
        elif header.type in _FILES:
            yield from self._begin_file(header)
        elif header.type != tarfile.DIRTYPE or header.size:
            kind = _KINDS.get(header.type, f"an entry of type {header.type!r}")
            raise BadArchive(messages.ARCHIVE_NOT_A_FILE(name=header.name, kind=kind, offset=self._offset - _BLOCK))
        else:
            self._overrides = {}

    def _begin_extension(self, header: tarfile.TarInfo) -> None:
        if header.size > _LONGEST_EXTENSION or not header.size:
            at, most = self._offset - _BLOCK, _LONGEST_EXTENSION
            raise BadArchive(messages.ARCHIVE_EXTENSION_SIZE(size=header.size, offset=at, most=most))
        self._extension = (header.type, bytearray())
        self._left, self._padding = header.size, -header.size % _BLOCK

    def _extended(self, kind: bytes, content: bytearray) -> None:
        """Returns what an extended header changes of the next entry. Links and global headers are ignored."""
        if kind == tarfile.GNUTYPE_LONGNAME:
            self._overrides["path"] = bytes(content).rstrip(b"\0").decode("utf-8", "surrogateescape")
        elif kind in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            for key, value in _records(bytes(content), self._offset):
                if key in ("path", "size"):
                    self._overrides[key] = value
                elif key.startswith(_SPARSE):  # keep only one, so that headers without files cannot fill the memory
                    self._overrides[_SPARSE] = ""

    def _begin_file(self, header: tarfile.TarInfo) -> Iterator[Event]:
        overrides, self._overrides = self._overrides, {}
        if _SPARSE in overrides:
            raise BadArchive(messages.ARCHIVE_NOT_A_FILE(name=header.name, kind="a sparse file", offset=self._offset - _BLOCK))
        size = header.size if "size" not in overrides else _number(overrides["size"], self._offset)
        path = overrides.get("path", header.name)
        self._left, self._padding, self._in_file = size, -size % _BLOCK, size > 0
        self._left_out = _is_left_out(path)
        if self._left_out:
            return
        name = self._name(path)
        yield Begin(name, size)
        if not size:
            yield End()

    def _name(self, path: str) -> str:
        name = path.removeprefix("./")
        try:
            check_file_name("its name", name)
        except Invalid as error:
            raise BadArchive(messages.ARCHIVE_FILE_NAME(name=path, offset=self._offset - _BLOCK)) from error
        if name in self._names:
            raise BadArchive(messages.ARCHIVE_DUPLICATE(name=name, offset=self._offset - _BLOCK))
        self._names.add(name)
        if len(self._names) > self._most:
            raise BadArchive(messages.ARCHIVE_TOO_MANY(most=self._most, offset=self._offset - _BLOCK))
        return name


def _is_left_out(path: str) -> bool:
    """Whether an entry is metadata of macOS: `._NAME` beside a file, or in a separate directory."""
    folder, _, name = path.removeprefix("./").rpartition("/")
    return ovf.is_companion(name) or folder.split("/")[0] == "__MACOSX"


def _no_header(block: bytes, offset: int, error: Exception) -> Fault:
    found = None if offset else recognition.format_of(block)
    if found in recognition.PACKED.values():
        return messages.ARCHIVE_COMPRESSED(kind=str(found), offset=offset)
    if found is not None:
        return messages.ARCHIVE_OTHER(kind=str(recognition.label(block)), offset=offset)
    return messages.ARCHIVE_NO_HEADER(offset=offset, problem=str(error))


def _records(content: bytes, offset: int) -> Iterator[tuple[str, str]]:
    """The records of a POSIX extended header: `LENGTH KEY=VALUE` and a line end, the length counting all of it."""
    start = 0
    while start < len(content):
        space = content.find(b" ", start, start + _LENGTH_DIGITS + 1)
        end = start + _number(content[start : max(space, start)].decode("ascii", "replace"), offset)
        key, equals, value = content[space + 1 : end].partition(b"=")
        if not equals or end > len(content) or not value.endswith(b"\n"):
            raise BadArchive(messages.ARCHIVE_EXTENSION(offset=offset))
        yield key.decode("utf-8", "replace"), value[:-1].decode("utf-8", "surrogateescape")
        start = end


def _number(text: str, offset: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise BadArchive(messages.ARCHIVE_NUMBER(given=text[:40], offset=offset))
    return int(text)
