"""Stores blobs as objects in S3 buckets, with one prefix of a bucket per storage.

    blobs/ID                      a blob, or a segment of an upload (`segments`)
    staging/UPLOAD/START-ID       names a segment of an upload
    items/ITEM/VERSION.json       descriptions of the blobs of a content version, to identify them without the database
    contentlib-LIBRARY/…          static files of a library with `persist_json_enabled`
    strays/TIME-BLOB              a blob that the database does not know, set aside at a time in milliseconds
    storage.json, sweep           the mark of the server, and the last sweep

All state of an upload is in the bucket, so that another process can continue it, also on another machine. What a bucket has
acknowledged survives a power loss, so nothing is flushed. Who may write an upload is decided elsewhere: by its claim.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress

from contentlib.blobs.bucket import Bucket, BucketAddress
from contentlib.blobs.guard import check_key
from contentlib.blobs.marked_buckets import MarkedBucket
from contentlib.blobs.segments import (
    CopiedObject,
    blob_key,
    join,
    pointers,
    present,
    read_chain,
    sealed,
)
from contentlib.blobs.sending import PartQueue
from contentlib.blobs.staged_objects import StagedObjects
from contentlib.library.ports import ClaimHeld, NewBlob, Stat, Stray, Sweep, UploadClaim, UploadClaims

_SWEEP = "sweep"
_PARTS_AT_ONCE = 16


class S3Blobs:
    """The blob store on buckets. `claims` gives uploads to one writer; `parts_at_once` limits the parts to each."""

    boot = "none"
    """No boot of this machine loses bytes of a bucket."""

    def __init__(
        self, addresses: Mapping[str, BucketAddress], claims: UploadClaims, parts_at_once: int = _PARTS_AT_ONCE
    ) -> None:
        self.places = {storage: MarkedBucket(storage, Bucket(address)) for storage, address in addresses.items()}
        """The marked prefixes, by storage identifier."""
        self._claims = claims
        self._queues = {storage: PartQueue(parts_at_once) for storage in addresses}
        self._open: dict[tuple[str, str], StagedObjects] = {}
        self._opening = threading.Lock()

    def of(self, storage: str) -> S3Blobs:  # noqa: ARG002 - all of its storages are of this kind
        """Itself."""
        return self

    def own(self, server: str) -> None:
        """Sets the server to which the storages must belong. Until then nothing is written to them."""
        for place in self.places.values():
            place.server = server

    def make_parts(self, storage: str) -> None:
        """Does nothing: a bucket has no directories."""

    def ping(self, storage: str | None = None) -> None:
        """Returns when a storage, or every one, answers and has the mark of its server."""
        for each in self.places if storage is None else (storage,):
            self._place(each).check_again()

    def probe(self, storage: str) -> None:
        """Returns when a storage has answered."""
        self._place(storage).bucket.stat("storage.json")

    # uploads

    def stage(self, storage: str, upload: str) -> StagedObjects:
        """Opens an upload to append to."""
        key, bucket = (storage, check_key(upload)), self._checked(storage)
        claim = self._claims.claim(storage, upload)
        try:
            staged = StagedObjects(
                bucket, upload, claim, self._queues[storage], lambda staged: self._release(key, staged, claim)
            )
        except BaseException:
            claim.release()
            raise
        self._open[key] = staged
        return staged

    def staged_size(self, storage: str, upload: str) -> int:
        """Returns the number of stored bytes of an upload."""
        writer = self._writer(storage, upload)
        if writer is not None:
            return writer.size
        found = present(self._bucket(storage), check_key(upload))
        return found[-1].end if found else 0

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        """The bytes of an upload, in pieces."""
        check_key(upload)
        return self._staged_pieces(storage, upload)

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        """The first bytes of an upload."""
        writer = self._writer(storage, upload)
        if writer is not None:
            return writer.start(most)
        bucket = self._bucket(storage)
        found = present(bucket, check_key(upload), sealed)
        return b"".join(bucket.pieces(blob_key(found[0].id), 0, min(most, found[0].size))) if found else b""

    def discard(self, storage: str, upload: str) -> None:
        """Drops an upload, or a multipart upload that nothing names. One that another process writes stays."""
        writer, bucket = self._writer(storage, upload), self._checked(storage)
        if writer is not None:
            writer.discarded()
        elif pointers(bucket, check_key(upload)):
            with suppress(ClaimHeld), self.stage(storage, upload) as staged:
                staged.discarded()
        for each in bucket.unfinished(blob_key(upload)):
            if each.key == blob_key(upload):
                bucket.abort(each.key, each.id)

    def uploads(self, storage: str) -> list[str]:
        """The names of all uploads, and of the objects of multipart uploads that belong to none."""
        bucket = self._checked(storage)
        begun = {each.key.removeprefix("blobs/") for each in bucket.unfinished("blobs/")}
        named = pointers(bucket)
        return sorted({each.upload for each in named} | (begun - {each.id for each in named}))

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        """Turns a complete upload into a blob."""
        bucket, writer = self._checked(storage), self._writer(storage, upload)
        if writer is not None:
            name = writer.keep(blob)
        elif pointers(bucket, check_key(upload)):
            with self.stage(storage, upload) as staged:
                name = staged.keep(blob)
        else:
            raise FileNotFoundError(errno.ENOENT, f"upload {upload} does not exist")
        found = bucket.stat(blob_key(name))
        if found is None:
            raise FileNotFoundError(errno.ENOENT, f"blob {name} does not exist")
        return NewBlob(name, found.mark, None)

    # blobs

    def flush(self, storage: str, blob: str) -> None:
        """Returns when a blob exists: the bucket has stored it."""
        if self.stat(storage, blob) is None:
            raise FileNotFoundError(errno.ENOENT, f"blob {blob} does not exist")

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob."""
        key = blob_key(check_key(blob))
        if storage not in self.places:
            return None
        found = self._bucket(storage).stat(key)
        if found is None:
            self._place(storage).check_again()  # else it is not known whether the blob is gone, or the bucket another one
        return found

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of a blob, in pieces."""
        return self._bucket(storage).pieces(blob_key(check_key(blob)), start, end)

    def link(self, storage: str, blob: str, headers: Mapping[str, str]) -> str | None:
        """A signed address of a blob's object, if the storage has the setting `redirect`."""
        return self._bucket(storage).link(blob_key(check_key(blob)), headers)

    def uri(self, storage: str, blob: str) -> str:
        """The address of a blob's object."""
        return f"{self._bucket(storage)}/{blob_key(check_key(blob))}"

    def remove(self, storage: str, blob: str) -> None:
        """Drops a blob."""
        key = blob_key(check_key(blob))
        if storage in self.places:  # else it is no longer configured
            self._checked(storage).remove(key)

    def blobs(self, storage: str) -> Iterator[str]:
        """The names of all blobs, without segments of uploads."""
        bucket = self._checked(storage)
        found = [key.removeprefix("blobs/") for key in bucket.keys("blobs/")]
        segments = {each.id for each in pointers(bucket)}  # listed later: a segment has its pointer before its bytes
        yield from (each for each in found if each not in segments)

    # strays

    def set_aside(self, storage: str, blob: str, now: int) -> None:
        """Sets aside a blob that the database does not know."""
        self._move(storage, blob_key(check_key(blob)), _stray_key(Stray(blob, now)))

    def strays(self, storage: str) -> list[Stray]:
        """All blobs that were set aside."""
        found = (key.removeprefix("strays/").partition("-") for key in self._checked(storage).keys("strays/"))
        return [Stray(blob, int(since)) for since, _, blob in found if since.isdigit()]

    def take_back(self, storage: str, stray: Stray) -> None:
        """Turns a stray into a blob again."""
        self._move(storage, _stray_key(stray), blob_key(stray.blob))

    def remove_stray(self, storage: str, stray: Stray) -> None:
        """Drops a stray."""
        self._checked(storage).remove(_stray_key(stray))

    def sweep(self, storage: str) -> Sweep:
        """The last sweep."""
        try:
            return Sweep.of(self._checked(storage).get(_SWEEP).decode())
        except FileNotFoundError:
            return Sweep(0)

    def note_sweep(self, storage: str, sweep: Sweep) -> None:
        """Writes the number and token of a sweep."""
        self._checked(storage).put(_SWEEP, sweep.text.encode())

    # descriptions

    def describe(self, storage: str, item: str, version: str, content: bytes) -> None:
        """Writes the text of a content version."""
        key = _text_key(item, version)
        self._checked(storage).put(key, content)

    def described(self, storage: str) -> Iterator[tuple[str, str]]:
        """Item and version of all texts."""
        for key in self._checked(storage).keys("items/"):
            _, item, name = key.split("/", 2)
            yield item, name.removesuffix(".json")

    def undescribe(self, storage: str, item: str, version: str) -> None:
        """Drops the text of a content version."""
        self._checked(storage).remove(_text_key(item, version))

    # files beside the content

    def beside(self, storage: str, prefix: str) -> dict[str, int]:
        """The paths that begin with a prefix, and the sizes of their objects."""
        return dict(self._checked(storage).sizes(prefix))

    def read_beside(self, storage: str, path: str) -> bytes | None:
        """The bytes of an object."""
        try:
            return self._checked(storage).get(path)
        except FileNotFoundError:
            return None

    def write_beside(self, storage: str, path: str, body: bytes) -> None:
        """Writes a document."""
        self._checked(storage).put(path, body, kind="application/json")

    def copy_beside(self, storage: str, path: str, blob: str) -> None:
        """Lets the bucket copy a blob."""
        bucket, key = self._checked(storage), blob_key(check_key(blob))
        found = bucket.stat(key)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, f"blob {blob} does not exist")
        join(bucket, [CopiedObject(key, found.size)], path)

    def remove_beside(self, storage: str, path: str) -> None:
        """Removes an object."""
        self._checked(storage).remove(path)

    # parts

    def _staged_pieces(self, storage: str, upload: str) -> Iterator[bytes]:
        writer = self._writer(storage, upload)
        if writer is not None:
            yield from writer.pieces()
            return
        bucket = self._bucket(storage)
        found = present(bucket, upload, sealed)
        if not found and not pointers(bucket, upload):
            raise FileNotFoundError(errno.ENOENT, f"upload {upload} does not exist")
        yield from read_chain(bucket, found)

    def _move(self, storage: str, source: str, target: str) -> None:
        bucket = self._checked(storage)
        found = bucket.stat(source)
        if found is not None:
            join(bucket, [CopiedObject(source, found.size)], target)
            bucket.remove(source)

    def _release(self, key: tuple[str, str], staged: StagedObjects, claim: UploadClaim) -> None:
        with self._opening:
            if self._open.get(key) is staged:
                del self._open[key]
        claim.release()

    def _writer(self, storage: str, upload: str) -> StagedObjects | None:
        """The writer of an upload in this process."""
        return self._open.get((storage, check_key(upload)))

    def _place(self, storage: str) -> MarkedBucket:
        place = self.places.get(storage)
        if place is None:
            raise FileNotFoundError(errno.ENOENT, f"storage {storage} is not configured")
        return place

    def _bucket(self, storage: str) -> Bucket:
        return self._place(storage).bucket

    def _checked(self, storage: str) -> Bucket:
        """The bucket, when it bears the mark of its server."""
        place = self._place(storage)
        place.check()
        return place.bucket


def _stray_key(stray: Stray) -> str:
    return f"strays/{stray.since}-{check_key(stray.blob)}"


def _text_key(item: str, version: str) -> str:
    return f"items/{check_key(item)}/{check_key(version)}.json"
