"""The rules over real stores in a directory, with a clock that is set by hand."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

from backends import BACKEND
from contentlib.library.bytes.blobs import Blobs, Received
from contentlib.library.catalog.items import Items, NewItem
from contentlib.library.catalog.libraries import Libraries, LibraryRules, NewLibrary
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.upkeep import Upkeep
from contentlib.library.catalog.usages import Usages
from contentlib.library.checksums import Algorithm, Checksum, Hasher
from contentlib.library.idempotence import check_token
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Leases
from contentlib.library.model import Backing, BackingType, Source, Token, UpdateFile
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
from library.fragile import FragileBlobs, FragileMetadata, Steps
from storages import claimed

LEASE = 300_000
STORAGES = {"datastore-1": "first", "datastore-2": "second"}


class HandSetClock:
    def __init__(self) -> None:
        self.time = 1_700_000_000_000

    def now(self) -> int:
        return self.time


class SaltedPasswords:
    """Hashes passwords quickly; good enough where nobody attacks."""

    async def hash(self, password: str) -> str:
        salt = new_identifier()
        return f"{salt}:{hashlib.sha256((salt + password).encode()).hexdigest()}"

    async def verify(self, hashed: str, password: str) -> bool:
        salt, digits = hashed.split(":")
        return hashlib.sha256((salt + password).encode()).hexdigest() == digits


class World:
    """A server without its wire: all rules, one user, and shorthands for what tests do again and again."""

    def __init__(self, directory: Path, clock: HandSetClock | None = None, steps: Steps | None = None, kept: int = 0) -> None:
        self.directory = directory
        self.clock = clock or HandSetClock()
        self.steps = steps or Steps()
        rows = BACKEND.open_rows(BACKEND.new_rows(directory))
        self.metadata = FragileMetadata(rows, self.steps)
        self.store = claimed(FragileBlobs({storage: directory / storage for storage in STORAGES}))
        self.store.steps = self.steps
        self.leases = Leases(self.clock, LEASE)
        self.ended: list[str] = []
        self.made = 0
        self.blobs = Blobs(self.metadata, self.store, self.clock)
        self.libraries = Libraries(
            self.metadata, self.clock, SaltedPasswords(), LibraryRules(STORAGES, kept), self.ended.append
        )
        self.upkeep = Upkeep(self.metadata, self.leases)
        self.usages = Usages(self.metadata, self.clock)
        self.items = Items(self.metadata, self.blobs, self.clock, self.ended.append, kept)
        self.migrations = Migrations(self.metadata, self.blobs, self.clock, self.libraries, self.upkeep)
        uploads = UploadRules()
        self.updates = UpdateSessions(self.metadata, self.clock, self.leases, self.ended.append)
        pulls = PullTasks(Tasks(self.metadata, self.clock))
        self.files = UpdateFiles(self.metadata, self.updates, self.leases, self.blobs, pulls, uploads)
        self.transfers = FileTransfers(self.metadata, self.updates, self.leases, self.blobs, uploads, "here")
        packages = PackageChecks(self.metadata, self.blobs, self.clock, Trust(self.metadata, self.clock))
        self.completion = Completion(self.metadata, self.updates, self.transfers, self.blobs, packages)
        self.downloads = DownloadSessions(self.metadata, self.blobs, self.clock, self.leases, self.ended.append)

    def elsewhere(self, process: str) -> FileTransfers:
        """The transfers of another process."""
        return FileTransfers(self.metadata, self.updates, self.leases, self.blobs, self.transfers.rules, process)

    async def reopened(self) -> World:
        """The same directory after a restart; what was only in memory is gone."""
        await self.metadata.close()
        return World(self.directory, self.clock)

    def wait(self, milliseconds: int) -> None:
        self.clock.time += milliseconds

    async def library(self, name: str | None = None, datastore: str | None = None, token: Token | None = None) -> str:
        self.wait(1)
        if name is None:
            self.made += 1
            name = "Images" if self.made == 1 else f"Images {self.made}"
        backings = () if datastore is None else (Backing(BackingType.DATASTORE, datastore),)
        return await self.libraries.create(NewLibrary(name, None, backings), token)

    async def library_of(self, token: Token) -> str:
        return await self.library(token=token)

    async def item(self, library: str | None = None, name: str = "Debian", token: Token | None = None) -> str:
        self.wait(1)
        return await self.items.create(NewItem(library or await self.library(), name), token, "ann")

    async def update(self, item: str, token: Token | None = None) -> str:
        self.wait(1)
        return await self.updates.create("ann", "login", item, (), token)

    async def download(self, item: str, token: Token | None = None) -> str:
        self.wait(1)
        return await self.downloads.create("ann", "login", item, token)

    async def send(self, session: str, name: str, data: bytes, **declared: int | Checksum) -> UpdateFile:
        """Adds a file and sends its bytes, as the upload endpoint does."""
        new = NewFile(name, Source.PUSH, **declared)  # type: ignore[arg-type]  # size or checksum
        return await self.send_to(await self.files.add(session, new), data)

    async def send_to(self, file: UpdateFile, data: bytes) -> UpdateFile:
        session, file = await self.transfers.target(file.session, file.id)
        received = await asyncio.to_thread(self.receive, session.storage, file.id, data, file.checksum)
        await self.transfers.begin(file)
        await self.transfers.finish(file, received)
        return await self.files.get(file.session, file.name)

    def receive(self, storage: str, upload: str, data: bytes, declared: Checksum | None = None) -> Received:
        hasher = Hasher(*() if declared is None else (declared.algorithm,))
        with self.store.stage(storage, upload) as staged:
            staged.empty()
            staged.append(data)
        hasher.update(data)
        return Received(storage, upload, hasher.size, hasher.digests())

    async def complete(self, item: str, files: Mapping[str, bytes], removed: tuple[str, ...] = ()) -> None:
        """A whole update session."""
        session = await self.update(item)
        for name, data in files.items():
            await self.send(session, name, data)
        for name in removed:
            await self.files.remove(session, name)
        await self.completion.complete(session)

    async def content(self, item: str) -> dict[str, bytes]:
        """What an item holds, by name."""
        _, version = await self.items.files(item)
        return {file.name: await self.bytes_of(file.blob, file.name) for file in version.files}

    async def served(self, session: str) -> dict[str, bytes]:
        """What a download session serves, by name."""
        found = {}
        for file in await self.downloads.files(session):
            _, stored, blob = await self.downloads.target(session, file.position)
            found[stored.name] = b"".join(self.store.read(blob.storage, blob.id))
        return found

    async def bytes_of(self, blob_id: str, name: str) -> bytes:
        blob = await self.blobs.check(blob_id, name)
        return b"".join(self.store.read(blob.storage, blob.id))

    async def blob_of(self, item: str, name: str) -> Path:
        """Where the bytes of a file are."""
        _, file = await self.items.file(item, name)
        blob = await self.blobs.check(file.blob, name)
        return self.store.path(blob.storage, blob.id)

    async def collect(self, kept: int = 1) -> None:
        """The sweep of content, without its grace."""
        now = self.clock.now()
        async with self.metadata.transaction(durable=True) as rows:
            for item in await rows.deleted_items.overdue(now, 100):
                await rows.items.remove(item)
            for library in await rows.deleted_libraries.overdue(now, 100):
                await rows.items.remove_of(library, 100)
                await rows.libraries.remove(library)
            for version in await rows.versions.surplus(kept):
                await rows.versions.remove(version)
            await rows.blobs.unreference(self.clock.now())
            needless = await rows.blobs.unreferenced(self.clock.now() + 1)
            for blob in needless:
                await rows.blobs.remove(blob.id)
        for blob in needless:
            self.store.remove(blob.storage, blob.id)

    def staged(self) -> list[str]:
        return [upload for storage in STORAGES for upload in self.store.uploads(storage)]

    def kept(self) -> list[str]:
        return [blob for storage in STORAGES for blob in self.store.blobs(storage)]


def token(number: int = 1, operation: str = "create", user: str = "ann") -> Token:
    made = check_token(user, operation, f"b8a2a2e3-2314-43cd-a871-{number:012}")
    assert made is not None
    return made


def sha256(data: bytes) -> Checksum:
    return Checksum(Algorithm.SHA256, hashlib.sha256(data).hexdigest())
