"""Implements com.vmware.content.library.item.updatesession.file: the files of an update session and their uploads."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.gate import AccessGate
from contentlib.access.roles import IMPORT_STORAGE
from contentlib.library import model
from contentlib.library.model import Need, SourceEndpoint
from contentlib.library.sessions.completion import Completion
from contentlib.library.sessions.pulls import LOCAL_SCHEMES, Prober, scheme_of, without_password
from contentlib.library.sessions.update_files import NewFile, UpdateFiles
from contentlib.structures.conversions import Endpoints, checksum_info, declared_checksum, failure_of, probe_result
from contentlib.structures.files import ChecksumInfo, TransferEndpoint
from contentlib.structures.privileges import ABOUT_UPDATE, ANONYMOUS
from contentlib.structures.probes import ProbeResult
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotAllowedInCurrentState, NotFound, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage, message
from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

_PREFIX = "com.vmware.content.library.item.updatesession.file"
_PATH = "/api/content/library/item/update-session/{update_session_id}/file"
_FILE = f"{_PATH}/{{file_name}}"


@enumeration(f"{_PREFIX}.source_type")
class SourceType(Enumeration):
    """Source of a file: sent by the client, fetched by the server, or unchanged."""

    NONE = "NONE"
    PULL = "PULL"
    PUSH = "PUSH"


@enumeration("com.vmware.content.library.item.transfer_status")
class TransferStatus(Enumeration):
    """State of the transfer of a file. A file in ERROR can be sent again."""

    ERROR = "ERROR"
    READY = "READY"
    TRANSFERRING = "TRANSFERRING"
    VALIDATING = "VALIDATING"
    WAITING_FOR_TRANSFER = "WAITING_FOR_TRANSFER"


class AddSpec(Structure):
    """A file to add. The received bytes must match the given size (in bytes) and checksum."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.add_spec"
    unions = (TaggedUnion("source_type", {"NONE": {}, "PULL": {"source_endpoint": True}, "PUSH": {}}),)
    name: str
    source_type: SourceType
    checksum_info: ChecksumInfo | None = None
    size: Integer | None = None
    source_endpoint: TransferEndpoint | None = None


class UpdateFileInfo(Structure):
    """A file that the item has, or will have when the session completes. Sizes are in bytes.

    The URL in `upload_endpoint` accepts the bytes by PUT or POST. It needs no login and becomes invalid when the session ends.
    Keep it secret.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    unions = (TaggedUnion("source_type", {"NONE": {}, "PULL": {"source_endpoint": True}, "PUSH": {"upload_endpoint": True}}),)
    bytes_transferred: Integer
    name: str
    source_type: SourceType
    status: TransferStatus
    checksum_info: ChecksumInfo | None = None
    error_message: LocalizableMessage | None = None
    keep_in_storage: bool | None = None
    size: Integer | None = None
    source_endpoint: TransferEndpoint | None = None
    upload_endpoint: TransferEndpoint | None = None


class ValidationError(Structure):
    """A problem with a file."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.validation_error"
    error_message: LocalizableMessage
    name: str


class ValidationResult(Structure):
    """Whether the session could complete now, and which files have problems.

    If `has_errors` is false, `invalid_files` contains warnings: the session can complete, and the warnings are stored with its
    content.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.validation_result"
    has_errors: bool
    invalid_files: list[ValidationError]
    missing_files: set[str]


class UpdateFileService(Service):
    """The files of update sessions."""

    vapi_id = _PREFIX

    def __init__(
        self, files: UpdateFiles, completion: Completion, endpoints: Endpoints, gate: AccessGate, prober: Prober
    ) -> None:
        self._files = files
        self._completion = completion
        self._endpoints = endpoints
        self._gate = gate
        self._prober = prober

    @operation(
        Route("POST", _PATH, body="file_spec", status=201),
        errors=(InvalidArgument, NotAllowedInCurrentState, NotFound, Unauthorized),
        privileges=(ANONYMOUS,),
        about=ABOUT_UPDATE,
    )
    async def add(self, call: Call, file_spec: AddSpec, update_session_id: Id) -> UpdateFileInfo:
        """Adds a file, or replaces one of the same name, and returns the URL for its bytes.

        With source type PULL, the server fetches the file from `source_endpoint`, as a task on the library item. The session
        can be completed before the file has arrived; it becomes DONE or ERROR afterwards. A URL of the server's own storage
        needs the privilege ContentLibrary.ImportStorage.
        """
        source = None if file_spec.source_endpoint is None else _source(file_spec.source_endpoint)
        if source is not None:
            await self._check_local(call, source)
        new = NewFile(
            name=file_spec.name,
            source=model.Source(file_spec.source_type.value),
            size=file_spec.size,
            checksum=declared_checksum("file_spec.checksum_info", file_spec.checksum_info),
            endpoint=source,
        )
        return self._info(call, await self._files.add(update_session_id, new))

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(ANONYMOUS,), about=ABOUT_UPDATE)
    async def list(self, call: Call, update_session_id: Id) -> builtins.list[UpdateFileInfo]:
        """Lists the files that the item will have when the session completes."""
        return [self._info(call, file) for file in await self._files.all(update_session_id)]

    @operation(Route("GET", _FILE), errors=(InvalidArgument, NotFound), privileges=(ANONYMOUS,), about=ABOUT_UPDATE)
    async def get(self, call: Call, file_name: str, update_session_id: Id) -> UpdateFileInfo:
        """Returns a file of a session."""
        return self._info(call, await self._files.get(update_session_id, file_name))

    @operation(
        Route("DELETE", _FILE, status=204), errors=(InvalidArgument, NotFound), privileges=(ANONYMOUS,), about=ABOUT_UPDATE
    )
    async def remove(self, call: Call, file_name: str, update_session_id: Id) -> None:
        """Removes a file from the item when the session completes."""
        await self._files.remove(update_session_id, file_name)

    @operation(
        Route("POST", _PATH, {"action": "validate"}),
        errors=(NotAllowedInCurrentState, NotFound),
        privileges=(ANONYMOUS,),
        about=ABOUT_UPDATE,
    )
    async def validate(self, call: Call, update_session_id: Id) -> ValidationResult:
        """Checks whether a session could complete now. All pushed files must have been received correctly."""
        found = await self._completion.validate(update_session_id)
        invalid = [
            ValidationError(error_message=message(fault), name=name) for name, fault in (*found.invalid, *found.warnings)
        ]
        return ValidationResult(has_errors=bool(found), invalid_files=invalid, missing_files=set(found.missing))

    @operation(
        Route("POST", "/api/content/library/item/updatesession/file", {"action": "probe"}),
        privileges=(Privilege("ContentLibrary.ProbeSubscription"),),
    )
    async def probe(self, call: Call, source_endpoint: TransferEndpoint) -> ProbeResult:
        """Checks whether the server can fetch a file from a URL, without fetching it."""
        source = _source(source_endpoint)
        await self._check_local(call, source)
        return probe_result(await self._prober.probe(source))

    async def _check_local(self, call: Call, source: SourceEndpoint) -> None:
        """Files of the server's own machine are only for those who may import them."""
        if scheme_of(source.uri) in LOCAL_SCHEMES:
            await self._gate.demand(call, Need(IMPORT_STORAGE), "an address on the server's own storage")

    def _info(self, call: Call, file: model.UpdateFile) -> UpdateFileInfo:
        ready = file.status is model.TransferStatus.READY
        pushed = file.source is model.Source.PUSH
        endpoint = self._endpoints.whole(call, self._endpoints.addresses.upload(file)) if pushed else None
        return UpdateFileInfo(
            bytes_transferred=file.received,
            checksum_info=checksum_info(file.content if ready else file.checksum),
            error_message=failure_of(file.fault, file.status),
            keep_in_storage=True,
            name=file.name,
            size=file.received if ready else None,
            source_endpoint=_endpoint(file.endpoint),
            source_type=SourceType(file.source.value),
            status=TransferStatus(file.status.value),
            upload_endpoint=endpoint,
        )


def _source(endpoint: TransferEndpoint) -> SourceEndpoint:
    return SourceEndpoint(endpoint.uri, endpoint.ssl_certificate_thumbprint, endpoint.ssl_certificate)


def _endpoint(source: SourceEndpoint | None) -> TransferEndpoint | None:
    """Returns the URL that a file is fetched from, without its password."""
    if source is None:
        return None
    return TransferEndpoint(
        uri=without_password(source.uri), ssl_certificate=source.certificate, ssl_certificate_thumbprint=source.thumbprint
    )
