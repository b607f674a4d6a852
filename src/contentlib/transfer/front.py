"""Routes requests for file content to their handlers."""

from __future__ import annotations

from functools import partial

from contentlib.access.refusals import OnRefusal, unnoticed
from contentlib.access.scopes import DOWNLOAD_SESSION, NAMES, UPDATE_SESSION
from contentlib.http.failures import RETRY, ServerFailed
from contentlib.http.message import Answer, Request, refusal
from contentlib.library.actors import set_actor
from contentlib.library.errors import LibraryError
from contentlib.library.model import Actor
from contentlib.transfer import messages
from contentlib.transfer.addresses import DATA, STATIC, DataAddress, SignedAddresses, read_static
from contentlib.transfer.answers import STATUS, RequestRefused
from contentlib.transfer.downloads import Downloads
from contentlib.transfer.folders import Folders, is_folder, with_session
from contentlib.transfer.permits import Permits
from contentlib.transfer.uploads import Uploads
from contentlib.vapi.errors import Unauthenticated, Unauthorized, VapiError


class Transfers:
    """Receives and sends the content of files."""

    def __init__(
        self,
        uploads: Uploads,
        downloads: Downloads,
        addresses: SignedAddresses,
        permits: Permits,
        folders: Folders,
        refused: OnRefusal = unnoticed,
    ) -> None:
        self._refused = refused
        self._folders = folders
        self._uploads = uploads
        self._downloads = downloads
        self._addresses = addresses
        self._permits = permits

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path.startswith((DATA, STATIC)) or is_folder(path)

    async def handle(self, request: Request) -> Answer:
        """The answer to a request; raises Disconnected, and why the server failed."""
        try:
            return await self._answer(request)
        except RequestRefused as refused:
            return refusal(refused.status, refused.fault, refused.headers)
        except VapiError as error:
            if isinstance(error, Unauthenticated | Unauthorized):
                await self._refused(error.name)
            return _told(error)
        except LibraryError as error:
            return _of_rules(error)

    def ended(self, session_or_file_id: str) -> None:
        """Stops the transfers of a session, or of one of its files.

        A running download completes, but no longer keeps its session alive.
        """
        self._uploads.ended(session_or_file_id)
        self._downloads.running.drop(session_or_file_id)

    async def touch_running(self) -> None:
        """Keeps the sessions of running downloads alive and stops stalled uploads. Must be called every few seconds."""
        self._uploads.stop_silent()
        await self._downloads.running.touch()
        await self._downloads.users.look()

    async def _answer(self, request: Request) -> Answer:
        if request.path.startswith(STATIC):
            content = read_static(request.path, request.query)
            if content is None:
                raise RequestRefused(404, messages.NO_SUCH_FILE(path=request.path[:200]))
            return await self._downloads.of_item(request, content)
        if is_folder(request.path):
            return await self._downloads.of_item(with_session(request), self._folders.address(request))
        address = self._addresses.read(request.path)
        if address is None:
            raise RequestRefused(404, messages.BAD_SIGNATURE())
        set_actor(partial(_holder, request, address))
        await self._permits.keep(address)
        if address.kind == "download":
            return await self._downloads.of_session(request, address)
        return await self._uploads.handle(request, address)


def _holder(request: Request, address: DataAddress) -> Actor:
    """The holder of a signed address, before its session is found."""
    things = ((NAMES[UPDATE_SESSION if address.kind == "upload" else DOWNLOAD_SESSION], address.session),)
    return Actor(address=request.client, operation=f"transfer.{address.kind}", request=request.request_id, things=things)


def _of_rules(error: LibraryError) -> Answer:
    """Returns the response for an error of the rules. Raises errors that are the server's fault."""
    status = STATUS.get(type(error))
    if status is None:
        raise error
    if status >= 500:
        raise ServerFailed(status, error.fault, RETRY if status == 503 else None) from error
    return refusal(status, error.fault)


def _told(error: VapiError) -> Answer:
    """Returns the message for a caller that may not read."""
    headers = []
    if isinstance(error, Unauthenticated):
        headers.append(("www-authenticate", error.challenge or 'Basic realm="contentlib"'))
    if error.retry_after is not None:
        headers.append(("retry-after", str(error.retry_after)))
    return refusal(error.status or error.rest_status, error.fault, headers)
