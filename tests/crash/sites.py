"""A server and somebody who works with it, whatever happens to it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from crash.clients import Client
from crash.servers import Server
from processes import PATIENCE_SECONDS

_ITEM = "/library/item"


class Site:
    """A server and somebody who works with it, whatever happens to it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.library = ""
        self.lives = 0
        self.client = Client("")
        self._former: list[Client] = []

    async def begin(self) -> None:
        """Starts the server, and meets it."""
        self.server.begin()
        await asyncio.to_thread(self.server.wait)
        self.lives += 1
        self._former.append(self.client)  # somebody may be in the middle of a call
        self.client = Client(self.server.url, self.client.token)
        if self.client.token is None:
            self.client.token = await self.client.log_in()
        self.server.up.set()

    async def end(self) -> None:
        """Ends the server and all connections."""
        self.server.kill()
        for client in (*self._former, self.client):
            await client.close()

    async def call(self, method: str, target: str, body: object = None) -> Any:
        """The result of a call."""
        await self.server.up.wait()
        return await self.client.call(method, target, body)

    async def contents(self) -> dict[str, tuple[str, dict[str, tuple[int, str]]]]:
        """Of each item by its name: the description, and size and checksum of each file."""
        found = {}
        for identifier in await self.call("GET", f"{_ITEM}?library_id={self.library}"):
            item = await self.call("GET", f"{_ITEM}/id:{identifier}")
            files = await self.call("GET", f"{_ITEM}/file?library_item_id={identifier}")
            sums = {each["name"]: (each["size"], each.get("checksum_info", {}).get("checksum", "")) for each in files}
            found[item["name"]] = (item["description"], sums)
        return found

    async def download(self, name: str) -> dict[str, str]:
        """The SHA-256 of each file of an item, of the bytes that come; none of an item that is gone."""
        found = {}
        for item in await self.call("POST", f"{_ITEM}?~action=find", {"spec": {"library_id": self.library, "name": name}}):
            session = await self.call("POST", f"{_ITEM}/download-session", {"create_spec": {"library_item_id": item}})
            for file in await self.call("GET", f"{_ITEM}/file?library_item_id={item}"):
                found[file["name"]] = hashlib.sha256(await self._read(session, file["name"])).hexdigest()
            await self.call("DELETE", f"{_ITEM}/download-session/id:{session}")
        return found

    async def _read(self, session: str, name: str) -> bytes:
        path = f"{_ITEM}/downloadsession/file/id:{session}"
        await self.call("POST", f"{path}?~action=prepare", {"file_name": name})
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (file := await self.call("POST", f"{path}?~action=get", {"file_name": name}))["status"] != "PREPARED":  # noqa: ASYNC110 - no server tells of changes
                await asyncio.sleep(0.05)
        answer = await self.client.send("GET", file["download_endpoint"]["uri"])
        assert answer.status_code == 200, answer.text
        return answer.content
