"""Three servers: the first publishes, the second copies and publishes again, the third keeps of it what is asked for."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from crash.clients import Gone, Refused
from crash.relay import Fetched, Relay
from crash.sites import Site

_ITEM = "/library/item"
_UPDATE = f"{_ITEM}/update-session"
_FILE = f"{_ITEM}/updatesession/file"
_SUBSCRIBED = "/subscribed-library"
_LARGEST = 60_000
_FILES = ("a.bin", "b.bin", "c.bin")


class Author:
    """Changes the items of a library at random; what becomes of a call whose server was killed, the server knows."""

    def __init__(self, site: Site, seed: str) -> None:
        self._site = site
        self._random = random.Random(seed)
        self._made = 0

    async def fill(self, count: int) -> None:
        """Makes so many items."""
        for _ in range(count):
            await self._create([])

    async def change(self) -> None:
        """One change."""
        items = await self._site.call("GET", f"{_ITEM}?library_id={self._site.library}")
        does: list[tuple[Callable[[list[str]], Awaitable[None]], int]] = [
            (self._create, 3),
            (self._delete, 2),
            (self._rename, 2),
            (self._swap, 2),
            (self._describe, 1),
            (self._update, 6),
        ]
        what = self._random.choices([each for each, _ in does], [weight for _, weight in does])[0]
        await what(items)

    async def _create(self, _: list[str]) -> None:
        self._made += 1
        spec = {"library_id": self._site.library, "name": f"item {self._made}"}
        item = await self._site.call("POST", _ITEM, {"create_spec": spec})
        await self._send(item, {name: self._bytes() for name in _FILES[: self._random.randint(1, 3)]}, [])

    async def _delete(self, items: list[str]) -> None:
        await self._site.call("DELETE", f"{_ITEM}/id:{self._random.choice(items)}")

    async def _rename(self, items: list[str]) -> None:
        self._made += 1
        await self._put(self._random.choice(items), {"name": f"item {self._made}"})

    async def _swap(self, items: list[str]) -> None:
        """Two items change their names, by way of a third name."""
        one, other = self._random.sample(items, 2)
        names = [(await self._site.call("GET", f"{_ITEM}/id:{each}"))["name"] for each in (one, other)]
        self._made += 1
        await self._put(one, {"name": f"item {self._made}"})
        await self._put(other, {"name": names[0]})
        await self._put(one, {"name": names[1]})

    async def _describe(self, items: list[str]) -> None:
        await self._put(self._random.choice(items), {"description": f"{self._random.random()}"})

    async def _update(self, items: list[str]) -> None:
        item = self._random.choice(items)
        there = [each["name"] for each in await self._site.call("GET", f"{_ITEM}/file?library_item_id={item}")]
        name = self._random.choice(_FILES)
        removed = [each for each in there if each != name and self._random.random() < 0.2]
        await self._send(item, {name: self._bytes()}, removed)

    async def _put(self, item: str, change: dict[str, str]) -> None:
        await self._site.call("PATCH", f"{_ITEM}/id:{item}", {"update_spec": change})

    async def _send(self, item: str, files: dict[str, bytes], removed: list[str]) -> None:
        session = await self._site.call("POST", _UPDATE, {"create_spec": {"library_item_id": item}})
        for name, data in files.items():
            spec = {"name": name, "size": len(data), "source_type": "PUSH"}
            added = await self._site.call("POST", f"{_FILE}/id:{session}?~action=add", {"file_spec": spec})
            await self._site.client.send("PUT", added["upload_endpoint"]["uri"], content=data)
        for name in removed:
            await self._site.call("POST", f"{_FILE}/id:{session}?~action=remove", {"file_name": name})
        await self._site.call("POST", f"{_UPDATE}/id:{session}?~action=complete")

    def _bytes(self) -> bytes:
        return self._random.randbytes(self._random.randint(1, _LARGEST))


class Replication:
    """The three sites, and what goes on between them."""

    def __init__(self, sites: list[Site], relays: list[Relay], seed: str) -> None:
        self.first, self.second, self.third = self.sites = sites
        self.relays = relays
        self.random = random.Random(seed)
        self.author = Author(self.first, seed)
        self.changes = 0
        self.kills = 0
        self._until = 0.0
        self._least = 0.0

    async def begin(self, items: int) -> None:
        """Makes the library, and those that are subscribed to it."""
        for site in self.sites:
            await site.begin()
        self.first.library = await self.first.call("POST", "/local-library", {"create_spec": {"name": "images"}})
        await self.author.fill(items)
        await _publish(self.first, "/local-library")
        self.second.library = await _subscribe(self.second, self.first, self.relays[0], on_demand=False)
        await _publish(self.second, _SUBSCRIBED)
        self.third.library = await _subscribe(self.third, self.second, self.relays[1], on_demand=True)

    async def run(self, seconds: float) -> None:
        """Changes, synchronizes and kills, for so long; longer on a machine where little happens in that time."""
        self._until, self._least = time.monotonic() + seconds, seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._change))
            for site in (self.second, self.third):
                group.create_task(self._repeat(lambda site=site: self._sync(site)))  # type: ignore[misc] # of a default
            group.create_task(self._repeat(self._read))
            group.create_task(self._kill())

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until or self.changes <= self._least or self.kills <= self._least / 10

    async def settle(self, seconds: float) -> None:
        """Synchronizes until all three hold the same."""
        wanted = await self.first.contents()
        for site in (self.second, self.third):
            await self._settle(site, wanted, time.monotonic() + seconds)

    async def _settle(self, site: Site, wanted: dict[str, Any], until: float) -> None:
        while not _agree(found := await site.contents(), wanted):
            assert time.monotonic() < until, f"{_difference(found, wanted)}\nthe server said:\n{site.server.said()[-3000:]}"
            await self._sync(site)
            await asyncio.sleep(0.5)

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while self._goes_on():
            try:
                await act()
            except (Gone, Refused, TimeoutError):  # it was killed; or an item is being changed, or is gone
                await asyncio.sleep(0.05)

    async def _change(self) -> None:
        await self.author.change()
        self.changes += 1

    async def _sync(self, site: Site) -> None:
        await site.call("POST", f"{_SUBSCRIBED}/id:{site.library}?~action=sync")
        await asyncio.sleep(self.random.uniform(0, 1))

    async def _read(self) -> None:
        """Somebody downloads an item of the third site, which has to fetch it first."""
        names = sorted(await self.third.contents())
        if names:
            await self.third.download(self.random.choice(names))
        await asyncio.sleep(self.random.uniform(0, 1))

    async def _kill(self) -> None:
        while self._goes_on():
            await asyncio.sleep(self.random.uniform(0.5, 4))
            site = self.random.choice((self.first, self.second))
            site.server.kill()
            self.kills += 1
            await asyncio.sleep(self.random.uniform(0, 0.5))
            await site.begin()


def fetched_again(relay: Relay) -> Iterator[str]:
    """What was fetched whole more than once in one life of its reader, and after one reading of the list.

    After another reading it may be right: bytes that came were newer than those that the list before had told of.
    """
    lists, whole = 0, Counter[tuple[int, int, str, str]]()
    for each in relay.fetched:
        lists += each.path.endswith("/items.json")
        if _is_whole(each):
            whole[each.life, lists, each.path, each.etag] += 1
    for (life, _, path, _), times in whole.items():
        if times > 1:
            yield f"{path} came {times} times in life {life}"


def surplus(relay: Relay) -> int:
    """How many bytes came more often than once, in all lives of the reader."""
    bytes_, sizes = Counter[tuple[str, str]](), dict[tuple[str, str], int]()
    for each in relay.fetched:
        if _is_file(each):
            bytes_[each.path, each.etag] += each.came
            sizes[each.path, each.etag] = max(sizes.get((each.path, each.etag), 0), each.length)
    return sum(max(0, bytes_[key] - size) for key, size in sizes.items())


def _is_file(fetched: Fetched) -> bool:
    return fetched.status in (200, 206) and not fetched.path.endswith(".json")


def _is_whole(fetched: Fetched) -> bool:
    return _is_file(fetched) and fetched.status == 200 and fetched.came == fetched.length


async def _publish(site: Site, kind: str) -> None:
    info = {"published": True, "authentication_method": "NONE"}
    await site.call("PATCH", f"{kind}/id:{site.library}", {"update_spec": {"publish_info": info}})


async def _subscribe(site: Site, publisher: Site, relay: Relay, *, on_demand: bool) -> str:
    published = await publisher.call("GET", f"/library/id:{publisher.library}")
    info = {
        "subscription_url": relay.of(published["publish_info"]["publish_url"]),
        "authentication_method": "NONE",
        "automatic_sync_enabled": False,
        "on_demand": on_demand,
    }
    spec = {"name": "copy", "subscription_info": info}
    return str(await site.call("POST", _SUBSCRIBED, {"create_spec": spec}))


def _agree(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether items are the same as far as is told of them; nothing is of files that are still elsewhere."""
    return found.keys() == wanted.keys() and all(_is_like(found[name], wanted[name]) for name in wanted)


def _is_like(found: Any, wanted: Any) -> bool:
    (description, files), (wanted_description, wanted_files) = found, wanted
    return (
        description == wanted_description
        and files.keys() == wanted_files.keys()
        and all(told in ((0, ""), wanted_files[name]) for name, told in files.items())
    )


def _difference(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    lacking, surplus_ = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    other = [name for name in sorted(wanted.keys() & found.keys()) if not _is_like(found[name], wanted[name])]
    return f"not there: {lacking[:20]}, not gone: {surplus_[:20]}, not the same: {other[:20]}"
