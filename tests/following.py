"""A published library as other publishers write it, and an application that follows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from processes import PATIENCE_SECONDS
from publisher import Publisher
from whole import HandClock, Whole, is_busy

LIBRARY = "0b9c6f1e-5a53-4c55-9c0e-1d6b0f2a7a11"


@dataclass
class Shelf:
    """What a publisher has: items by name, each with its files; versions and generations rise with what changes."""

    publisher: Publisher
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0
    library: str = LIBRARY

    @property
    def url(self) -> str:
        """What a subscription names."""
        return self.publisher.uri("/lib.json")

    def put(self, name: str, number: int | None = None, description: str = "", **files: bytes) -> None:
        """Publishes an item, or another state of it; an underscore in a file's name stands for a dot."""
        kind = "vcsp.ovf" if any(file.endswith("_ovf") for file in files) else "vcsp.iso"
        number = len(self.items) + 1 if number is None else number
        item_id = f"00000000-0000-4000-8000-{number:012}"
        before = self.items.get(item_id, {"version": "1", "contentVersion": "1", "files": []})
        known = {file["name"]: file for file in before["files"]}
        listed = [self._file(number, file.replace("_", "."), data, known) for file, data in files.items()]
        changed = listed != before["files"]
        self.items[item_id] = {
            "id": f"urn:uuid:{item_id}",
            "name": name,
            "description": description,
            "type": kind,
            "version": str(int(before["version"]) + 1),
            "contentVersion": str(int(before["contentVersion"]) + changed),
            "selfHref": f"item{number}/item.json",
            "properties": {},
            "files": listed,
        }
        self.write()

    def _file(self, number: int, name: str, data: bytes, known: Mapping[str, Any]) -> dict[str, Any]:
        path = f"item{number}/{name}"
        generation = known.get(name, {"generationNum": 1})["generationNum"]
        if self.publisher.files.get(f"/{path}") != data:
            generation += 1
        self.publisher.files[f"/{path}"] = data
        return {"name": name, "size": len(data), "etag": str(generation), "generationNum": generation, "hrefs": [path]}

    def drop(self, number: int) -> None:
        """Takes an item away."""
        del self.items[f"00000000-0000-4000-8000-{number:012}"]
        self.write()

    def write(self) -> None:
        """Writes the documents."""
        self.version += 1
        lib = {"vcspVersion": "2", "version": str(self.version), "contentVersion": "1", "name": "theirs"}
        lib |= {"id": f"urn:uuid:{self.library}", "itemsHref": "items.json", "selfHref": "lib.json"}
        self.publisher.files["/lib.json"] = json.dumps(lib).encode()
        self.publisher.files["/items.json"] = json.dumps({"items": list(self.items.values())}).encode()

    def asked(self) -> list[str]:
        """The paths that were asked for since the last time."""
        paths = [each.path for each in self.publisher.asked]
        self.publisher.asked.clear()
        return paths


@dataclass
class Follower:
    """A library of an application that follows a publisher."""

    app: Whole
    clock: HandClock
    library: str
    waited_for: set[str] = field(default_factory=set)

    @classmethod
    async def new(cls, app: Whole, clock: HandClock, url: str, **more: object) -> Follower:
        """A new library, whose first sync goes on."""
        spec = {"create_spec": {"name": app.unused("mirror"), "subscription_info": subscription(url, **more)}}
        return cls(app, clock, str(await app.rest("POST", "/subscribed-library", spec)))

    async def synced(self) -> Any:
        """The task of a sync that was not waited for yet, when it has ended."""
        return await self.ended(self.library)

    async def ended(self, target: str) -> Any:
        """A task on something, when it has ended; the clock moves, so that it is tried again as often as it wants."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                tasks = await self.app.tasks()
                for task_id, task in tasks.items():
                    mine = task.get("target", {}).get("id") == target and task_id not in self.waited_for
                    if mine and task["status"] in ("SUCCEEDED", "FAILED"):
                        self.waited_for.add(task_id)
                        return task
                if not is_busy(tasks):
                    self.clock.pass_seconds(0.1)
                await asyncio.sleep(0.01)

    async def sync(self) -> Any:
        """Synchronizes, and answers the task when it has ended; the call is refused where the publisher cannot be read."""
        await self.app.send("POST", f"/rest/com/vmware/content/subscribed-library/id:{self.library}?~action=sync")
        return await self.synced()

    async def get(self) -> Any:
        """The library."""
        return await self.app.rest("GET", f"/subscribed-library/id:{self.library}")

    async def items(self) -> dict[str, Any]:
        """The items, by name."""
        found = [
            await self.app.rest("GET", f"/library/item/id:{each}")
            for each in await self.app.rest("GET", f"/library/item?library_id={self.library}")
        ]
        return {each["name"]: each for each in found}

    async def content(self) -> dict[str, dict[str, bytes]]:
        """What all items hold, by their names."""
        return {name: await self.app.content(item["id"]) for name, item in (await self.items()).items()}


def done(task: Any) -> dict[str, Any]:
    """What a sync did, which the message of its task tells."""
    removed, changed, fetched, *warnings = task["progress"]["message"]["args"]
    assert "result" not in task, "sync returns nothing"
    return {"removed": int(removed), "changed": int(changed), "fetched": int(fetched), "warnings": warnings}


def subscription(url: str, **more: object) -> dict[str, object]:
    """A subscription as clients write it."""
    base = {"subscription_url": url, "authentication_method": "NONE", "automatic_sync_enabled": False, "on_demand": False}
    return {**base, **more}


async def until(condition: Callable[[], bool]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - nobody tells of changes
            await asyncio.sleep(0.01)
