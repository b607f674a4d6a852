"""The backends that the suites run on: a kind of database with a kind of storage, each named here and nowhere else.

CONTENTLIB_TEST_BACKEND chooses the one that all suites use; the contract suites use all of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import object_stores
import postgresql
from contentlib.blobs.bucket import Bucket, BucketAddress
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.segments import Pointer, blob_key, measured, pointers
from contentlib.library.ports import AccessStore, BlobStore
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.store import PostgresqlMetadata
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.settings import Settings, Storage
from databases import new_database
from processes import PATIENCE_SECONDS
from storages import LASTING, claimed

_DATABASE = "contentlib.db"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """The bytes of a blob, as whoever has access to the storage itself finds them."""

    storage: str
    path: Path

    def read(self) -> bytes:
        """All bytes."""
        return self.path.read_bytes()

    def size(self) -> int:
        """How many bytes there are; none if they have just gone, or moved to their place."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def damage(self, data: bytes) -> None:
        """Writes other bytes over them."""
        self.path.chmod(0o600)
        self.path.write_bytes(data)

    def remove(self) -> None:
        """Removes them behind the server's back."""
        self.path.unlink()


@dataclass(frozen=True, slots=True)
class StoredObject(StoredBlob):
    """The same in a bucket; the name of the path is that of the blob."""

    bucket: Bucket

    def read(self) -> bytes:
        return self.bucket.get(blob_key(self.path.name))

    def size(self) -> int:
        found = self.bucket.stat(blob_key(self.path.name))
        return 0 if found is None else found.size

    def damage(self, data: bytes) -> None:
        self.bucket.put(blob_key(self.path.name), data)

    def remove(self) -> None:
        self.bucket.remove(blob_key(self.path.name))


@dataclass(frozen=True, slots=True)
class StoredSegment(StoredObject):
    """Bytes of an upload in a bucket, also those that cannot be read yet."""

    pointer: Pointer

    def size(self) -> int:
        found = measured(self.bucket, self.pointer)
        return 0 if found is None else found.size


@dataclass(frozen=True, slots=True)
class Backend:
    """How a database and storages are opened, what is in the storages, and what an empty backend leaves behind."""

    new_rows: Callable[[Path], Path]
    """Makes a database with all tables and no rows for a directory, and returns the path by which tests call it."""
    open_rows: Callable[[Path], AccessStore]
    database: Callable[[Path], str | None]
    """The setting `database` of a server with a data directory; None for its default."""
    storage: Callable[[Path], Storage | None]
    """The storage of a server with a data directory; None for its default."""
    copy: Callable[[Path, Path], object]
    """Copies a data directory with its database."""
    texts: Callable[[Path, str], list[str]]
    """The answer of a statement that selects a column of texts without line breaks."""
    open_bytes: Callable[[Mapping[str, Path]], BlobStore]
    stored: Callable[[Mapping[str, Path]], list[StoredBlob]]
    unfinished: Callable[[Mapping[str, Path]], list[StoredBlob]]
    """What has come of blobs that are not complete."""
    leftovers: Callable[[Path], list[str]]


def _new_database(directory: Path) -> Path:
    path = directory / _DATABASE
    return path if path.exists() else new_database(path)


def _texts_of_file(database: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [str(text) for (text,) in connection.execute(statement).fetchall()]


def _texts_of_postgresql(path: Path, statement: str) -> list[str]:
    return postgresql.server().run(statement, postgresql.name_of(path.parent)).split("\n")


def _stored_files(roots: Mapping[str, Path]) -> list[StoredBlob]:
    return [StoredBlob(storage, path) for storage, root in roots.items() for path in sorted((root / "blobs").glob("*/*"))]


def _unfinished_files(roots: Mapping[str, Path]) -> list[StoredBlob]:
    return [StoredBlob(storage, path) for storage, root in roots.items() for path in sorted((root / "staging").glob("*"))]


def _leftover_files(directory: Path) -> list[str]:
    lasting = {*LASTING, *(f"contentlib.db{end}" for end in ("", "-generations", "-moving", "-next", "-users"))}
    found = [each for each in directory.rglob("*") if each.is_file() and each.name not in lasting]
    return [str(each.relative_to(directory)) for each in found]


def _new_postgresql(directory: Path) -> Path:
    postgresql.new_database(directory)
    return directory / _DATABASE


def _open_postgresql(path: Path) -> PostgresqlMetadata:
    """Opens the database of the directory in which other backends have a file."""
    return PostgresqlMetadata(Address(postgresql.url_of(path.parent), wait_seconds=PATIENCE_SECONDS))


def _copy_postgresql(old: Path, new: Path) -> None:
    shutil.copytree(old, new)
    postgresql.copy_database(old, new)


def _address(root: Path) -> BucketAddress:
    """The prefix that takes the place of the directory of a storage."""
    prefix = hashlib.sha256(str(root).encode()).hexdigest()[:32]
    return object_stores.seaweedfs().address("servers", prefix)


def _bucket_storage(directory: Path) -> Storage:
    ((name, root),) = default_storage(directory).items()
    at = _address(root)
    return Storage(
        id=name,
        name="default",
        url=at.url,
        endpoint=at.endpoint,
        region=at.region,
        path_style=at.path_style,
        credentials=at.credentials,
    )


def _copy_bucket(old: Path, new: Path) -> None:
    shutil.copytree(old, new)
    source, target = (Bucket(_address(default_storage(each)["datastore-1"])) for each in (old, new))
    for key in source.keys(""):
        target.put(key, source.get(key))


def _copy_cluster(old: Path, new: Path) -> None:
    _copy_bucket(old, new)
    postgresql.copy_database(old, new)


def _stored_objects(roots: Mapping[str, Path]) -> list[StoredBlob]:
    buckets = {storage: Bucket(_address(root)) for storage, root in roots.items()}
    return [
        StoredObject(storage, Path(blob), bucket)
        for storage, bucket in buckets.items()
        for blob in sorted({key.removeprefix("blobs/") for key in bucket.keys("blobs/")} - _segments(bucket))
    ]


def _segments(bucket: Bucket) -> set[str]:
    return {each.id for each in pointers(bucket)}


def _unfinished_objects(roots: Mapping[str, Path]) -> list[StoredBlob]:
    buckets = {storage: Bucket(_address(root)) for storage, root in roots.items()}
    return [
        StoredSegment(storage, Path(each.id), bucket, each) for storage, bucket in buckets.items() for each in pointers(bucket)
    ]


BACKENDS = {
    "embedded": Backend(
        new_rows=_new_database,
        open_rows=SqliteMetadata,
        database=lambda _: None,
        storage=lambda _: None,
        copy=shutil.copytree,
        texts=_texts_of_file,
        open_bytes=lambda roots: claimed(FilesystemBlobs(roots)),
        stored=_stored_files,
        unfinished=_unfinished_files,
        leftovers=_leftover_files,
    ),
    "postgresql": Backend(
        new_rows=_new_postgresql,
        open_rows=_open_postgresql,
        database=postgresql.url_of,
        storage=lambda _: None,
        copy=_copy_postgresql,
        texts=_texts_of_postgresql,
        open_bytes=lambda roots: claimed(FilesystemBlobs(roots)),
        stored=_stored_files,
        unfinished=_unfinished_files,
        leftovers=_leftover_files,
    ),
    "s3": Backend(
        new_rows=_new_database,
        open_rows=SqliteMetadata,
        database=lambda _: None,
        storage=_bucket_storage,
        copy=_copy_bucket,
        texts=_texts_of_file,
        open_bytes=lambda roots: claimed(FilesystemBlobs(roots)),
        stored=_stored_objects,
        unfinished=_unfinished_objects,
        leftovers=_leftover_files,
    ),
    "cluster": Backend(
        new_rows=_new_postgresql,
        open_rows=_open_postgresql,
        database=postgresql.url_of,
        storage=_bucket_storage,
        copy=_copy_cluster,
        texts=_texts_of_postgresql,
        open_bytes=lambda roots: claimed(FilesystemBlobs(roots)),
        stored=_stored_objects,
        unfinished=_unfinished_objects,
        leftovers=_leftover_files,
    ),
}
SERVERS = ("postgresql", "s3", "cluster")
"""The backends that need a server, which `make test` does without."""

BACKEND = BACKENDS[os.environ.get("CONTENTLIB_TEST_BACKEND", "embedded")]
IN_BUCKETS = BACKEND.stored is _stored_objects
"""Whether it has buckets in place of directories."""


def stored(settings: Settings) -> list[StoredBlob]:
    """The blobs in the storages of a server."""
    return BACKEND.stored(_roots(settings))


def unfinished(settings: Settings) -> list[StoredBlob]:
    """What has come of blobs that are not complete, in the storages of a server."""
    return BACKEND.unfinished(_roots(settings))


def _roots(settings: Settings) -> dict[str, Path]:
    return {each.id: each.path or default_storage(settings.data_dir)[each.id] for each in settings.storage}


def directory_of(settings: Settings) -> Path:
    """The directory of the first storage of a server."""
    path = settings.storage[0].path
    assert path is not None
    return path


def default_storage(data_dir: Path) -> dict[str, Path]:
    """The storage of a server whose settings name none."""
    return {"datastore-1": data_dir / "storage"}
