"""Imports items from local files and URLs. The same import continues what an interrupted one has begun."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote, urlsplit

from contentlib.client.connection import ServerConnection
from contentlib.client.failures import Answered, ClientFailed, NotReached, printable
from contentlib.client.finding import NameFinder
from contentlib.client.local import LocalFile, LocalItem
from contentlib.client.patience import Patience
from contentlib.client.sending import Sending, Transferred
from contentlib.client.work import kept_alive, together
from contentlib.services.content_library_item import ItemModel, ItemService
from contentlib.services.content_library_item_file import FileService
from contentlib.services.content_library_item_update_session import (
    UpdateSessionModel,
    UpdateSessionService,
    UpdateSessionState,
)
from contentlib.services.content_library_item_updatesession_file import (
    AddSpec,
    SourceType,
    TransferStatus,
    UpdateFileInfo,
    UpdateFileService,
)
from contentlib.structures.files import ChecksumAlgorithm, ChecksumInfo, TransferEndpoint
from contentlib.structures.library import LibraryModel

_RESTARTS = 5
_POLL_SECONDS = 0.5
_STORING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ImportedItem:
    """What an import did to an item: `created`, `updated` or `unchanged`."""

    item: str
    name: str
    result: str
    version: str
    size: int


class Importer:
    """Imports items into libraries. `parallel` is the number of files that are sent at the same time."""

    def __init__(self, connection: ServerConnection, shown: Transferred, parallel: int = 4) -> None:
        self._connection = connection
        self._shown = shown
        self._finder = NameFinder(connection)
        self._files = asyncio.Semaphore(parallel)
        self._items = asyncio.Semaphore(parallel)

    async def files(self, library: LibraryModel, wanted: LocalItem) -> ImportedItem:
        """Makes local files the content of an item. Does nothing if they are its content already."""
        async with self._items:
            checksums = {file.name: await asyncio.to_thread(file.digest, "SHA256") for file in wanted.files}
            item = await self._finder.item_of(library, wanted.name)
            if item is not None and await self._has(item, wanted, checksums):
                self._shown.advance(wanted.size)
                return _imported(item, "unchanged")
            identifier = await self._item(library, item, wanted.name, wanted.type)
            await self._replace(identifier, wanted, checksums)
            found = await self._connection.call(ItemService.get, library_item_id=identifier)
            return _imported(found, "created" if item is None else "updated")

    async def url(self, library: LibraryModel, source: str, name: str | None, thumbprint: str | None = None) -> ImportedItem:
        """Lets the server fetch the content of an item from a URL."""
        async with self._items:
            file = _file_name(source)
            stem, _, suffix = file.rpartition(".")
            name, kind = name or stem or file, {"iso": "iso", "ova": "ovf", "ovf": "ovf"}.get(suffix.lower())
            item = await self._finder.item_of(library, name)
            identifier = await self._item(library, item, name, kind)
            session = await self._session(identifier)
            await self._fetch(session, file, TransferEndpoint(uri=source, ssl_certificate_thumbprint=thumbprint))
            await self._fetched(session)
            await self._complete(session)
            found = await self._connection.call(ItemService.get, library_item_id=identifier)
            return _imported(found, "created" if item is None else "updated")

    async def _has(self, item: ItemModel, wanted: LocalItem, checksums: dict[str, str]) -> bool:
        """Whether an item has exactly these files."""
        there = {file.name: file for file in await self._connection.call(FileService.list, library_item_id=item.id or "")}
        if {name: info.size for name, info in there.items()} != {file.name: file.size for file in wanted.files}:
            return False
        for file in wanted.files:
            info = there[file.name].checksum_info
            if info is None:
                return False
            algorithm = _algorithm(info)
            known = checksums[file.name] if algorithm == "SHA256" else await asyncio.to_thread(file.digest, algorithm)
            if known != info.checksum.lower():
                return False
        return True

    async def _item(self, library: LibraryModel, item: ItemModel | None, name: str, kind: str | None) -> str:
        """The identifier of an item that exists, or of a new one, also if another import creates it at the same moment."""
        if item is not None:
            return item.id or ""
        spec = ItemModel(library_id=library.id, name=name, type=kind)
        try:
            return await self._connection.call(ItemService.create, client_token=None, create_spec=spec)
        except Answered as error:
            made = await self._finder.item_of(library, name) if error.kind == "ALREADY_EXISTS" else None
            if made is None:
                raise
            return made.id or ""

    async def _session(self, item: str) -> str:
        """The user's active update session of an item, from another import, which may have been interrupted, or a new one."""
        found = await self._active_session(item)
        if found is not None:
            return found
        try:
            spec = UpdateSessionModel(library_item_id=item)
            return await self._connection.call(UpdateSessionService.create, client_token=None, create_spec=spec)
        except Answered as error:
            found = await self._active_session(item) if error.kind == "RESOURCE_BUSY" else None
            if found is None:
                raise
            return found

    async def _active_session(self, item: str) -> str | None:
        for each in await self._connection.call(UpdateSessionService.list, library_item_id=item):
            if await self._is_active(each):
                return each
        return None

    async def _replace(self, item: str, wanted: LocalItem, checksums: dict[str, str]) -> None:
        """Makes the files the content of an item, in a new session if one has expired while the line was broken."""
        for _ in range(_RESTARTS):
            session = await self._session(item)
            try:
                await self._send(session, wanted, checksums)
                return await self._complete(session)
            except Answered as error:
                if error.status != 404 and not await self._has_changed(session):
                    raise
        raise ClientFailed(f"update session of item {wanted.name!r} ended before its files were sent; try again")

    async def _has_changed(self, session: str) -> bool:
        """Whether a session has ended, or another import of the item has replaced a file in it."""
        if not await self._is_active(session):
            return True
        files = await self._connection.call(UpdateFileService.list, update_session_id=session)
        return any(file.status in (TransferStatus.TRANSFERRING, TransferStatus.WAITING_FOR_TRANSFER) for file in files)

    async def _is_active(self, session: str) -> bool:
        try:
            found = await self._connection.call(UpdateSessionService.get, update_session_id=session)
        except Answered as error:
            if error.status != 404:
                raise
            return False
        return found.state is UpdateSessionState.ACTIVE

    async def _send(self, session: str, wanted: LocalItem, checksums: dict[str, str]) -> None:
        """Sends the files that the session does not have, and removes those that the item shall not have."""
        there = {file.name: file for file in await self._connection.call(UpdateFileService.list, update_session_id=session)}
        for name in there.keys() - checksums.keys():
            await self._connection.call(UpdateFileService.remove, update_session_id=session, file_name=name)
        async with kept_alive(partial(self._keep_alive, session)):
            await together(*(self._file(session, file, checksums[file.name], there.get(file.name)) for file in wanted.files))

    async def _keep_alive(self, session: str) -> None:
        await self._connection.call(UpdateSessionService.keep_alive, client_progress=None, update_session_id=session)

    async def _file(self, session: str, file: LocalFile, checksum: str, there: UpdateFileInfo | None) -> None:
        async with self._files:
            for _ in range(_RESTARTS):
                if there is None or not _continues(there, checksum):
                    there = await self._added(session, file, checksum)
                elif there.status is TransferStatus.READY:
                    self._shown.advance(file.size)
                    return
                url = "" if there.upload_endpoint is None else there.upload_endpoint.uri
                await Sending(self._connection, url, file, self._shown).run()
                there = await self._stored(session, file.name)
                if there.status is TransferStatus.READY:
                    return
                self._shown.advance(-file.size)
                there = None
            raise ClientFailed(f"file {file.name!r} was sent, but the server does not have it; try again")

    async def _stored(self, session: str, name: str) -> UpdateFileInfo:
        """A file after its last byte was sent. If the answer was lost, the server may be storing it yet."""
        patience = Patience(_STORING_SECONDS)
        while True:
            found = await self._connection.call(UpdateFileService.get, update_session_id=session, file_name=name)
            if found.status is not TransferStatus.TRANSFERRING or not await patience.again():
                return found

    async def _added(self, session: str, file: LocalFile, checksum: str) -> UpdateFileInfo:
        info = ChecksumInfo(checksum=checksum, algorithm=ChecksumAlgorithm.SHA256)
        spec = AddSpec(name=file.name, source_type=SourceType.PUSH, size=file.size, checksum_info=info)
        return await self._connection.call(UpdateFileService.add, update_session_id=session, file_spec=spec)

    async def _fetch(self, session: str, name: str, source: TransferEndpoint) -> None:
        """Lets the server fetch a file in place of the item's files, unless an import that was interrupted has begun to."""
        for file in await self._connection.call(UpdateFileService.list, update_session_id=session):
            endpoint = file.source_endpoint
            if endpoint is not None and endpoint.uri == source.uri and file.status is not TransferStatus.ERROR:
                return
            if file.source_type is SourceType.NONE:
                await self._connection.call(UpdateFileService.remove, update_session_id=session, file_name=file.name)
        spec = AddSpec(name=name, source_type=SourceType.PULL, source_endpoint=source)
        await self._connection.call(UpdateFileService.add, update_session_id=session, file_spec=spec)

    async def _fetched(self, session: str) -> None:
        """Waits until the server has fetched all files of a session. Raises ClientFailed with the reason if it cannot."""
        done = expected = 0
        while True:
            files = await self._connection.call(UpdateFileService.list, update_session_id=session)
            here, size = sum(file.bytes_transferred for file in files), sum(file.size or 0 for file in files)
            self._shown.expect(size - expected)
            self._shown.advance(here - done)
            done, expected = here, size
            for file in files:
                if file.status is TransferStatus.ERROR:
                    why = "" if file.error_message is None else printable(file.error_message.default_message)
                    raise ClientFailed(f"server cannot fetch {file.name!r}: {why}")
            if all(file.status is TransferStatus.READY for file in files):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _complete(self, session: str) -> None:
        """Completes a session. If the answer is lost, the state of the session tells whether it is complete."""
        patience = self._connection.patience()
        while True:
            try:
                await self._connection.call(UpdateSessionService.complete, update_session_id=session)
                return
            except NotReached:
                if not await patience.again():
                    raise
            found = await self._connection.call(UpdateSessionService.get, update_session_id=session)
            if found.state is UpdateSessionState.DONE:
                return


def _continues(there: UpdateFileInfo, checksum: str) -> bool:
    """Whether a file of a session is the one to send, so that its bytes count."""
    info = there.checksum_info
    return info is not None and _algorithm(info) == "SHA256" and info.checksum.lower() == checksum


def _algorithm(info: ChecksumInfo) -> str:
    return (info.algorithm or ChecksumAlgorithm.SHA1).value


def _file_name(source: str) -> str:
    name = unquote(urlsplit(source).path).rpartition("/")[2]
    if not name:
        raise ClientFailed(f"URL {printable(source)[:200]!r} does not end with the name of a file")
    return name


def _imported(item: ItemModel, result: str) -> ImportedItem:
    return ImportedItem(item.id or "", item.name or "", result, item.content_version or "", item.size or 0)
