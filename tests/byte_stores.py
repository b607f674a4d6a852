"""The blob stores that must pass the contract, each opened on the storages of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import postgresql
from bare_blobs import BareBlobs, BareMemory
from contentlib.blobs.cached import CachedBlobs
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.locks import FileClaims
from contentlib.blobs.mixed import MixedBlobs
from contentlib.blobs.piece_cache import PieceCache
from contentlib.blobs.s3 import S3Blobs
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import BlobStore
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.claims import PostgresqlClaims
from object_stores import ObjectServer, moto, seaweedfs
from storages import claimed

OpenBytes = Callable[[], BlobStore]
"""Opens one more store on the same bytes, as another process would."""


@contextmanager
def _files(roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    yield lambda: claimed(FilesystemBlobs(roots))


@contextmanager
def _mixed(roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    yield lambda: claimed(MixedBlobs([FilesystemBlobs({storage: root}) for storage, root in roots.items()]))


@contextmanager
def _memory(roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    memory = BareMemory(roots)
    yield lambda: BareBlobs(memory)


@contextmanager
def _bucket(server: Callable[[], ObjectServer], roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    prefix = new_identifier()
    addresses = {storage: server().address("contracts", f"{prefix}/{storage}") for storage in roots}
    with TemporaryDirectory() as locks:
        yield lambda: claimed(S3Blobs(addresses, FileClaims(Path(locks))))


@contextmanager
def _shared_bucket(roots: Mapping[str, Path]) -> Iterator[OpenBytes]:
    """Each store is of another machine."""
    prefix = new_identifier()
    addresses = {storage: seaweedfs().address("contracts", f"{prefix}/{storage}") for storage in roots}
    with TemporaryDirectory() as directory, ExitStack() as stack:
        address = Address(postgresql.url_of(Path(directory)))

        def opened() -> BlobStore:
            machine = Path(directory) / new_identifier()
            claims = PostgresqlClaims(address, FileClaims(machine), machine, 10.0)
            stack.callback(claims.close)
            return claimed(S3Blobs(addresses, claims))

        yield opened


@contextmanager
def _cached(
    open_bytes: Callable[[Mapping[str, Path]], AbstractContextManager[OpenBytes]], roots: Mapping[str, Path]
) -> Iterator[OpenBytes]:
    """Each store is of another process that uses the same cache."""
    with open_bytes(roots) as opened, TemporaryDirectory() as directory:
        caches = {storage: Path(directory, storage) for storage in roots}

        def open_one() -> BlobStore:
            store = opened()
            assert isinstance(store, FilesystemBlobs | S3Blobs)
            return CachedBlobs(store, {storage: PieceCache(path, 64 << 20) for storage, path in caches.items()})

        yield open_one


BYTES: dict[str, Callable[[Mapping[str, Path]], AbstractContextManager[OpenBytes]]] = {
    "files": _files,
    "mixed": _mixed,
    "memory": _memory,
    "seaweedfs": partial(_bucket, seaweedfs),
    "moto": partial(_bucket, moto),
    "machines": _shared_bucket,
    "cached": partial(_cached, _files),
    "cached-moto": partial(_cached, partial(_bucket, moto)),
}
BYTE_SERVERS = ("seaweedfs", "moto", "machines", "cached-moto")
"""Those that need a server, which `make test` does without."""
