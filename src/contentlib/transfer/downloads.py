"""Handles download URLs: files of a download session, and files of an item for logged-in users."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from contentlib.access.begun import OnDownload, unlogged
from contentlib.http.files import FileContent, file_answer
from contentlib.http.message import Answer, Request, StreamResponse, method_not_allowed
from contentlib.library.actors import act_as
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import Items, check_here
from contentlib.library.errors import Missing
from contentlib.library.leases import Leases
from contentlib.library.model import AuditThing, Blob, DownloadSession
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.transfer import messages
from contentlib.transfer.addresses import DataAddress, StaticAddress
from contentlib.transfer.answers import RequestRefused
from contentlib.transfer.concurrency import UNLIMITED, BegunDownload, TransfersOfUsers
from contentlib.transfer.passing import through
from contentlib.transfer.permits import Permits
from contentlib.transfer.running import RunningDownloads, Touch
from contentlib.vapi.errors import VapiError

_METHODS = ("GET", "HEAD")
_TOUCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is kept of the downloads of users: how many each has, and that they have begun."""

    users: TransfersOfUsers = UNLIMITED
    begun: OnDownload = unlogged


class Downloads:
    """Sends the content of files."""

    def __init__(
        self,
        sessions: DownloadSessions,
        items: Items,
        blobs: Blobs,
        leases: Leases,
        permits: Permits,
        accounts: Accounts | None = None,
    ) -> None:
        accounts = accounts or Accounts()
        self.users, self._begun = accounts.users, accounts.begun
        self._sessions = sessions
        self._items = items
        self._blobs = blobs
        self._leases = leases
        self._permits = permits
        self.running = RunningDownloads()

    async def of_session(self, request: Request, address: DataAddress) -> Answer:
        """A file of a download session; the session lives as long as the bytes flow."""
        if request.method not in _METHODS:
            return method_not_allowed(request.method, _METHODS)
        coming = await self._sessions.coming(address.session, int(address.file))
        if coming is not None:
            async with self.users.download(coming[0].user) as begun:
                await self._note(request, coming[0], coming[1].name)
                answer = through(self._sessions, self._blobs, self._leases, *coming, int(address.file))
                return self._counted(answer, begun, _unneeded) if request.method == "GET" else answer
        session, file, blob = await self._sessions.target(address.session, int(address.file))

        async def touch() -> None:
            self._leases.touch(session)

        async with self.users.download(session.user) as begun:
            await self._note(request, session, file.name)
            return await self._answer(request, blob, file.name, session.id, begun, touch)

    async def of_item(self, request: Request, address: StaticAddress) -> Answer:
        """A file of an item, while it has the revision that is asked for."""
        if request.method not in _METHODS:
            return method_not_allowed(request.method, _METHODS)
        user = await self._permits.admit(request, address.item)
        async with self.users.download(user) as begun:
            return await self._of_item(request, address, begun)

    async def _of_item(self, request: Request, address: StaticAddress, begun: BegunDownload) -> Answer:
        item, file = await self._items.file(address.item, address.name)
        if item.library != address.library:
            raise RequestRefused(404, messages.NO_SUCH_ITEM(library=address.library, item=address.item))
        check_here(item)
        if address.version not in (None, str(file.revision)):
            current, given = file.revision, address.version or ""
            raise RequestRefused(404, messages.OTHER_VERSION(name=file.name, item=item.id, current=current, given=given))
        blob = await self._blobs.check(file.blob, file.name)
        if address.storage not in (None, blob.storage):
            raise RequestRefused(404, messages.OTHER_STORAGE(name=file.name, item=item.id, given=address.storage or ""))
        if request.method == "GET":
            await self._begun(AuditThing("library item", item.id, item.name, item.library), AuditThing("file", "", file.name))
        return await self._answer(request, blob, file.name, _login(request), begun, self._touch_login(request, item.id))

    async def _note(self, request: Request, session: DownloadSession, name: str) -> None:
        """Notes that a file is downloaded by the user of a session, who alone has its address."""
        if request.method == "GET":
            act_as(session.user, session.login)
            await self._begun(AuditThing("download session", session.id), AuditThing("file", "", name))

    async def _answer(self, request: Request, blob: Blob, name: str, owner: str, begun: BegunDownload, touch: Touch) -> Answer:
        path, run, pieces = self._blobs.path(blob), self._blobs.on(blob.storage).run, partial(self._blobs.pieces, blob)
        link = partial(self._blobs.link, blob, name)
        content = FileContent(path, blob.size, blob.sha256, blob.created, run, pieces, link)
        answer = await file_answer(request, content, name)
        if request.method == "GET" and answer.status in (200, 206):
            if isinstance(answer, StreamResponse):
                return self._counted(answer, begun, touch)
            if path is not None:
                self.running.add(owner, path, touch)
                begun.sends(path.name)
        return answer

    def _counted(self, answer: StreamResponse, begun: BegunDownload, touch: Touch) -> StreamResponse:
        answer.pieces = self._watched(answer.pieces, begun, touch)
        begun.sends()
        return answer

    async def _watched(
        self, pieces: AsyncGenerator[bytes, None], begun: BegunDownload, touch: Touch
    ) -> AsyncGenerator[bytes, None]:
        """Keeps the owner of a download alive while its bytes are read, and counts it among those of the user."""
        touched = time.monotonic()
        self.users.end(begun)
        with self.users.upload(begun.user):
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
                    if time.monotonic() - touched > _TOUCH_SECONDS:
                        touched = time.monotonic()
                        await touch()

    def _touch_login(self, request: Request, item: str) -> Touch:
        async def touch() -> None:
            if "authorization" in request.headers:  # every request of such a client brings its password, which is slow to check
                return
            try:
                await self._permits.admit(request, item)
            except (VapiError, Missing):  # logged out, or not allowed any more: the download ends as it began
                self.running.drop(_login(request))

        return touch


async def _unneeded() -> None:
    """Touches nothing: the stream does that itself."""


def _login(request: Request) -> str:
    """A name for a login session; the token itself is not kept longer than its request."""
    shown = (
        request.headers.get("vmware-api-session-id")
        or request.headers.get("cookie")
        or request.headers.get("authorization", "")
    )
    return hashlib.sha256(shown.encode()).hexdigest()
