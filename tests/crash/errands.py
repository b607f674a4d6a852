"""Work of a server that takes longer than a request: library migrations, pulls and syncs, each verified at its end."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from crash.clients import Client, Gone, Refused
from crash.journeys import add, complete, put, read
from crash.servers import STORAGES
from crash.worlds import ITEMS, UPDATE_FILES, UPDATES
from following import Shelf
from processes import PATIENCE_SECONDS
from publisher import Publisher

Result = TypeVar("Result")
_SECONDS = 15 * PATIENCE_SECONDS  # a task that the storage has failed waits before it is tried again
_AGAIN_SECONDS = 0.5


async def persist(call: Callable[[], Awaitable[Result]]) -> Result:
    """Makes a call until it is answered and done: it may have been done before, or a storage may be away."""
    async with asyncio.timeout(_SECONDS):
        while True:
            try:
                return await call()
            except (Gone, Refused):
                await asyncio.sleep(_AGAIN_SECONDS)


async def until(call: Callable[[], Awaitable[bool]]) -> None:
    """Makes a call until it returns True."""
    try:
        async with asyncio.timeout(_SECONDS):
            while not await persist(call):  # noqa: ASYNC110 - no server tells of changes
                await asyncio.sleep(_AGAIN_SECONDS / 2)
    except TimeoutError:
        raise AssertionError(f"{call.__qualname__} is not so after {_SECONDS:.0f} seconds") from None


class Errands:
    """Moves a library, pulls files and follows a publisher, one after the other; each was done so often."""

    def __init__(self, publisher: Publisher, seed: str) -> None:
        self.client = Client("http://127.0.0.1:1")
        self.done = {"migrations": 0, "pulls": 0, "syncs": 0}
        self._random = random.Random(f"{seed}/errands")
        self._publisher = publisher
        self._shelf = Shelf(publisher)
        self._moved = self._followed = ""
        self._files: dict[str, bytes] = {}
        self._shelved: dict[str, bytes] = {}
        self._item = ""

    async def begin(self, client: Client) -> None:
        """Makes the library that moves, and the one that follows."""
        self.client = client
        client.token = await persist(client.log_in)
        self._files = {f"file-{number}.bin": self._bytes() for number in range(3)}
        self._moved = await persist(lambda: self._library("/local-library", storage_backings=_backing(STORAGES[0])))
        self._item = await persist(lambda: self._filled(self._moved, self._files))
        self._shelve()
        info = {
            "subscription_url": self._shelf.url,
            "authentication_method": "NONE",
            "automatic_sync_enabled": False,
            "on_demand": False,
        }
        followed: dict[str, Any] = {"subscription_info": info, "storage_backings": _backing(STORAGES[1])}
        self._followed = await persist(lambda: self._library("/subscribed-library", **followed))

    async def next(self) -> None:
        """One errand."""
        await self._random.choice((self._move, self._pull, self._sync))()

    async def _move(self) -> None:
        target = self._random.choice(STORAGES)

        async def there() -> bool:
            found = await self.client.call("GET", f"/library/id:{self._moved}")
            if found["state_info"]["state"] != "ACTIVE":
                return False
            if found["storage_backings"][0]["datastore_id"] == target:
                return True
            spec = {"migrate_spec": {"storage_backings": _backing(target)}}
            await self.client.call("POST", f"/library/id:{self._moved}?~action=migrate", spec)
            return False

        await persist(self._cancel_left)
        await until(there)
        for name, data in self._files.items():
            assert await persist(partial(read, self.client, self._item, name)) == data, f"{name} changed when it moved"
        self.done["migrations"] += 1

    async def _cancel_left(self) -> None:
        """Ends the sessions that broken attempts have left, during whose leases the library cannot move."""
        for item in await self.client.call("GET", f"{ITEMS}?library_id={self._moved}"):
            for session in await self.client.call("GET", f"{UPDATES}?library_item_id={item}"):
                if (await self.client.call("GET", f"{UPDATES}/id:{session}"))["state"] == "ACTIVE":
                    await self.client.call("POST", f"{UPDATES}/id:{session}?~action=cancel")

    async def _pull(self) -> None:
        data = self._bytes()
        self._publisher.files["/pulled.bin"] = data
        spec = {"name": "pulled.bin", "source_type": "PULL", "source_endpoint": {"uri": self._publisher.uri("/pulled.bin")}}

        async def begun() -> tuple[str, str]:
            item = await self._new_item(self._moved)
            session = str(await self.client.call("POST", UPDATES, {"create_spec": {"library_item_id": item}}))
            await self.client.call("POST", f"{UPDATE_FILES}/id:{session}?~action=add", {"file_spec": spec})
            await complete(self.client, session)
            return item, session

        item, session = await persist(begun)

        async def ended() -> bool:
            found = await self.client.call("GET", f"{UPDATES}/id:{session}")
            assert found["state"] in ("ACTIVE", "DONE"), found
            return bool(found["state"] == "DONE")

        await until(ended)
        assert await persist(lambda: read(self.client, item, "pulled.bin")) == data
        await persist(lambda: self._remove(item))
        self.done["pulls"] += 1

    async def _sync(self) -> None:
        self._shelve()

        async def followed() -> bool:
            await self.client.call("POST", f"/subscribed-library/id:{self._followed}?~action=sync")
            found = {}
            for item in await self.client.call("GET", f"{ITEMS}?library_id={self._followed}"):
                model = await self.client.call("GET", f"{ITEMS}/id:{item}")
                files = await self.client.call("GET", f"{ITEMS}/file?library_item_id={item}")
                if [each["name"] for each in files] == ["a.iso"] and files[0]["cached"]:
                    found[model["name"]] = await read(self.client, item, "a.iso")
            return found == self._shelved

        await until(followed)
        self.done["syncs"] += 1

    def _shelve(self) -> None:
        """A new version of two items of the publisher."""
        for number, name in enumerate(("one", "two"), 1):
            self._shelved[name] = data = self._bytes()
            self._shelf.put(name, number, a_iso=data)

    async def _library(self, kind: str, **more: Any) -> str:
        spec = {"name": f"errands {uuid.uuid4()}", **more}
        return str(await self.client.call("POST", kind, {"create_spec": spec}))

    async def _new_item(self, library: str) -> str:
        spec = {"name": f"item {uuid.uuid4()}", "library_id": library}
        return str(await self.client.call("POST", ITEMS, {"create_spec": spec}))

    async def _filled(self, library: str, files: dict[str, bytes]) -> str:
        item = await self._new_item(library)
        session = str(await self.client.call("POST", UPDATES, {"create_spec": {"library_item_id": item}}))
        for name, data in files.items():
            answer = await put(self.client, await add(self.client, session, name), data)
            assert answer.status_code == 200, answer.text
        await complete(self.client, session)
        return item

    async def _remove(self, item: str) -> None:
        try:
            await self.client.call("DELETE", f"{ITEMS}/id:{item}")
        except Refused as refused:
            assert refused.status == 404, refused  # an earlier attempt was done

    def _bytes(self) -> bytes:
        return self._random.randbytes(self._random.randrange(12 << 20))


def _backing(storage: str) -> list[dict[str, str]]:
    return [{"type": "DATASTORE", "datastore_id": storage}]
