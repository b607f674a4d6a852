"""Implements com.vmware.content.library.item.update_session: atomic changes to an item's files."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.idempotence import check_token
from contentlib.library.leases import Leases
from contentlib.library.packages.signatures import Signer
from contentlib.library.sessions.completion import Completion
from contentlib.library.sessions.package_checks import Preview, is_ignored
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.structures.conversions import failure_of
from contentlib.structures.privileges import ABOUT_UPDATE, ANONYMOUS, UPDATE_SESSION, on_item
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, InvalidElementType, NotAllowedInCurrentState, NotFound, ResourceBusy
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage, message
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

_PREFIX = "com.vmware.content.library.item.updatesession"
_PATH = "/api/content/library/item/update-session"
_SESSION = f"{_PATH}/{{update_session_id}}"
_ENDING = (NotAllowedInCurrentState, NotFound)


@enumeration("com.vmware.content.library.item.update_session_model.state")
class UpdateSessionState(Enumeration):
    """State of an update session. Only an ACTIVE session accepts changes."""

    ACTIVE = "ACTIVE"
    CANCELED = "CANCELED"
    DONE = "DONE"
    ERROR = "ERROR"


@enumeration(f"{_PREFIX}.warning_type")
class WarningType(Enumeration):
    """Type of a warning about the certificate of an OVF package."""

    EXPIRED_CERTIFICATE = "EXPIRED_CERTIFICATE"
    NOT_YET_VALID_CERTIFICATE = "NOT_YET_VALID_CERTIFICATE"
    SELF_SIGNED_CERTIFICATE = "SELF_SIGNED_CERTIFICATE"
    UNTRUSTED_CERTIFICATE = "UNTRUSTED_CERTIFICATE"


@enumeration(f"{_PREFIX}.preview_info.state")
class PreviewState(Enumeration):
    """Whether a preview is available."""

    AVAILABLE = "AVAILABLE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    PREPARING = "PREPARING"
    UNAVAILABLE = "UNAVAILABLE"


class CertificateInfo(Structure):
    """The certificate of an OVF package. `x509` is its base64 text."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.certificate_info"
    issuer: str
    self_signed: bool
    subject: str
    x509: str


class PreviewWarningInfo(Structure):
    """A warning, and whether the session ignores it."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.preview_warning_info"
    ignored: bool
    message: LocalizableMessage
    type: WarningType


class PreviewInfo(Structure):
    """Preview of the files before the session completes."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.preview_info"
    unions = (
        TaggedUnion(
            "state",
            {
                "AVAILABLE": {"certificate_info": False, "warnings": True},
                "NOT_APPLICABLE": {},
                "PREPARING": {},
                "UNAVAILABLE": {},
            },
            only_answered=True,
        ),
    )
    state: PreviewState
    cert_chain: list[str] | None = None
    certificate_info: CertificateInfo | None = None
    warnings: list[PreviewWarningInfo] | None = None


class WarningBehavior(Structure):
    """Whether a session ignores a type of warning."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.warning_behavior"
    ignored: bool
    type: WarningType


class UpdateSessionModel(Structure):
    """An update session.

    `library_item_id` is required to create one and `warning_behavior` is optional; other fields are ignored. `client_progress`
    is 0 to 100. The time is in UTC.
    """

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.update_session_model"
    unions = (
        TaggedUnion("state", {"ACTIVE": {"preview_info": False}, "CANCELED": {}, "DONE": {}, "ERROR": {}}, only_answered=True),
    )
    client_progress: Integer | None = None
    error_message: LocalizableMessage | None = None
    expiration_time: DateTime | None = None
    id: Id | None = None
    library_item_content_version: str | None = None
    library_item_id: Id | None = None
    preview_info: PreviewInfo | None = None
    state: UpdateSessionState | None = None
    warning_behavior: list[WarningBehavior] | None = None


class UpdateSessionService(Service):
    """Update sessions."""

    vapi_id = "com.vmware.content.library.item.update_session"

    def __init__(self, sessions: UpdateSessions, completion: Completion, leases: Leases) -> None:
        self._sessions = sessions
        self._completion = completion
        self._leases = leases

    @operation(
        Route("POST", _PATH, body="create_spec", headers={"Client-Token": "client_token"}, status=201),
        errors=(InvalidArgument, InvalidElementType, NotFound, ResourceBusy),
        privileges=(on_item("ContentLibrary.UpdateSession", "create_spec.library_item_id"),),
    )
    async def create(self, call: Call, client_token: str | None, create_spec: UpdateSessionModel) -> Id:
        """Starts a session on an item and returns its identifier. An item has at most one ACTIVE session."""
        token = check_token(call.user, f"{self.vapi_id}.create", client_token)
        ignored = _ignored(create_spec) or ()
        return await self._sessions.create(call.user, call.login, create_spec.library_item_id, ignored, token)

    @operation(Route("GET", _SESSION), errors=(NotFound,), privileges=(ANONYMOUS,), about=ABOUT_UPDATE)
    async def get(self, call: Call, update_session_id: Id) -> UpdateSessionModel:
        """Returns a session."""
        session = await self._sessions.poll(update_session_id, call.login)
        return self._model(session, await self._completion.preview(session))

    @operation(
        Route("GET", _PATH),
        errors=(NotFound,),
        privileges=(
            Privilege("ContentLibrary.UpdateSession", "com.vmware.content.library.item.UpdateSession", "library_item_id"),
        ),
        shows=UPDATE_SESSION,
    )
    async def list(self, call: Call, library_item_id: Id | None) -> builtins.list[Id]:
        """Lists the identifiers of the caller's sessions, of one item or of all items."""
        return await self._sessions.ids(call.user, library_item_id)

    @operation(
        Route("PATCH", _SESSION, body="update_spec", status=204),
        errors=(InvalidArgument, *_ENDING),
        privileges=(ANONYMOUS,),
        about=ABOUT_UPDATE,
    )
    async def update(self, call: Call, update_session_id: Id, update_spec: UpdateSessionModel) -> None:
        """Changes which warnings a session ignores."""
        await self._sessions.update(update_session_id, _ignored(update_spec))

    @operation(
        Route("POST", _SESSION, {"action": "complete"}, status=204), errors=_ENDING, privileges=(ANONYMOUS,), about=ABOUT_UPDATE
    )
    async def complete(self, call: Call, update_session_id: Id) -> None:
        """Makes the changes of a session the item's new content version.

        Fails while a file is missing or in ERROR, and while there is a warning about its package that is not ignored.
        """
        await self._completion.complete(update_session_id)

    @operation(
        Route("POST", _SESSION, {"action": "keep-alive"}, status=204),
        errors=_ENDING,
        privileges=(ANONYMOUS,),
        about=ABOUT_UPDATE,
    )
    async def keep_alive(self, call: Call, client_progress: Integer | None, update_session_id: Id) -> None:
        """Renews the lease of a session and stores the client's progress, 0 to 100."""
        await self._sessions.keep_alive(update_session_id, client_progress)

    @operation(
        Route("POST", _SESSION, {"action": "cancel"}, status=204), errors=_ENDING, privileges=(ANONYMOUS,), about=ABOUT_UPDATE
    )
    async def cancel(self, call: Call, update_session_id: Id) -> None:
        """Ends a session and discards its changes."""
        await self._sessions.cancel(update_session_id)

    @operation(
        Route("POST", _SESSION, {"action": "fail"}, status=204), errors=_ENDING, privileges=(ANONYMOUS,), about=ABOUT_UPDATE
    )
    async def fail(self, call: Call, client_error_message: str, update_session_id: Id) -> None:
        """Ends a session in ERROR with the client's message and discards its changes."""
        await self._sessions.fail(update_session_id, client_error_message)

    @operation(Route("DELETE", _SESSION, status=204), errors=_ENDING, privileges=(ANONYMOUS,), about=ABOUT_UPDATE)
    async def delete(self, call: Call, update_session_id: Id) -> None:
        """Deletes a session that has ended."""
        await self._sessions.delete(update_session_id)

    def _model(self, session: model.UpdateSession, preview: Preview) -> UpdateSessionModel:
        behavior = [WarningBehavior(ignored=ignored, type=WarningType(kind)) for kind, ignored in session.ignored_warnings]
        return UpdateSessionModel(
            client_progress=session.progress,
            error_message=failure_of(session.fault, session.state),
            expiration_time=DateTime(self._leases.expiration(session)),
            id=session.id,
            library_item_content_version=str(session.content_version),
            library_item_id=session.item,
            preview_info=_preview(session, preview) if session.state is model.State.ACTIVE else None,
            state=UpdateSessionState(session.state.value),
            warning_behavior=behavior,
        )


def _preview(session: model.UpdateSession, preview: Preview) -> PreviewInfo:
    """The preview of an ACTIVE session. VMware's SDK requires warnings in an available preview and forbids them otherwise."""
    if preview.empty:
        return PreviewInfo(state=PreviewState.UNAVAILABLE)
    if preview.preparing:
        return PreviewInfo(state=PreviewState.PREPARING)
    return PreviewInfo(
        cert_chain=list(preview.chain) or None,
        certificate_info=None if preview.signer is None else _certificate(preview.signer, preview.chain[0]),
        state=PreviewState.AVAILABLE,
        warnings=[
            PreviewWarningInfo(
                ignored=is_ignored(session, each.type),
                message=message(each.fault),
                type=WarningType(each.type.value),
            )
            for each in preview.doubts
        ],
    )


def _certificate(signer: Signer, text: str) -> CertificateInfo:
    return CertificateInfo(issuer=signer.issuer, self_signed=signer.self_signed, subject=signer.subject, x509=text)


def _ignored(spec: UpdateSessionModel) -> tuple[tuple[str, bool], ...] | None:
    if spec.warning_behavior is None:
        return None
    return tuple((each.type.value, each.ignored) for each in spec.warning_behavior)
