"""Creates and parses the URLs of file content, and removes their secrets for logging.

    /cls/data/SESSION/FILE/SIGNATURE/NAME          upload of a file, or download of the file at a position
    /cls/static/LIBRARY/ITEM/NAME?version=REVISION  file of an item, for logged-in users

The signature covers kind, session and file with the server's key, so URLs cannot be guessed, and an upload URL is not valid for
downloads. The name is for people and tools; the server ignores it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, quote, unquote

from contentlib.library.catalog.browsing import directory_of
from contentlib.library.model import UpdateFile

DATA = "/cls/data/"
STATIC = "/cls/static/"

_SIGNATURE_BYTES = 24  # 192 bits of the 256, and no padding in base64
_POSITION_DIGITS = 9

Kind = Literal["upload", "download"]


@dataclass(frozen=True, slots=True)
class DataAddress:
    """Target of a signed URL. `file` is the identifier of an upload or the position of a download."""

    kind: Kind
    session: str
    file: str


@dataclass(frozen=True, slots=True)
class StaticAddress:
    """A file of an item. `version` is the requested revision, as sent. Its bytes must be on the `storage`, if one is named."""

    library: str
    item: str
    name: str
    version: str | None
    storage: str | None = None


class SignedAddresses:
    """Creates and parses signed URLs. `key` is the server's secret, the same in all its processes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def upload(self, file: UpdateFile) -> str:
        """Returns the URL for uploading a file of an update session."""
        return self._data("upload", file.session, file.id, file.name)

    def download(self, session_id: str, position: int, name: str) -> str:
        """Returns the URL for downloading the file at a position of a download session's content version."""
        return self._data("download", session_id, str(position), name)

    def content(self, library_id: str, item_id: str, name: str, revision: int) -> str:
        """Returns the URL for reading a file of an item without a download session. It is valid for that revision only."""
        return f"{STATIC}{_quoted(library_id)}/{_quoted(item_id)}/{_quoted(name)}?version={revision}"

    def on_datastore(self, storage: str, library_id: str, item_id: str, name: str) -> str:
        """Returns the URL of a file of an item on a datastore, as vCenter has it. The datastore browser finds it there."""
        return f"ds:///vmfs/volumes/{_quoted(storage)}/{directory_of(library_id)}/{_quoted(item_id)}/{_quoted(name)}"

    def read(self, path: str) -> DataAddress | None:
        """Parses the path of a signed URL. Returns None if the signature is wrong or missing."""
        parts = path.removeprefix(DATA).split("/", 3)
        if len(parts) < 3:
            return None
        session, file, signature = parts[:3]
        # identifiers of uploads are UUIDs, so nothing but a position is a short number
        short = file.isascii() and file.isdecimal() and len(file) <= _POSITION_DIGITS
        kind: Kind = "download" if short else "upload"
        if not hmac.compare_digest(signature.encode(), self._signature(kind, session, file).encode()):
            return None
        return DataAddress(kind, session, file)

    def _data(self, kind: Kind, session: str, file: str, name: str) -> str:
        return f"{DATA}{session}/{file}/{self._signature(kind, session, file)}/{_quoted(name)}"

    def _signature(self, kind: Kind, session: str, file: str) -> str:
        signed = f"{kind}|{session}|{file}".encode()
        digest = hmac.digest(self._key, signed, hashlib.sha256)[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode()


def read_static(path: str, query: str) -> StaticAddress | None:
    """Parses the URL of a file of an item. Returns None if the path has the wrong number of parts."""
    parts = [unquote(part) for part in path.removeprefix(STATIC).split("/")]
    if len(parts) != 3 or not all(parts):
        return None
    library, item, name = parts
    return StaticAddress(library, item, name, parse_qs(query).get("version", [None])[-1])


def loggable_path(path: str) -> str:
    """Returns the path for logging, without what makes a signed URL usable."""
    if not path.startswith(DATA):
        return path
    session, _, rest = path.removeprefix(DATA).partition("/")
    file, _, rest = rest.partition("/")
    return f"{DATA}{session}/{file}/…" if session and file and rest else f"{DATA}…"


def _quoted(text: str) -> str:
    return quote(text, safe="")
