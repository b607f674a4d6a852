"""Implements com.vmware.content.library.item.downloadsession.file: the files of a download session and their URLs."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.gate import AccessGate
from contentlib.access.roles import READ_STORAGE
from contentlib.access.scopes import DOWNLOAD_SESSION
from contentlib.library import model
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.model import Need
from contentlib.library.sessions.download_sessions import DownloadFile, DownloadSessions
from contentlib.structures.conversions import Endpoints, checksum_info, failure_of
from contentlib.structures.files import ChecksumInfo, TransferEndpoint
from contentlib.structures.privileges import ABOUT_DOWNLOAD, ANONYMOUS
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration

_PREFIX = "com.vmware.content.library.item.downloadsession.file"
_PATH = "/api/content/library/item/download-session/{download_session_id}/file"
_PREPARED = model.PrepareStatus.PREPARED


@enumeration(f"{_PREFIX}.endpoint_type")
class EndpointType(Enumeration):
    """Type of the download URL: a URL of this server, or the location of the file on the storage."""

    DIRECT = "DIRECT"
    HTTPS = "HTTPS"


@enumeration(f"{_PREFIX}.prepare_status")
class PrepareStatus(Enumeration):
    """State of the preparation of a file. Only a PREPARED file has a URL."""

    ERROR = "ERROR"
    PREPARED = "PREPARED"
    PREPARE_REQUESTED = "PREPARE_REQUESTED"
    PREPARING = "PREPARING"
    UNPREPARED = "UNPREPARED"


class DownloadFileInfo(Structure):
    """A file of a download session. Sizes are in bytes.

    The URL in `download_endpoint` needs no login and becomes invalid when the session ends. Keep it secret.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    bytes_transferred: Integer
    name: str
    status: PrepareStatus
    checksum_info: ChecksumInfo | None = None
    download_endpoint: TransferEndpoint | None = None
    error_message: LocalizableMessage | None = None
    size: Integer | None = None


class DownloadFileService(Service):
    """The files of download sessions."""

    vapi_id = _PREFIX

    def __init__(self, sessions: DownloadSessions, blobs: Blobs, endpoints: Endpoints, gate: AccessGate) -> None:
        self._sessions = sessions
        self._blobs = blobs
        self._endpoints = endpoints
        self._gate = gate

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(ANONYMOUS,), about=ABOUT_DOWNLOAD)
    async def list(self, call: Call, download_session_id: Id) -> builtins.list[DownloadFileInfo]:
        """Lists the files of a session."""
        return [await self._info(call, file) for file in await self._sessions.files(download_session_id)]

    @operation(
        Route("GET", _PATH, {"file_name": None}),
        errors=(InvalidArgument, NotFound),
        privileges=(ANONYMOUS,),
        about=ABOUT_DOWNLOAD,
    )
    async def get(self, call: Call, download_session_id: Id, file_name: str) -> DownloadFileInfo:
        """Returns a file of a session."""
        return await self._info(call, await self._sessions.file(download_session_id, file_name))

    @operation(
        Route("POST", _PATH, {"action": "prepare"}),
        errors=(InvalidArgument, NotFound, Unauthorized),
        privileges=(ANONYMOUS,),
        about=ABOUT_DOWNLOAD,
    )
    async def prepare(
        self, call: Call, download_session_id: Id, endpoint_type: EndpointType | None, file_name: str
    ) -> DownloadFileInfo:
        """Prepares a file for download. When this returns, the file is PREPARED with its URL, or in ERROR.

        A DIRECT endpoint shows the location of the bytes on the storage and needs the privilege ContentLibrary.ReadStorage.
        """
        wanted = model.EndpointType.HTTPS if endpoint_type is None else model.EndpointType(endpoint_type.value)
        if wanted is model.EndpointType.DIRECT:
            await self._gate.demand(call, Need(READ_STORAGE, DOWNLOAD_SESSION, download_session_id), "a DIRECT endpoint")
        return await self._info(call, await self._sessions.prepare(download_session_id, file_name, wanted))

    async def _info(self, call: Call, found: DownloadFile) -> DownloadFileInfo:
        preparation, file = found.preparation, found.file
        prepared = preparation.status is _PREPARED
        return DownloadFileInfo(
            bytes_transferred=file.size if prepared else 0,
            checksum_info=checksum_info(file.checksum),
            download_endpoint=await self._endpoint(call, found) if prepared else None,
            error_message=failure_of(preparation.fault, preparation.status),
            name=file.name,
            size=file.size,
            status=PrepareStatus(preparation.status.value),
        )

    async def _endpoint(self, call: Call, found: DownloadFile) -> TransferEndpoint:
        if found.preparation.endpoint is model.EndpointType.DIRECT:
            return TransferEndpoint(uri=(await self._blobs.place(found.file)).uri)
        path = self._endpoints.addresses.download(found.preparation.session, found.position, found.file.name)
        return self._endpoints.whole(call, path)
