"""Writes a tree to an S3 bucket. Credentials, region and endpoint come from the environment (`AWS_…`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from contentlib.library.errors import Damaged
from contentlib.library.messages import FILE_GONE_FROM
from contentlib.library.ports import BlobStore, local_path
from contentlib.vcsp.trees.directories import check_digest
from contentlib.vcsp.trees.static import Payload

_TYPES = {".json": "application/json", ".ovf": "application/xml", ".mf": "text/plain", ".cert": "text/plain"}
_BYTES = "application/octet-stream"
_RETRIES = 4
_PATIENCE = timedelta(seconds=60)


class ObjectTree:
    """A tree below a prefix; every object is put whole or not at all."""

    def __init__(self, url: str, store: BlobStore) -> None:
        self._url = url
        self._store = store
        parts = urlsplit(url)
        if not parts.netloc or parts.query or parts.fragment:
            raise RuntimeError(f"{url} has no bucket; use s3://BUCKET or s3://BUCKET/PREFIX")
        insecure = os.environ.get("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT", "")).startswith("http://")
        with self._telling("cannot be used"):
            self._bucket = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                client_options={"allow_http": insecure},
                retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE},
            )

    def __str__(self) -> str:
        return self._url

    def sizes(self) -> dict[str, int]:
        """The paths of all files, and their sizes."""
        with self._telling("cannot be listed"):
            return {each["path"]: each["size"] for batch in obstore.list(self._bucket) for each in batch}

    def read(self, path: str) -> bytes | None:
        """The document at a path."""
        with self._telling(f"cannot be read at {path}"):
            try:
                return bytes(obstore.get(self._bucket, path).bytes())
            except (NotFoundError, FileNotFoundError):
                return None

    def write(self, path: str, body: bytes) -> None:
        """Replaces a document. Caches must revalidate it."""
        with self._telling(f"cannot be written at {path}"):
            obstore.put(self._bucket, path, body, attributes={**_attributes(path), "Cache-Control": "no-cache"})

    def keep(self, path: str, payload: Payload) -> int:
        """Uploads content, in parts if it is large. It is verified first if the file was modified."""
        blob = payload.blob
        found = self._store.stat(blob.storage, blob.id)
        if found is None:
            raise Damaged(FILE_GONE_FROM(name=payload.name, storage=blob.storage))
        if (found.size, found.mark) != (blob.size, blob.mark):
            self._check(payload)
        source = local_path(self._store, blob.storage, blob.id) or self._store.read(blob.storage, blob.id)
        with self._telling(f"cannot be written at {path}"):
            obstore.put(self._bucket, path, source, attributes=_attributes(path))
        return blob.size

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files."""
        with self._telling("cannot delete files"):
            for path in paths:
                obstore.delete(self._bucket, path)

    def _check(self, payload: Payload) -> None:
        hasher = hashlib.sha256()
        for piece in self._store.read(payload.blob.storage, payload.blob.id):
            hasher.update(piece)
        check_digest(payload, hasher.hexdigest())

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except BaseError as error:
            raise OSError(f"{self._url} {what}: {str(error).splitlines()[0]}") from error


def _attributes(path: str) -> dict[str, str]:
    return {"Content-Type": _TYPES.get(path[path.rfind(".") :].lower(), _BYTES)}
