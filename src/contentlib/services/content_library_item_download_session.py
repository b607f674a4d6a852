"""Implements com.vmware.content.library.item.download_session: leases on content while it is downloaded."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.idempotence import check_token
from contentlib.library.leases import Leases
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.structures.conversions import failure_of
from contentlib.structures.privileges import ABOUT_DOWNLOAD, ANONYMOUS, DOWNLOAD_SESSION, on_item
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration

_PATH = "/api/content/library/item/download-session"
_SESSION = f"{_PATH}/{{download_session_id}}"
_ENDING = (NotAllowedInCurrentState, NotFound)


@enumeration("com.vmware.content.library.item.download_session_model.state")
class DownloadSessionState(Enumeration):
    """State of a download session. Only an ACTIVE session serves content."""

    ACTIVE = "ACTIVE"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


_STATES = {model.State(each.value): each for each in DownloadSessionState}


class DownloadSessionModel(Structure):
    """A download session.

    It serves the content version that the item had when the session was created. `library_item_id` is required to create one;
    other fields are ignored. `client_progress` is 0 to 100. The time is in UTC.
    """

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.download_session_model"
    client_progress: Integer | None = None
    error_message: LocalizableMessage | None = None
    expiration_time: DateTime | None = None
    id: Id | None = None
    library_item_content_version: str | None = None
    library_item_id: Id | None = None
    state: DownloadSessionState | None = None


class DownloadSessionService(Service):
    """Download sessions."""

    vapi_id = "com.vmware.content.library.item.download_session"

    def __init__(self, sessions: DownloadSessions, leases: Leases) -> None:
        self._sessions = sessions
        self._leases = leases

    @operation(
        Route("POST", _PATH, body="create_spec", headers={"Client-Token": "client_token"}, status=201),
        errors=(InvalidArgument, NotFound),
        privileges=(on_item("ContentLibrary.DownloadSession", "create_spec.library_item_id"),),
    )
    async def create(self, call: Call, client_token: str | None, create_spec: DownloadSessionModel) -> Id:
        """Starts a session on the current content of an item and returns its identifier."""
        token = check_token(call.user, f"{self.vapi_id}.create", client_token)
        return await self._sessions.create(call.user, call.login, create_spec.library_item_id, token)

    @operation(Route("GET", _SESSION), errors=(NotFound,), privileges=(ANONYMOUS,), about=ABOUT_DOWNLOAD)
    async def get(self, call: Call, download_session_id: Id) -> DownloadSessionModel:
        """Returns a session."""
        return self._model(await self._sessions.get(download_session_id))

    @operation(
        Route("GET", _PATH),
        errors=(NotFound,),
        privileges=(
            Privilege("ContentLibrary.DownloadSession", "com.vmware.content.library.item.DownloadSession", "library_item_id"),
        ),
        shows=DOWNLOAD_SESSION,
    )
    async def list(self, call: Call, library_item_id: Id | None) -> builtins.list[Id]:
        """Lists the identifiers of the caller's sessions, of one item or of all items."""
        return await self._sessions.ids(call.user, library_item_id)

    @operation(
        Route("POST", _SESSION, {"action": "keep-alive"}, status=204),
        errors=_ENDING,
        privileges=(ANONYMOUS,),
        about=ABOUT_DOWNLOAD,
    )
    async def keep_alive(self, call: Call, download_session_id: Id, progress: Integer | None) -> None:
        """Renews the lease of a session and stores the client's progress, 0 to 100."""
        await self._sessions.keep_alive(download_session_id, progress)

    @operation(
        Route("POST", _SESSION, {"action": "cancel"}, status=204), errors=_ENDING, privileges=(ANONYMOUS,), about=ABOUT_DOWNLOAD
    )
    async def cancel(self, call: Call, download_session_id: Id) -> None:
        """Ends a session and invalidates its download URLs."""
        await self._sessions.cancel(download_session_id)

    @operation(
        Route("POST", _SESSION, {"action": "fail"}, status=204), errors=_ENDING, privileges=(ANONYMOUS,), about=ABOUT_DOWNLOAD
    )
    async def fail(self, call: Call, client_error_message: str, download_session_id: Id) -> None:
        """Ends a session in ERROR with the client's message."""
        await self._sessions.fail(download_session_id, client_error_message)

    @operation(Route("DELETE", _SESSION, status=204), errors=(NotFound,), privileges=(ANONYMOUS,), about=ABOUT_DOWNLOAD)
    async def delete(self, call: Call, download_session_id: Id) -> None:
        """Deletes a session and invalidates its download URLs."""
        await self._sessions.delete(download_session_id)

    def _model(self, session: model.DownloadSession) -> DownloadSessionModel:
        return DownloadSessionModel(
            client_progress=session.progress,
            error_message=failure_of(session.fault, session.state),
            expiration_time=DateTime(self._leases.expiration(session)),
            id=session.id,
            library_item_content_version=str(session.content_version),
            library_item_id=session.item,
            state=_STATES[session.state],
        )
