"""The real parts behind the byte edges, on one directory; the smallest application around them; a client without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends import BACKEND
from contentlib.http.asgi import Application
from contentlib.http.failures import cause, in_plain_text
from contentlib.http.message import Answer, Disconnected, Request, Response
from contentlib.inventory import Inventory
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.bytes.throttle import Throttle
from contentlib.library.catalog.items import Items, NewItem
from contentlib.library.checksums import Checksum
from contentlib.library.clock import Clock, SystemClock
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Leases
from contentlib.library.model import Library, LibraryType, Source, UpdateFile
from contentlib.library.packages.trust import Trust
from contentlib.library.sessions.completion import Completion
from contentlib.library.sessions.download_sessions import DownloadSessions
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.package_checks import PackageChecks
from contentlib.library.sessions.pulls import PullTasks
from contentlib.library.sessions.update_files import NewFile, UpdateFiles
from contentlib.library.sessions.update_sessions import UpdateSessions
from contentlib.library.sessions.upload_rules import UploadRules
from contentlib.library.tasks import Tasks
from contentlib.messages import Fault
from contentlib.metadata.migrate import upgrade
from contentlib.transfer.addresses import DataAddress, SignedAddresses
from contentlib.transfer.downloads import Downloads
from contentlib.transfer.folders import Folders
from contentlib.transfer.front import Transfers
from contentlib.transfer.uploads import Uploads
from contentlib.vapi.errors import Unauthenticated
from off_loop import OffLoopBlobs
from storages import claimed

DATABASE = "contentlib.db"
KEY = b"the key of the tests"
USER, LOGIN, STORAGE = "administrator@vsphere.local", "login", "datastore-1"


class Parts:
    """Everything that an upload or download needs, as the application puts it together."""

    def __init__(
        self,
        directory: Path,
        *,
        lease: int = 300_000,
        limit: int = 0,
        clock: Clock | None = None,
    ) -> None:
        upgrade(directory / DATABASE)
        clock = clock or SystemClock()
        self.metadata = BACKEND.open_rows(directory / DATABASE)
        self.store = claimed(OffLoopBlobs({STORAGE: directory / STORAGE}))
        self.blobs = Blobs(self.metadata, self.store, clock)
        self.leases = Leases(clock, lease)
        self.items = Items(self.metadata, self.blobs, clock)
        self.addresses = SignedAddresses(KEY)
        self.throttle = Throttle()
        self.failures: list[BaseException] = []
        rules = UploadRules(limit)
        self.updates = UpdateSessions(self.metadata, clock, self.leases, self._ended)
        pulls = PullTasks(Tasks(self.metadata, clock))
        self.files = UpdateFiles(self.metadata, self.updates, self.leases, self.blobs, pulls, rules)
        self.file_transfers = FileTransfers(self.metadata, self.updates, self.leases, self.blobs, rules, "here")
        packages = PackageChecks(self.metadata, self.blobs, clock, Trust(self.metadata, clock))
        self.completion = Completion(self.metadata, self.updates, self.file_transfers, self.blobs, packages)
        self.downloads = DownloadSessions(self.metadata, self.blobs, clock, self.leases, self._ended)
        self.transfers = Transfers(
            Uploads(self.file_transfers, self.blobs.storages, self.leases, self.throttle),
            Downloads(self.downloads, self.items, self.blobs, self.leases, self),
            self.addresses,
            self,
            Folders(Inventory("Datacenter", [], self.blobs.on)),
        )
        self._jobs: list[asyncio.Task[None]] = []

    def _ended(self, session_or_file_id: str) -> None:
        self.transfers.ended(session_or_file_id)

    async def admit(self, request: Request, item: str) -> str:
        if request.headers.get("vmware-api-session-id") != LOGIN:
            raise Unauthenticated(Fault("access.no_session", "the request has no login session"))
        self.leases.touch_login(LOGIN)
        return "ann"

    async def keep(self, address: DataAddress) -> None:
        """Nobody's session is taken away here."""

    async def _answer(self, request: Request) -> Answer:
        try:
            return await self.transfers.handle(request)
        except Disconnected:
            raise
        except Exception as error:
            self.failures.append(cause(error))
            return in_plain_text(request, error)

    def application(self, touch_seconds: float = 0.2) -> Application:
        """An ASGI application that speaks the byte edges, and keeps what was touched every so often."""

        async def handle(request: Request) -> Answer:
            if self.transfers.speaks(request.path):
                return await self._answer(request)
            return Response(404)

        async def start() -> None:
            self._jobs.append(asyncio.create_task(self._keep_touches(touch_seconds)))

        async def stop() -> None:
            for job in self._jobs:
                job.cancel()
            await asyncio.wait(self._jobs)

        return Application(handle, start, stop)

    async def _keep_touches(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.transfers.touch_running()
            touches = self.leases.take()
            if touches:
                async with self.metadata.transaction(durable=False) as transaction:
                    await transaction.state.touch(touches)

    # what a client would do over the API

    async def item(self) -> str:
        """The identifier of a new item in a new library."""
        library_id = new_identifier()
        library = Library(library_id, "lab", "lab", "", LibraryType.LOCAL, (), STORAGE, 0, 0, 1)
        async with self.metadata.transaction(durable=False) as transaction:
            await transaction.libraries.add(library)
        return await self.items.create(NewItem(library_id, "tiny"), None)

    async def push(
        self, name: str = "tiny.iso", size: int | None = None, checksum: Checksum | None = None, item: str | None = None
    ) -> tuple[UpdateFile, str]:
        """A file that waits for its bytes, and the address to send them to."""
        session = await self.updates.create(USER, LOGIN, item or await self.item(), (), None)
        file = await self.files.add(session, NewFile(name, Source.PUSH, size, checksum))
        return file, self.addresses.upload(file)

    async def stored(self, data: bytes, name: str = "tiny.iso") -> tuple[str, str]:
        """An item with one file, and the address of its bytes in a download session."""
        item = await self.item()
        file, address = await self.push(name, item=item)
        answered = await Client(self.application()).call("PUT", address, body=[data])
        assert answered.status == 200, answered.body
        await self.completion.complete(file.session)
        session = await self.downloads.create(USER, LOGIN, item, None)
        return item, self.addresses.download(session, 0, name)

    async def file(self, file: UpdateFile) -> UpdateFile:
        """The file as it is now."""
        return await self.files.get(file.session, file.name)


@asynccontextmanager
async def parts_on(directory: Path, **options: Any) -> AsyncIterator[Parts]:
    """Parts that let go of the database at the end."""
    parts = Parts(directory, **options)
    try:
        yield parts
    finally:
        await parts.metadata.close()


@dataclass
class Answered:
    """An answer as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Client:
    """Sends requests to an application without a server."""

    application: Application
    extensions: dict[str, Any] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        address: str,
        headers: dict[str, str] | None = None,
        body: Iterable[bytes] | AsyncIterator[bytes] = (),
    ) -> Answered:
        """The answer. A body that ends with None breaks off there."""
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            "scheme": "https",
            "extensions": self.extensions,
        }
        answered = Answered(0, {})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                answered.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            answered.body += message.get("body", b"")

        await self.application(scope, _receiver(body), send)
        return answered


def _receiver(body: Iterable[bytes] | AsyncIterator[bytes]) -> Callable[[], Any]:
    pieces = body if isinstance(body, AsyncIterator) else _stream(body)
    over = False

    async def receive() -> dict[str, Any]:
        nonlocal over
        if over:
            await asyncio.Event().wait()  # a client that is there and says nothing
        try:
            piece = await anext(pieces)
        except StopAsyncIteration:
            over = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if piece == BREAK:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": True}

    return receive


BREAK = b"the connection breaks here"


async def _stream(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
