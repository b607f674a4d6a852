"""Defines download sessions and the preparation of their files."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.errors import Fault
from contentlib.library.model.sessions import Session


class PrepareStatus(enum.StrEnum):
    """State of the preparation of a file."""

    UNPREPARED = "UNPREPARED"
    PREPARE_REQUESTED = "PREPARE_REQUESTED"
    PREPARING = "PREPARING"
    PREPARED = "PREPARED"
    ERROR = "ERROR"


class EndpointType(enum.StrEnum):
    """Type of the download URL: a URL of this server, or the location of the file on the storage."""

    HTTPS = "HTTPS"
    DIRECT = "DIRECT"


class DownloadSession(Session, frozen=True, kw_only=True):
    """A download session; it serves the content version named by `version_id` to its end."""

    version_id: str | None = None


class Preparation(msgspec.Struct, frozen=True):
    """Preparation of a file. `task` fetches its bytes if they were not stored."""

    session: str
    name: str
    status: PrepareStatus
    endpoint: EndpointType = EndpointType.HTTPS
    fault: Fault | None = None
    task: str | None = None
