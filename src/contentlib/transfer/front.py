"""The room's door: which requests it takes, and where each of them goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contentlib.http.failures import RETRY, failure
from contentlib.http.message import Answer, Disconnected, Request, refusal
from contentlib.http.messages import SERVER_FAILED
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.bytes.throttle import Throttle
from contentlib.library.catalog.items import Items
from contentlib.library.errors import Damaged, LibraryError
from contentlib.library.leases import Leases
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.transfer import messages
from contentlib.transfer.addresses import DATA, STATIC, SignedAddresses, read_static, shown
from contentlib.transfer.answers import STATUS, Refused
from contentlib.transfer.downloads import Admit, Downloads
from contentlib.transfer.uploads import Uploads
from contentlib.vapi.errors import Unauthenticated, VapiError

OnFailure = Callable[[Request, str, BaseException], None]


class Transfers:
    """Takes and gives the bytes of files.

    `admit` raises Unauthenticated where a request has no login session; only the addresses under `/cls/static/` ask it.
    `on_failure` gets the request and its path, both without the signature, and what happened.
    """

    def __init__(
        self,
        transfers: FileTransfers,
        downloads: DownloadSessions,
        items: Items,
        blobs: Blobs,
        leases: Leases,
        addresses: SignedAddresses,
        admit: Admit,
        throttle: Throttle,
        on_failure: OnFailure,
    ) -> None:
        self._addresses = addresses
        self._on_failure = on_failure
        self._uploads = Uploads(transfers, blobs.storages, leases, throttle, self._failed)
        self._downloads = Downloads(downloads, items, blobs, leases, admit)

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path.startswith((DATA, STATIC))

    async def handle(self, request: Request) -> Answer:
        """The answer to a request; raises nothing but Disconnected."""
        try:
            return await self._answer(request)
        except Disconnected:
            raise
        except Refused as refused:
            return refusal(refused.status, refused.fault, refused.headers)
        except VapiError as error:
            return _told(error)
        except OSError as error:
            self._failed(request, error)
            return failure(error)
        except Exception as error:
            return self._unforeseen(request, error)

    def ended(self, session_or_file_id: str) -> None:
        """Ends what is still going on for a session, or for a file of one.

        A download that runs ends with the bytes that it began with, but no longer keeps its session alive.
        """
        self._uploads.ended(session_or_file_id)
        self._downloads.running.drop(session_or_file_id)

    async def touch_running(self) -> None:
        """Keeps the sessions of running downloads alive, and ends uploads that stand still; to be called every few seconds."""
        self._uploads.stop_silent()
        await self._downloads.running.touch()

    async def _answer(self, request: Request) -> Answer:
        if request.path.startswith(STATIC):
            content = read_static(request.path, request.query)
            if content is None:
                raise Refused(404, messages.NO_SUCH_FILE(path=request.path[:200]))
            return await self._downloads.of_item(request, content)
        address = self._addresses.read(request.path)
        if address is None:
            raise Refused(404, messages.BAD_SIGNATURE())
        if address.kind == "download":
            return await self._downloads.of_session(request, address)
        return await self._uploads.handle(request, address)

    def _unforeseen(self, request: Request, error: Exception) -> Answer:
        status = STATUS.get(type(error), 500) if isinstance(error, LibraryError) else 500
        if status >= 500:
            self._failed(request, error)
        if isinstance(error, LibraryError) and (status != 500 or isinstance(error, Damaged)):
            return refusal(status, error.fault, RETRY if status == 503 else None)
        return refusal(500, SERVER_FAILED(request=request.request_id))

    def _failed(self, request: Request, error: BaseException) -> None:
        path = shown(request.path)
        self._on_failure(replace(request, path=path), path, error)


def _told(error: VapiError) -> Answer:
    """What a caller hears who may not read."""
    headers = []
    if isinstance(error, Unauthenticated):
        headers.append(("www-authenticate", error.challenge or 'Basic realm="contentlib"'))
    return refusal(error.status or error.rest_status, error.fault, headers)
