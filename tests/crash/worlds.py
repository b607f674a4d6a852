"""What one client has made and what it was told, and the calls that change it."""

from __future__ import annotations

import random
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crash.clients import Client, Refused
from crash.contents import DRAFT, Download, Item, Library, State, Update
from crash.servers import STORAGES

TOKEN_SECONDS = 30.0
"""How long a client token is repeated; the servers of these tests keep it for longer."""

ITEMS, UPDATES, UPDATE_FILES = "/library/item", "/library/item/update-session", "/library/item/updatesession/file"
DOWNLOADS, DOWNLOAD_FILES = "/library/item/download-session", "/library/item/downloadsession/file"


@dataclass
class Creation:
    """A call that makes something; it may be repeated, and always gives the same identifier."""

    target: str
    body: dict[str, Any]
    made: Callable[[str], None]
    identifier: str = ""
    began: float = field(default_factory=time.monotonic)


def _scattered(url: str, token: str | None) -> Client:
    return Client(url, token, scattered=True)


class World:
    """The record of a client, who is the only one to touch what is in it; no two calls of it change one thing at once."""

    def __init__(
        self, name: str, seed: str, lease: float, new_client: Callable[[str, str | None], Client] = _scattered
    ) -> None:
        self.name = name
        self.random = random.Random(f"{seed}/{name}")
        self.lease = lease
        self.token: str | None = None
        self.libraries: list[Library] = []
        self.downloads: list[Download] = []
        self.pending: Creation | None = None
        self.creations: deque[Creation] = deque(maxlen=8)
        self.deleted: deque[str] = deque(maxlen=20)
        self.ended: deque[tuple[str, str, float]] = deque(maxlen=10)
        self.logged_out: deque[str] = deque(maxlen=5)
        self._new_client = new_client
        self.client = new_client("http://127.0.0.1:1", None)

    async def meet(self, url: str) -> None:
        """Goes to a server, as whoever it was before."""
        await self.client.close()
        history = self.client.last
        self.client = self._new_client(url, self.token)
        self.client.last = history
        if self.token is None:
            self.token = self.client.token = await self.client.log_in()

    def known(self) -> list[tuple[Library, Item]]:
        """All items, each with its library."""
        return [(library, item) for library in self.libraries for item in library.items]

    def new_name(self) -> str:
        """A name that nobody has."""
        return f"{self.name}-{self.random.getrandbits(48):012x}"

    def is_young(self, touched: float) -> bool:
        """Whether a session that was touched then is surely alive: what the server saves seldom may be lost with it."""
        return time.monotonic() - touched < self.lease / 2

    async def create(self, target: str, body: dict[str, Any], made: Callable[[str], None]) -> None:
        """Makes something; when the answer is lost, `settle` asks for it again."""
        token = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.pending = Creation(target, {"client_token": token, **body}, made)
        await self.settle()

    async def settle(self) -> None:
        """Makes what was being made when the server was killed; or hears that it was made."""
        if self.pending is None:
            return
        creation = self.pending
        try:
            creation.identifier = str(await self.client.call("POST", creation.target, creation.body))
        except Refused:
            self.pending = None
            raise
        self.pending = None
        self.creations.append(creation)
        creation.made(creation.identifier)

    # what there is to be made

    async def create_library(self) -> None:
        """A library on one of the storages."""
        name = self.new_name()
        backing = {"type": "DATASTORE", "datastore_id": self.random.choice(STORAGES)}
        spec = {"name": name, "storage_backings": [backing]}
        await self.create(
            "/local-library", {"create_spec": spec}, lambda identifier: self.libraries.append(Library(identifier, name))
        )

    async def create_item(self, library: Library, name: str, replaced: Item | None = None) -> None:
        """An item without content; in the place of a draft that was given up, where one is named."""

        def made(identifier: str) -> None:
            if replaced is not None:
                library.items.remove(replaced)
                self.deleted.append(f"{ITEMS}/id:{replaced.id}")
            library.items.append(Item(identifier, name, [DRAFT]))

        await self.create(ITEMS, {"create_spec": {"name": name, "library_id": library.id, "type": "iso"}}, made)

    async def copy_item(self, source: Item, library: Library) -> None:
        """A copy of an item with its content."""
        name, held = self.new_name(), source.state
        copied = State(2, held.files) if held.files or held.version > 1 else DRAFT

        def made(identifier: str) -> None:
            library.items.append(Item(identifier, name, [copied]))

        spec = {"library_id": library.id, "name": name}
        await self.create(f"{ITEMS}/id:{source.id}?~action=copy", {"destination_create_spec": spec}, made)

    async def create_update(self, item: Item, update: Update) -> None:
        """An update session."""
        began = time.monotonic()

        def made(identifier: str) -> None:
            update.id, update.touched = identifier, began
            item.update, item.given_up = update, False

        await self.create(UPDATES, {"create_spec": {"library_item_id": item.id}}, made)

    async def create_download(self, item: Item) -> None:
        """A download session."""
        state, began = item.state, time.monotonic()

        def made(identifier: str) -> None:
            self.downloads.append(Download(identifier, state, touched=began))

        await self.create(DOWNLOADS, {"create_spec": {"library_item_id": item.id}}, made)

    # what there is to be ended

    async def delete_item(self, library: Library, item: Item) -> None:
        """Deletes an item."""
        item.states = [item.state, None]
        await self.client.call("DELETE", f"{ITEMS}/id:{item.id}")
        library.items.remove(item)
        self.deleted.append(f"{ITEMS}/id:{item.id}")

    async def delete_library(self, library: Library) -> None:
        """Deletes a library with all its items."""
        library.sure = False
        await self.client.call("DELETE", f"/local-library/id:{library.id}")
        self.forget_library(library)

    def forget_library(self, library: Library) -> None:
        """A library is gone."""
        self.libraries.remove(library)
        self.deleted.append(f"/library/id:{library.id}")
        self.deleted.extend(f"{ITEMS}/id:{item.id}" for item in library.items)

    async def end_update(self, item: Item, how: str) -> None:
        """Ends an update session with `complete`, `cancel` or `fail`; what becomes of it is seen later if nobody answers."""
        assert item.update is not None
        update, before = item.update, item.state
        update.ending = how
        if how == "complete":
            item.states = [before, update.next(before)]
        body = {"client_error_message": "the client has had enough"} if how == "fail" else None
        await self.client.call("POST", f"{UPDATES}/id:{update.id}?~action={how}", body)
        state = {"complete": "DONE", "cancel": "CANCELED", "fail": "ERROR"}[how]
        self.ended.append((update.id, state, time.monotonic()))
        item.states, item.update = item.states[-1:], None
        item.given_up = item.states == [DRAFT]
