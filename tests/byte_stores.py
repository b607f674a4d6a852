"""The blob stores that must pass the contract, each opened on the storages of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bare_blobs import BareBlobs, BareMemory
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.library.ports import BlobStore
from storages import claimed

OpenBytes = Callable[[], BlobStore]
"""Opens one more store on the same bytes, as another process would."""


@contextmanager
def _files(roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    yield lambda: claimed(FilesystemBlobs(roots))


@contextmanager
def _memory(roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    memory = BareMemory(roots)
    yield lambda: BareBlobs(memory)


BYTES: dict[str, Callable[[Mapping[str, Path]], AbstractContextManager[OpenBytes]]] = {
    "files": _files,
    "memory": _memory,
}
BYTE_SERVERS: tuple[str, ...] = ()
"""Those that need a server, which `make test` does without."""
