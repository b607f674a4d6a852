"""An application whose server download files from a publisher."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from processes import PATIENCE_SECONDS
from publisher import Publisher
from whole import HandClock, Whole, is_busy

FILE = "/library/item/updatesession/file"
SESSION = "/library/item/update-session"


class Pulling:
    """An application that pulls from a publisher, with time that passes faster."""

    def __init__(self, app: Whole, clock: HandClock, publisher: Publisher) -> None:
        self.app = app
        self.clock = clock
        self.publisher = publisher

    async def add(self, session: str, path: str, **more: object) -> Any:
        source = {"uri": self.publisher.uri(path), **(more.pop("source", None) or {})}  # type: ignore[dict-item] # a dictionary
        name = str(more.pop("name", path.rpartition("/")[2]))
        return await self.app.add(session, name, source_type="PULL", source_endpoint=source, **more)

    async def pull(self, path: str, item: str | None = None, **more: object) -> tuple[str, str]:
        """A session with a file that is being pulled, and its item."""
        item = item or await self.app.item()
        session = await self.app.session(item)
        await self.add(session, path, **more)
        return session, item

    async def state(self, session: str) -> Any:
        return await self.app.rest("GET", f"{SESSION}/id:{session}")

    async def files(self, session: str) -> dict[str, Any]:
        found = await self.app.rest("GET", f"{FILE}?update_session_id={session}")
        return {each["name"]: each for each in found}

    async def until(self, look: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
        """What is looked at, when it fits; while nothing is done, the clock moves."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not fits(found := await look()):
                if not is_busy(await self.app.tasks()):
                    self.clock.pass_seconds(0.2)
                await asyncio.sleep(0.02)
        return found

    async def settled(self, session: str) -> dict[str, Any]:
        """The files, when none of them is waited for any more."""
        coming = ("WAITING_FOR_TRANSFER", "TRANSFERRING")
        look = lambda: self.files(session)  # noqa: E731 - a name for what is looked at
        found = await self.until(look, lambda files: not any(each["status"] in coming for each in files.values()))
        return dict(found)

    async def ended(self, session: str) -> Any:
        return await self.until(lambda: self.state(session), lambda found: found["state"] != "ACTIVE")

    async def error(self, session: str, name: str = "a.iso") -> str:
        file = (await self.settled(session))[name]
        assert file["status"] == "ERROR"
        return str(file["error_message"]["default_message"])

    async def tasks(self) -> list[Any]:
        return [each for each in (await self.app.tasks()).values() if each["operation"] == "add"]
