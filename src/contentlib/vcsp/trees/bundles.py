"""Reads and writes bundles: a library, or its changes, as a tar of the static tree that starts with a manifest.

    manifest.json                what the bundle is, and path, size and SHA-256 of every file of the tree, included or not
    manifest.json.sha256         the checksum of the manifest
    items.json, lib.json, …      all documents
    ITEM/CONTENT/FILE            the included content

An extracted full bundle is a tree that any web server can serve. A bundle is read from front to back, in the order of the
manifest; files that are not in the manifest are rejected.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

import msgspec

from contentlib.library.model import Blob
from contentlib.library.ports import BlobStore
from contentlib.vcsp.trees.directories import check_digest
from contentlib.vcsp.trees.static import Payload, StaticLibrary, Unwatched, Watcher

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FORMAT = "contentlib bundle 1"
_MANIFEST, _SUM = "manifest.json", "manifest.json.sha256"
_LARGEST = 256 << 20
_PIECE = 1 << 20


class BundleEntry(msgspec.Struct, frozen=True):
    """A file of the tree."""

    path: str
    size: int
    sha256: str
    carried: bool = True


class Manifest(msgspec.Struct, frozen=True):
    """Content of a bundle. With `since`, it has the content that was added after that version."""

    format: str
    library: str
    name: str
    version: str
    since: str | None
    documents: tuple[BundleEntry, ...]
    payload: tuple[BundleEntry, ...]


class BadBundle(RuntimeError):
    """A file that is not a bundle or was modified. The message names it and the position."""


def write_bundle(
    target: Path,
    library: StaticLibrary,
    store: BlobStore,
    *,
    since: str | None = None,
    left_out: Collection[str] = (),
    watcher: Watcher | None = None,
) -> Manifest:
    """Writes a bundle aside and renames it; `left_out` are the paths of bytes that are not carried."""
    watcher = watcher or Unwatched()
    manifest = _manifest(library, since, left_out)
    carried = [(each, library.payload[each.path]) for each in manifest.payload if each.carried]
    watcher.expect(sum(each.size for each, _ in carried))
    aside = target.with_name(f"{target.name}.part")
    try:
        aside.unlink(missing_ok=True)
        with aside.open("xb") as file, tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            text = msgspec.json.format(msgspec.json.encode(manifest))
            for path, body in ((_MANIFEST, text), (_SUM, _sha256(text).encode()), *library.documents.items()):
                tar.addfile(_member(path, len(body)), io.BytesIO(body))
            for entry, payload in carried:
                _add(tar, entry, payload, store)
                watcher.advance(entry.size)
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)
    return manifest


class Bundle:
    """An open bundle; first its documents are read, then its bytes."""

    def __init__(self, path: Path, file: IO[bytes], size: int) -> None:
        self._path = path
        self._size = size
        self._end = 0
        try:
            self._tar = tarfile.open(fileobj=file, mode="r|")  # noqa: SIM115 - closed with the bundle
        except tarfile.ReadError as error:
            raise BadBundle(f"{path} is not a bundle: {error}") from error
        self.manifest = self._read_manifest()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._tar.close()

    def documents(self) -> dict[str, bytes]:
        """All documents, by their paths."""
        return {each.path: b"".join(self.pieces(each)) for each in self.manifest.documents}

    def payload(self) -> Iterator[tuple[BundleEntry, Iterator[bytes]]]:
        """The bytes that are carried; the pieces of each are read before the next. At the end, nothing more may follow."""
        for entry in self.manifest.payload:
            if entry.carried:
                yield entry, self.pieces(entry)
        more = self._next("its end")
        if more is not None:
            raise BadBundle(f"{self._path} was modified: it contains {more.name!r}, which its manifest does not list")
        self._check_end()

    def pieces(self, entry: BundleEntry) -> Iterator[bytes]:
        """Yields the bytes of the next file, which must be the given one. Raises BadBundle at the end if they do not match."""
        hasher, count = hashlib.sha256(), 0
        for piece in self._member(entry.path, entry.size):
            hasher.update(piece)
            count += len(piece)
            yield piece
        if hasher.hexdigest() != entry.sha256:
            raise BadBundle(
                f"{self._path} was modified: {entry.path!r} has SHA256 checksum {hasher.hexdigest()}; its manifest declares "
                f"{entry.sha256}"
            )

    def _member(self, path: str, size: int | None = None) -> Iterator[bytes]:
        member = self._next(repr(path))
        if member is None:
            raise BadBundle(f"{self._path} is truncated: it ends after {self._size} bytes, before {path!r}")
        if member.name != path or not member.isreg() or (size is not None and member.size != size) or member.size < 0:
            expected = f"{path!r}" if size is None else f"{path!r} with {size} bytes"
            raise BadBundle(
                f"{self._path} was modified: it contains {member.name!r} with {member.size} bytes, expected {expected}"
            )
        file = self._tar.extractfile(member)
        left = member.size
        self._end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        while file is not None and left:
            with self._reading(path):
                piece = file.read(min(_PIECE, left))
            if not piece:
                raise self._cut(path)
            left -= len(piece)
            yield piece

    def _check_end(self) -> None:
        """Checks that the archive ends after the last file."""
        whole = -(-(self._end + 2 * tarfile.BLOCKSIZE) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
        if self._size < whole:
            raise self._cut("its end")
        if self._size > whole:
            raise BadBundle(f"{self._path} was modified: {self._size - whole} bytes follow its end")

    def _next(self, where: str) -> tarfile.TarInfo | None:
        with self._reading(where):
            return self._tar.next()

    @contextmanager
    def _reading(self, where: str) -> Iterator[None]:
        try:
            yield
        except (tarfile.StreamError, EOFError) as error:
            raise self._cut(where) from error
        except tarfile.TarError as error:
            if "unexpected end" in str(error):
                raise self._cut(where) from error
            raise BadBundle(f"{self._path} was modified or is not a bundle: {error}, before {where}") from error

    def _cut(self, where: str) -> BadBundle:
        return BadBundle(f"{self._path} is truncated: it ends after {self._size} bytes, within {where}")

    def _read_manifest(self) -> Manifest:
        text = self._small(_MANIFEST)
        if _sha256(text).encode() != self._small(_SUM):
            raise BadBundle(f"{self._path} was modified: the SHA256 checksum of {_MANIFEST} does not match {_SUM}")
        try:
            found = msgspec.json.decode(text, type=Manifest)
        except msgspec.DecodeError as error:
            raise BadBundle(f"{self._path} is not a bundle: cannot read {_MANIFEST}: {error}") from error
        if found.format != FORMAT:
            raise BadBundle(f"{self._path} is a {found.format!r}, which this version cannot read")
        return found

    def _small(self, path: str) -> bytes:
        found = bytearray()
        for piece in self._member(path):
            found += piece
            if len(found) > _LARGEST:
                raise BadBundle(f"{self._path} is not a bundle: {path} is larger than {_LARGEST} bytes")
        return bytes(found)


def _manifest(library: StaticLibrary, since: str | None, left_out: Collection[str]) -> Manifest:
    documents = tuple(BundleEntry(path, len(body), _sha256(body)) for path, body in library.documents.items())
    payload = tuple(
        BundleEntry(path, each.blob.size, each.blob.sha256, path not in left_out) for path, each in library.payload.items()
    )
    return Manifest(FORMAT, library.id, library.name, library.version, since, documents, payload)


def _member(path: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.size, member.mode = size, 0o644
    return member


def _add(tar: tarfile.TarFile, entry: BundleEntry, payload: Payload, store: BlobStore) -> None:
    blob: Blob = payload.blob
    try:
        hashing = _Hashing(store.read(blob.storage, blob.id))
        tar.addfile(_member(entry.path, entry.size), io.BufferedReader(hashing, _PIECE))
    except FileNotFoundError as error:
        raise BadBundle(f"content of file {payload.name!r} is missing from storage {blob.storage}") from error
    check_digest(payload, hashing.hasher.hexdigest())


class _Hashing(io.RawIOBase):
    """Reads pieces as a file, and hashes them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.hasher = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._rest:
            piece = next(self._pieces, b"")
            self.hasher.update(piece)
            self._rest = memoryview(piece)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
