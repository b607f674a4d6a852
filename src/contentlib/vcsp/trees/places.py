"""Finds, writes and removes the trees of libraries beside their content, in directories and in object stores."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from contentlib.library.errors import Damaged
from contentlib.library.messages import FILE_GONE_FROM
from contentlib.library.ports import BlobStore, FilesBeside
from contentlib.vcsp.trees.directories import DirectoryTree
from contentlib.vcsp.trees.static import LIB, Payload, StaticLibrary, publish

_PREFIX = "contentlib-"


class TreePlace(Protocol):
    """Where the trees of a storage are. The methods block."""

    def libraries(self) -> set[str]:
        """The libraries that have a tree."""

    def publish(self, library: StaticLibrary) -> None:
        """Brings the tree of a library up to date."""

    def remove(self, library: str) -> None:
        """Removes the tree of a library, `lib.json` first, if there is one."""


class DirectoryPlace:
    """The directory of a storage. Content is linked."""

    def __init__(self, path: Path, store: BlobStore) -> None:
        self._path = path
        self._store = store

    def libraries(self) -> set[str]:
        """The libraries that have a tree."""
        return {each.name.removeprefix(_PREFIX) for each in self._path.glob(f"{_PREFIX}*") if each.is_dir()}

    def publish(self, library: StaticLibrary) -> None:
        """Brings the tree of a library up to date."""
        tree = DirectoryTree(self._path / f"{_PREFIX}{library.id}", self._store, link=True, group=True)
        with tree.locked():
            publish(library, tree)

    def remove(self, library: str) -> None:
        """Removes the tree of a library."""
        folder = self._path / f"{_PREFIX}{library}"
        if folder.exists():
            (folder / LIB).unlink(missing_ok=True)
            shutil.rmtree(folder)


class ObjectPlace:
    """A storage that keeps files beside its content. It copies content itself."""

    def __init__(self, storage: str, files: FilesBeside) -> None:
        self._storage = storage
        self._files = files

    def libraries(self) -> set[str]:
        """The libraries that have a tree."""
        return {path.partition("/")[0].removeprefix(_PREFIX) for path in self._files.beside(self._storage, _PREFIX)}

    def publish(self, library: StaticLibrary) -> None:
        """Brings the tree of a library up to date."""
        publish(library, _ObjectTree(self._storage, f"{_PREFIX}{library.id}/", self._files))

    def remove(self, library: str) -> None:
        """Removes the tree of a library."""
        folder = f"{_PREFIX}{library}/"
        for path in sorted(self._files.beside(self._storage, folder), key=lambda path: path != folder + LIB):
            self._files.remove_beside(self._storage, path)


class _ObjectTree:
    """The tree of one library."""

    def __init__(self, storage: str, prefix: str, files: FilesBeside) -> None:
        self._storage = storage
        self._prefix = prefix
        self._files = files

    def __str__(self) -> str:
        return f"storage {self._storage}, {self._prefix}"

    def sizes(self) -> dict[str, int]:
        """The paths of all files, and their sizes."""
        found = self._files.beside(self._storage, self._prefix)
        return {path.removeprefix(self._prefix): size for path, size in found.items()}

    def read(self, path: str) -> bytes | None:
        """The document at a path."""
        return self._files.read_beside(self._storage, self._prefix + path)

    def write(self, path: str, body: bytes) -> None:
        """Puts a document in the place of another."""
        self._files.write_beside(self._storage, self._prefix + path, body)

    def keep(self, path: str, payload: Payload) -> int:
        """Lets the storage copy the content, which the server has checked when it was stored."""
        try:
            self._files.copy_beside(self._storage, self._prefix + path, payload.blob.id)
        except FileNotFoundError as error:
            raise Damaged(FILE_GONE_FROM(name=payload.name, storage=self._storage)) from error
        return payload.blob.size

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files."""
        for path in paths:
            self._files.remove_beside(self._storage, self._prefix + path)


def tree_place(storage: str, path: Path | None, store: BlobStore) -> TreePlace | None:
    """Where the trees of a storage are, if it can have some."""
    if path is not None:
        return DirectoryPlace(path, store)
    files = store.of(storage)
    return ObjectPlace(storage, files) if isinstance(files, FilesBeside) else None
