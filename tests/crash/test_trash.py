"""A server that is killed while items are deleted, restored, purged and switched to earlier versions loses none of them."""

from __future__ import annotations

import asyncio
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crash.clients import CONTENT, Client, Gone, Refused
from crash.conftest import Start
from crash.journeys import fill, new_item, read
from crash.servers import Server
from crash.worlds import ITEMS, UPDATES

_KILLS = 10
_SECONDS = 15
_FEWEST = 3
_ITEMS = 3
_TRASH = "/rest/contentlib/library/trash"
_VERSIONS = "/rest/contentlib/library/item/versions"


@dataclass
class Thing:
    """An item, the content of each of its versions, and what may be so where a call had no answer."""

    id: str
    versions: dict[str, bytes] = field(default_factory=dict)
    current: set[bytes] = field(default_factory=set)
    deleted: set[bool] = field(default_factory=lambda: {False})


class Turns:
    """A client that does one thing after the other to its items."""

    def __init__(self, client: Client, seed: str) -> None:
        self.client = client
        self.random = random.Random(seed)
        self.things: list[Thing] = []
        self.purged: list[str] = []

    async def turn(self) -> None:
        """One thing after another; what is being done may be so or not until it is answered."""
        if len(self.things) < _ITEMS:
            return await self._add()
        thing = self.random.choice(self.things)
        if thing.deleted == {True}:
            return await (self._purge(thing) if self.random.random() < 0.2 else self._restore(thing))
        what = self.random.choices((self._delete, self._fill, self._switch), (3, 2, 2))[0]
        return await what(thing)

    async def _add(self) -> None:
        name = f"item {self.random.randrange(10**9)}"
        self.things.append(thing := Thing(await new_item(self.client, name), current={b""}))
        await self._fill(thing)

    async def _fill(self, thing: Thing) -> None:
        content = self.random.randbytes(1000)
        thing.current.add(content)
        await fill(self.client, thing.id, disk=content)
        thing.current = {content}
        await self._note(thing)

    async def _switch(self, thing: Thing) -> None:
        """Makes the version before the current one current again."""
        listed = (await self.client.send("GET", f"{_VERSIONS}/id:{thing.id}?~action=list")).json()["value"]
        if len(listed) < 2 or listed[1]["version"] not in thing.versions:
            return
        wanted = listed[1]["version"]
        thing.current.add(thing.versions[wanted])
        await self._post(f"{_VERSIONS}/id:{thing.id}?~action=make-current", {"version": wanted})
        thing.current = {thing.versions[wanted]}
        await self._note(thing)

    async def _delete(self, thing: Thing) -> None:
        thing.deleted = {True, False}
        await self.client.call("DELETE", f"{ITEMS}/id:{thing.id}")
        thing.deleted = {True}

    async def _restore(self, thing: Thing) -> None:
        thing.deleted = {True, False}
        await self._post(f"{_TRASH}/id:{thing.id}?~action=restore")
        thing.deleted = {False}
        await self._note(thing)

    async def _purge(self, thing: Thing) -> None:
        self.things.remove(thing)
        await self._post(f"{_TRASH}/id:{thing.id}?~action=purge")
        self.purged.append(thing.id)

    async def _post(self, target: str, body: object = None) -> None:
        answer = await self.client.send("POST", target, json=body)
        if answer.status_code != 200:
            raise Refused(target, answer)

    async def _note(self, thing: Thing) -> None:
        """What an item holds is what it may hold, and what its version held before."""
        model = await self.client.call("GET", f"{ITEMS}/id:{thing.id}")
        content = await read(self.client, thing.id, "disk") if model["size"] else b""
        assert content in thing.current, f"item {thing.id} holds none of the contents that it may hold"
        assert thing.versions.setdefault(model["content_version"], content) == content, f"a version of {thing.id} has changed"
        thing.current = {content}

    async def settle(self) -> None:
        """Finds out what became of a call without an answer, and that everything else is as it was."""
        listed = {thing["id"] for thing in (await self.client.send("GET", _TRASH)).json()["value"]}
        assert listed.isdisjoint(self.purged)
        for thing in self.things:
            there = await self._there(thing.id)
            assert there is (thing.id not in listed), f"item {thing.id} is there, and in the trash, or neither"
            assert (not there) in thing.deleted, f"item {thing.id} was {'deleted' if there else 'kept'} and is not"
            thing.deleted = {not there}
            if there:
                await self._end_sessions(thing.id)
                await self._note(thing)

    async def _there(self, item: str) -> bool:
        return (await self.client.send("GET", f"{CONTENT}{ITEMS}/id:{item}")).status_code == 200

    async def _end_sessions(self, item: str) -> None:
        for session in await self.client.call("GET", f"{UPDATES}?library_item_id={item}"):
            state: dict[str, Any] = await self.client.call("GET", f"{UPDATES}/id:{session}")
            if state["state"] == "ACTIVE":
                await self.client.call("POST", f"{UPDATES}/id:{session}?~action=cancel")

    async def end(self) -> None:
        """Everything that was not purged can be had, to the last byte."""
        for thing in self.things:
            if thing.deleted == {True}:
                await self._restore(thing)
            await self._note(thing)
        for item in self.purged:
            assert not await self._there(item)


async def _life(server: Server, turns: Turns, seconds: float) -> None:
    """Takes turns until the server is killed."""
    killing = asyncio.get_running_loop().call_later(seconds, server.kill)
    try:
        while True:
            await turns.turn()
    except Gone:
        return
    finally:
        killing.cancel()


async def test_what_is_deleted_restored_and_switched_while_the_server_is_killed_is_never_lost(
    start: Start, tmp_path: Path
) -> None:
    seed = os.environ.get("CRASH_SEED") or str(random.randrange(10**9))
    settings = {"collect_grace_seconds": 1, "versions_kept": 4}
    server, client = await start(**settings)
    turns = Turns(client, seed)
    until = time.monotonic() + _SECONDS
    kills = 0
    try:
        while kills < _FEWEST or (kills < _KILLS and time.monotonic() < until):
            await _life(server, turns, turns.random.uniform(0.1, 0.8))
            kills += 1
            await server.start()
            await client.close()
            client = turns.client = Client(server.url, client.token)
            await turns.settle()
        await turns.end()
    except (AssertionError, Refused) as error:
        pytest.fail(f"seed {seed}, after {kills} kills: {error}; its last calls: {client.last}")
    finally:
        await client.close()
    assert server.failures() == []
