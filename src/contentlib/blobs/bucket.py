"""Makes the requests to an S3 bucket, and turns their errors into errors of the operating system."""

from __future__ import annotations

import errno
import functools
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from contentlib.library.ports import Stat, StorageAway

PIECE = 1 << 20
_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_ATTEMPTS = 3
_CONNECTIONS = 64
_MISSING = ("404", "NoSuchKey", "NoSuchUpload", "NotFound")
_BEYOND = ("416", "InvalidRange")
_FULL = ("507", "InsufficientCapacity", "QuotaExceeded", "XMinioStorageFull")
_BUSY = ("429", "500", "502", "503", "504", "InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown")
_OPENING = threading.Lock()
_LINK_SECONDS = 300
_LINK_HEADERS = {
    "content-type": "ResponseContentType",
    "content-disposition": "ResponseContentDisposition",
    "cache-control": "ResponseCacheControl",
}
_TAKEN = ("409", "412", "ConditionalRequestConflict", "PreconditionFailed")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is and how it is accessed.

    Without a file of `credentials`, they come from the environment, the usual files or the role of the machine. Clients may be
    sent to it if `redirect` is set, to another `redirect_endpoint` if they reach it there.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    credentials: Path | None = None
    ca_bundle: Path | None = None
    redirect: bool = False
    redirect_endpoint: str | None = None

    @property
    def url(self) -> str:
        """The address of the prefix."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


class SentPart(NamedTuple):
    """A part of a multipart upload that the bucket has."""

    number: int
    tag: str
    size: int


class Unfinished(NamedTuple):
    """A multipart upload that was neither completed nor aborted."""

    key: str
    id: str
    begun: datetime


class _BeyondEnd(OSError):
    """An object has no bytes from a position on."""


class Bucket:
    """The objects below a prefix of a bucket. Keys are relative to it. Its methods block."""

    def __init__(self, address: BucketAddress) -> None:
        self.address = address
        self._opened: Any = None
        self._linking: Any = None

    def __str__(self) -> str:
        return self.address.url

    # objects

    def put(self, key: str, body: bytes | bytearray | memoryview, *, new: bool = False, kind: str | None = None) -> None:
        """Writes an object, with its content type. Raises FileExistsError if it must be `new` and exists."""
        condition = {"IfNoneMatch": "*"} if new else {}
        shown = {} if kind is None else {"ContentType": kind, "CacheControl": "no-cache"}
        self._call("put_object", key, Body=body, **condition, **shown)

    def get(self, key: str) -> bytes:
        """Returns the bytes of a small object. Raises FileNotFoundError if it does not exist."""
        return b"".join(self.pieces(key))

    def stat(self, key: str) -> Stat | None:
        """Returns size and tag of an object, or None if it does not exist."""
        try:
            found = self._call("head_object", key)
        except FileNotFoundError:
            return None
        return Stat(found["ContentLength"], _plain(found["ETag"]))

    def pieces(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yields the bytes of an object from a position to another one. An interrupted answer is requested again."""
        if end is not None and start >= end:
            return
        tag, failures = None, 0
        while True:
            try:
                found = self._call("get_object", key, **_range(start, end), **({} if tag is None else {"IfMatch": tag}))
            except _BeyondEnd:
                return
            tag = found["ETag"]
            try:
                with self._telling(key):
                    while piece := found["Body"].read(PIECE):
                        start += len(piece)
                        yield piece
                return
            except OSError:
                failures += 1
                if failures == _ATTEMPTS:
                    raise
            finally:
                found["Body"].close()

    def link(self, key: str, headers: Mapping[str, str]) -> str | None:
        """Returns a signed address of an object, whose answer has those of the headers that can be set; None if not wanted."""
        if not self.address.redirect:
            return None
        shown = {_LINK_HEADERS[name]: value for name, value in headers.items() if name in _LINK_HEADERS}
        asked = {"Bucket": self.address.bucket, "Key": self._absolute(key), **shown}
        with self._telling(key):
            return str(self._linker().generate_presigned_url("get_object", asked, _LINK_SECONDS))

    def remove(self, key: str) -> None:
        """Removes an object, if it exists."""
        with suppress(FileNotFoundError):
            self._call("delete_object", key)

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the bucket."""
        self._call("copy_object", target, CopySource=self._source(source))

    def keys(self, prefix: str) -> Iterator[str]:
        """Yields the keys that begin with a prefix."""
        yield from (key for key, _ in self.sizes(prefix))

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yields the keys that begin with a prefix, and the sizes of their objects."""
        for page in self._pages("list_objects_v2", prefix):
            for each in page.get("Contents", ()):
                yield self._relative(each["Key"]), each["Size"]

    # multipart uploads

    def begin(self, key: str) -> str:
        """Begins a multipart upload and returns its id."""
        return str(self._call("create_multipart_upload", key)["UploadId"])

    def send(self, key: str, upload: str, number: int, body: bytes | bytearray) -> SentPart:
        """Sends a part."""
        found = self._call("upload_part", key, UploadId=upload, PartNumber=number, Body=body)
        return SentPart(number, found["ETag"], len(body))

    def send_copy(self, key: str, upload: str, number: int, source: str, start: int, end: int) -> SentPart:
        """Makes bytes of another object a part, which the bucket copies itself."""
        span = f"bytes={start}-{end - 1}"
        found = self._call(
            "upload_part_copy", key, UploadId=upload, PartNumber=number, CopySource=self._source(source), CopySourceRange=span
        )
        return SentPart(number, found["CopyPartResult"]["ETag"], end - start)

    def parts(self, key: str, upload: str) -> list[SentPart]:
        """Returns the parts that the bucket has. Raises FileNotFoundError if the upload was completed or aborted."""
        pages = self._pages("list_parts", key, whole=True, UploadId=upload)
        return [SentPart(each["PartNumber"], each["ETag"], each["Size"]) for page in pages for each in page.get("Parts", ())]

    def complete(self, key: str, upload: str, parts: Sequence[SentPart]) -> None:
        """Makes an object of the parts.

        A request that is repeated because its answer was lost finds the object instead of the upload.
        """
        told = [{"PartNumber": each.number, "ETag": each.tag} for each in parts]
        try:
            self._call("complete_multipart_upload", key, UploadId=upload, MultipartUpload={"Parts": told})
        except FileNotFoundError:
            found = self.stat(key)
            if found is None or found.size != sum(each.size for each in parts):
                raise

    def abort(self, key: str, upload: str) -> None:
        """Removes the parts of an upload, if it exists."""
        with suppress(FileNotFoundError):
            self._call("abort_multipart_upload", key, UploadId=upload)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yields multipart uploads of keys that begin with a prefix."""
        for page in self._pages("list_multipart_uploads", prefix):
            for each in page.get("Uploads", ()):
                yield Unfinished(self._relative(each["Key"]), each["UploadId"], each["Initiated"])

    # requests

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        with self._telling(key):
            return getattr(self._client(), operation)(Bucket=self.address.bucket, Key=self._absolute(key), **arguments)

    def _pages(self, operation: str, prefix: str, *, whole: bool = False, **arguments: Any) -> Iterator[Any]:
        name = "Key" if whole else "Prefix"
        with self._telling(prefix):
            pages = self._client().get_paginator(operation)
            yield from pages.paginate(Bucket=self.address.bucket, **{name: self._absolute(prefix)}, **arguments)

    def _absolute(self, key: str) -> str:
        return f"{self.address.prefix}/{key}" if self.address.prefix else key

    def _relative(self, key: str) -> str:
        return key.removeprefix(f"{self.address.prefix}/") if self.address.prefix else key

    def _source(self, key: str) -> dict[str, str]:
        return {"Bucket": self.address.bucket, "Key": self._absolute(key)}

    def _client(self) -> Any:
        """The client, made after a process has forked."""
        if self._opened is None:
            with _OPENING:  # a session must not make two clients at a time
                self._opened = self._opened or _client(self.address)
        return self._opened

    def _linker(self) -> Any:
        """The client that signs addresses of the endpoint that clients reach."""
        if self.address.redirect_endpoint is None:
            return self._client()
        if self._linking is None:
            with _OPENING:
                self._linking = self._linking or _client(replace(self.address, endpoint=self.address.redirect_endpoint))
        return self._linking

    @contextmanager
    def _telling(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            yield
        except ClientError as error:
            raise self._error(key, error.response["Error"]) from error
        except (BotoCoreError, HTTPClientError) as error:
            raise StorageAway(errno.EIO, f"{self} does not answer: {error}") from error

    def _error(self, key: str, said: dict[str, str]) -> OSError:
        code, text = said.get("Code", ""), said.get("Message", "")
        if code in _MISSING:
            return FileNotFoundError(errno.ENOENT, f"{self}/{key} does not exist")
        if code in _BEYOND:
            return _BeyondEnd(errno.EINVAL, f"{self}/{key} has no such range")
        if code in _TAKEN:
            return FileExistsError(errno.EEXIST, f"{self}/{key} exists or has changed")
        if code in _BUSY:
            return StorageAway(errno.EIO, f"{self} is not ready: {text or code} ({code})")
        number = errno.ENOSPC if code in _FULL else errno.EACCES if code in ("403", "AccessDenied") else errno.EIO
        return OSError(number, f"{self} refused {key}: {text or os.strerror(number)} ({code})")


def _client(address: BucketAddress) -> Any:
    from botocore.config import Config  # a large package, which servers without such a storage do not import

    session = _session(address.credentials)
    config = Config(
        signature_version="s3v4",  # also of links, which would be signed as in earlier times
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        s3={"addressing_style": "path" if address.path_style else "auto"},
        request_checksum_calculation="when_required",  # other servers than AWS's do not know the others
        response_checksum_validation="when_required",
        tcp_keepalive=True,
    )
    return session.create_client(
        "s3",
        region_name=address.region or session.get_config_variable("region") or "us-east-1",
        endpoint_url=address.endpoint,
        verify=None if address.ca_bundle is None else str(address.ca_bundle),
        config=config,
    )


@functools.cache
def _session(credentials: Path | None) -> Any:
    """Finds credentials, and reads the description of the service, which takes long."""
    from botocore.session import Session

    session = Session()
    if credentials is not None:
        session.set_config_variable("credentials_file", str(credentials))
    return session


def _range(start: int, end: int | None) -> dict[str, str]:
    if start == 0 and end is None:
        return {}
    return {"Range": f"bytes={start}-" if end is None else f"bytes={start}-{end - 1}"}


def _plain(tag: str) -> str:
    return tag.strip('"')
