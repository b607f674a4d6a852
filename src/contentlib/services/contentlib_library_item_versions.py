"""Implements contentlib.library.item.versions: lists content versions and makes earlier ones current again.

This service is our own: vCenter has it for virtual machine templates only.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.catalog.history import History
from contentlib.library.idempotence import check_token
from contentlib.library.model import Token
from contentlib.structures.conversions import checksum_info
from contentlib.structures.files import ChecksumInfo
from contentlib.structures.privileges import on_item
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import (
    AlreadyInDesiredState,
    Error,
    InvalidArgument,
    InvalidElementType,
    NotFound,
    ResourceBusy,
    ResourceInaccessible,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage, message
from contentlib.vapi.types import DateTime, Id, Integer, Structure

_PREFIX = "contentlib.library.item.versions"
_PATH = "/api/contentlib/library/item/{library_item_id}/versions"
_VERSION = f"{_PATH}/{{version}}"


class VersionFile(Structure):
    """A file of a content version. Its size is in bytes; `version` counts the contents of the file."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.file"
    name: str
    size: Integer
    version: str
    checksum_info: ChecksumInfo | None = None


class VersionDifferences(Structure):
    """Names of the files that were added, changed and removed compared with the previous content version."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.differences"
    added: builtins.list[str]
    changed: builtins.list[str]
    removed: builtins.list[str]


class VersionInfo(Structure):
    """A content version: its creator and time and, if it does not come from an update session, its origin. The time is in UTC.

    `warnings` describe problems of its files, such as a size that differs from the package's descriptor.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    files: builtins.list[VersionFile]
    size: Integer
    time: DateTime
    version: Id
    differences: VersionDifferences | None = None
    message: str | None = None
    user: str | None = None
    warnings: builtins.list[LocalizableMessage] | None = None


class VersionsService(Service):
    """The content versions of items."""

    vapi_id = _PREFIX

    def __init__(self, history: History) -> None:
        self._history = history

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(on_item("System.Read"),))
    async def list(self, call: Call, library_item_id: Id) -> builtins.list[VersionInfo]:
        """Lists the content versions that are kept, newest first."""
        return [_info(version) for version in reversed(await self._history.versions(library_item_id))]

    @operation(Route("GET", _VERSION), errors=(NotFound,), privileges=(on_item("System.Read"),))
    async def get(self, call: Call, library_item_id: Id, version: Id) -> VersionInfo:
        """Returns a content version that is kept."""
        return _info(await self._history.version(library_item_id, version))

    @operation(
        Route("POST", _VERSION, {"action": "make-current"}, headers={"Client-Token": "client_token"}),
        errors=(
            AlreadyInDesiredState,
            Error,
            InvalidArgument,
            InvalidElementType,
            NotFound,
            ResourceBusy,
            ResourceInaccessible,
        ),
        privileges=(on_item("ContentLibrary.UpdateSession"),),
        task=True,
    )
    async def make_current(self, call: Call, client_token: str | None, library_item_id: Id, version: Id) -> Id:
        """Makes the files of an earlier content version the item's content again and returns the new version."""
        return await self._history.make_current(library_item_id, version, call.user, self._token(call, client_token))

    async def check_make_current(self, call: Call, client_token: str | None, library_item_id: Id, version: Id) -> None:
        """Validates the arguments of `make_current`."""
        await self._history.check_current(library_item_id, version, self._token(call, client_token))

    def _token(self, call: Call, client_token: str | None) -> Token | None:
        return check_token(call.user, f"{self.vapi_id}.make_current", client_token)


def _info(version: model.Version) -> VersionInfo:
    return VersionInfo(
        differences=None if version.differences is None else _differences(version.differences),
        files=[_file(file) for file in version.files],
        message=version.message or None,
        size=sum(file.size for file in version.files),
        time=DateTime(version.created),
        user=version.user or None,
        version=str(version.number),
        warnings=[message(each) for each in version.warnings or ()] or None,
    )


def _differences(found: model.Differences) -> VersionDifferences:
    return VersionDifferences(added=[*found.added], changed=[*found.changed], removed=[*found.removed])


def _file(file: model.StoredFile) -> VersionFile:
    return VersionFile(checksum_info=checksum_info(file.checksum), name=file.name, size=file.size, version=str(file.revision))
