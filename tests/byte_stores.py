"""The blob stores that must pass the contract, each opened on the storages of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import postgresql
from bare_blobs import BareBlobs, BareMemory
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.locks import FileClaims
from contentlib.blobs.mixed import MixedBlobs
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


BYTES: dict[str, Callable[[Mapping[str, Path]], AbstractContextManager[OpenBytes]]] = {
    "files": _files,
    "mixed": _mixed,
    "memory": _memory,
    "seaweedfs": partial(_bucket, seaweedfs),
    "moto": partial(_bucket, moto),
    "machines": _shared_bucket,
}
BYTE_SERVERS = ("seaweedfs", "moto", "machines")
"""Those that need a server, which `make test` does without."""
