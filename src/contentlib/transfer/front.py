"""The room's door: which requests it takes, and where each of them goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from contentlib.http.message import Answer, Disconnected, Request
from contentlib.library.blobs import Blobs
from contentlib.library.download_sessions import DownloadSessions
from contentlib.library.items import Items
from contentlib.library.sessions import Leases
from contentlib.library.update_sessions import UpdateSessions
from contentlib.transfer.addresses import DATA, STATIC, SignedAddresses, shown
from contentlib.transfer.answers import text

Admit = Callable[[Request], Awaitable[None]]
OnFailure = Callable[[Request, str, BaseException], None]


class Transfers:
    """Takes and gives the bytes of files.

    `admit` raises Unauthenticated where a request has no login session; only the addresses under `/cls/static/` ask it.
    `on_failure` gets the request and its path, both without the signature, and what happened.
    """

    def __init__(
        self,
        updates: UpdateSessions,
        downloads: DownloadSessions,
        items: Items,
        blobs: Blobs,
        leases: Leases,
        addresses: SignedAddresses,
        admit: Admit,
        upload_limit: int,
        on_failure: OnFailure,
    ) -> None:
        self._addresses = addresses
        self._parts = (updates, downloads, items, blobs, leases, admit, upload_limit)
        self._on_failure = on_failure

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path.startswith((DATA, STATIC))

    async def handle(self, request: Request) -> Answer:
        """The answer to a request; raises nothing but Disconnected."""
        try:
            return await self._answer(request)
        except Disconnected:
            raise
        except Exception as error:
            path = shown(request.path)
            self._on_failure(replace(request, path=path), path, error)
            return text(500, f"the server failed; its log tells why under the request id {request.request_id}")

    async def _answer(self, request: Request) -> Answer:
        return text(503, f"nothing is transferred yet at {shown(request.path)}")

    def ended(self, session_or_file_id: str) -> None:
        """Ends what is still going on for a session, or for a file of one."""

    async def touch_running(self) -> None:
        """Keeps the sessions of running downloads alive; to be called every few seconds."""
