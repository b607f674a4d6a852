"""Defines update sessions and their files."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.checksums import Checksum
from contentlib.library.errors import Fault
from contentlib.library.model.sessions import Session, State


class Source(enum.StrEnum):
    """Source of a file's bytes. NONE is an unchanged file, or one whose source was not given."""

    NONE = "NONE"
    PUSH = "PUSH"
    PULL = "PULL"


class TransferStatus(enum.StrEnum):
    """State of the transfer of a file."""

    WAITING_FOR_TRANSFER = "WAITING_FOR_TRANSFER"
    TRANSFERRING = "TRANSFERRING"
    READY = "READY"
    VALIDATING = "VALIDATING"
    ERROR = "ERROR"


class UpdateSession(Session, frozen=True, kw_only=True):
    """An update session. `base` is the content version that it started from, `ignored_warnings` the warnings to ignore.

    If it has fetched files, `pulled` is when a client last did more than poll its state. It is `completing` if its client asked
    to complete it; the server may have completed it without that.
    """

    base: str | None = None
    storage: str
    ignored_warnings: tuple[tuple[str, bool], ...] = ()
    pulled: int | None = None
    completing: bool = False

    @property
    def completed_unasked(self) -> bool:
        """Whether the server completed it, and its client has not asked for that yet."""
        return self.state is State.DONE and self.pulled is not None and not self.completing


class SourceEndpoint(msgspec.Struct, frozen=True):
    """Where the server fetches a file from, and the required certificate, as the client has set it."""

    uri: str
    thumbprint: str | None = None
    certificate: str | None = None


class UpdateFile(msgspec.Struct, frozen=True):
    """A change of one file of an item: new bytes, or its removal.

    `size` and `checksum` are what the client declared; `received` and `content` describe the stored bytes. A PULL file has the
    `endpoint` of its source and the `task` that fetches it. A file extracted from an archive names it in `archive`. While a
    request sends bytes, `writer` is the process that receives them, `begun_by` the one that began last.
    """

    id: str
    session: str
    name: str
    source: Source
    status: TransferStatus
    removed: bool = False
    size: int | None = None
    checksum: Checksum | None = None
    received: int = 0
    content: Checksum | None = None
    blob: str | None = None
    fault: Fault | None = None
    endpoint: SourceEndpoint | None = None
    task: str | None = None
    archive: str | None = None
    writer: str | None = None
    begun_by: str | None = None

    @property
    def unpacked(self) -> bool:
        """Whether it was an archive whose files are beside it now: it is shown until the session ends, and never stored."""
        return self.status is TransferStatus.READY and self.blob is None and not self.removed
