"""The whole application in process, without a socket, and a client of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from backends import BACKEND
from contentlib import app
from contentlib.http.asgi import Application
from contentlib.library.clock import Clock
from contentlib.library.model import Login
from contentlib.settings import Settings
from contentlib.stores import claim_storages, open_bytes, open_rows
from processes import PATIENCE_SECONDS

NAME, PASSWORD = "administrator@vsphere.local", "correct horse: battery ✓"
HOST = "https://lib.example"
TOKEN = "vmware-api-session-id"
KNOWN_TOKEN = "ab" * 32
START = 1_700_000_000_000
CONTENT = "/rest/com/vmware/content"
SESSION = "/rest/com/vmware/cis/session"
_MAKING_TASKS = (
    "com.vmware.content.library",
    "com.vmware.content.library.item",
    "com.vmware.content.library.item.updatesession.file",
    "com.vmware.content.library.subscribed_item",
    "com.vmware.content.local_library",
    "com.vmware.content.subscribed_library",
    "contentlib.library.item.versions",
)
TASKS = "/api/cis/tasks?" + "&".join(f"services={service}" for service in _MAKING_TASKS)
"""All tasks; a filter must name services or tasks."""


class HandClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, now: int = START) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    def pass_seconds(self, seconds: float) -> None:
        self.time += int(seconds * 1000)


class Whole:
    """A running application, and a client that is logged in."""

    def __init__(self, settings: Settings, application: Application, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.application = application
        self.client = client
        self.client.headers[TOKEN] = KNOWN_TOKEN
        self._used: dict[str, int] = {}

    async def tasks(self) -> dict[str, Any]:
        """All tasks, by their identifiers."""
        return dict((await self.send("GET", TASKS)).json())

    async def login(self, name: str = NAME, password: str = PASSWORD) -> httpx.Response:
        """The answer to a login, without anything of another session."""
        credentials = httpx.BasicAuth(name.encode(), password.encode())
        return await self.client.post(SESSION, auth=credentials, headers={TOKEN: ""})

    async def send(
        self, method: str, target: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer to a request; a body that is no bytes is sent as JSON."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = {} if body is None or isinstance(body, bytes) else {"content-type": "application/json"}
        return await self.client.request(method, target, content=content, headers={**kind, **(headers or {})})

    async def rest(self, method: str, target: str, body: object = None) -> Any:
        """What a request below /rest/com/vmware/content is answered with, where it is answered at all."""
        answer = await self.send(method, CONTENT + target, body)
        assert answer.status_code == 200, (target, answer.status_code, answer.text)
        return answer.json()["value"] if answer.content else None

    async def refusal(self, method: str, target: str, body: object = None) -> tuple[int, str, str]:
        """Status, error type and message of a request below /rest/com/vmware/content that is refused."""
        answer = await self.send(method, CONTENT + target, body)
        return told(answer)

    # what most tests need

    async def library(self, name: str | None = None, **more: object) -> str:
        """The identifier of a new library, `lab` where it is the first."""
        name = self.unused("lab") if name is None else name
        return str(await self.rest("POST", "/local-library", {"create_spec": {"name": name, **more}}))

    def unused(self, name: str) -> str:
        """The name, with a number where it was asked for before: two libraries have different names."""
        self._used[name] = number = self._used.get(name, 0) + 1
        return name if number == 1 else f"{name} {number}"

    async def item(self, name: str = "tiny", library: str | None = None, **more: object) -> str:
        """The identifier of a new item, in a new library where none is given."""
        spec = {"name": name, "library_id": library or await self.library(), **more}
        return str(await self.rest("POST", "/library/item", {"create_spec": spec}))

    async def session(self, item: str) -> str:
        """The identifier of a new update session."""
        return str(await self.rest("POST", "/library/item/update-session", {"create_spec": {"library_item_id": item}}))

    async def add(self, session: str, name: str, **more: object) -> Any:
        """A file that is added to an update session."""
        spec = {"name": name, "source_type": "PUSH", **more}
        return await self.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=add", {"file_spec": spec})

    async def complete(self, session: str) -> None:
        """Completes an update session."""
        await self.rest("POST", f"/library/item/update-session/id:{session}?~action=complete")

    async def push(self, session: str, name: str, data: bytes, **more: object) -> httpx.Response:
        """Adds a file and sends its bytes, without any header of a login."""
        address = (await self.add(session, name, **more))["upload_endpoint"]["uri"]
        return await self.client.put(address, content=data, headers={TOKEN: ""})

    async def fill(self, item: str, **files: bytes) -> None:
        """Gives an item a new content version; an underscore in a file's name stands for a dot."""
        session = await self.session(item)
        for name, data in files.items():
            assert (await self.push(session, name.replace("_", "."), data)).status_code == 200
        await self.complete(session)

    async def download_session(self, item: str) -> str:
        """The identifier of a new download session."""
        spec = {"create_spec": {"library_item_id": item}}
        return str(await self.rest("POST", "/library/item/download-session", spec))

    async def prepare(self, session: str, name: str, **more: object) -> Any:
        """A file of a download session that was prepared."""
        target = f"/library/item/downloadsession/file/id:{session}?~action=prepare"
        return await self.rest("POST", target, {"file_name": name, **more})

    async def content(self, item: str) -> dict[str, bytes]:
        """The files of an item, as a client downloads them."""
        session = await self.download_session(item)
        return {
            file["name"]: await self.read(session, file["name"])
            for file in await self.rest("GET", f"/library/item/downloadsession/file?download_session_id={session}")
        }

    async def read(self, session: str, name: str) -> bytes:
        """The bytes of a file of a download session."""
        prepared = await self.prepare(session, name)
        assert prepared["status"] == "PREPARED", prepared
        answer = await self.client.get(prepared["download_endpoint"]["uri"], headers={TOKEN: ""})
        assert answer.status_code == 200, answer.text
        return answer.content


def is_busy(tasks: Mapping[str, Any]) -> bool:
    """Whether a server is at work on a task, or will be at once."""
    return any(each["status"] in ("PENDING", "RUNNING") for each in tasks.values())


def told(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, error type and message of an error on `/rest` or `/api`."""
    body = answer.json()
    value = body.get("value", body)
    return answer.status_code, value["error_type"], value["messages"][0]["default_message"]


def settings_on(directory: Path, **more: Any) -> Settings:
    """Settings for a data directory; a test whose publisher is held does not wait long for a sync."""
    database, storage = BACKEND.database(directory), BACKEND.storage(directory)
    common: dict[str, Any] = {"sync_wait_seconds": 0, "check_answers": True, "workers": 1, "database": database}
    if database is not None:
        common["database_wait_seconds"] = PATIENCE_SECONDS  # a busy machine is no reason to fail
    if storage is not None:
        common["storage"] = (storage,)
    return Settings(data_dir=directory, admin_password=SecretStr(PASSWORD), **{**common, **more})


def prepared(directory: Path) -> Path:
    """A data directory that a first start has made, to be copied; the administrator has a login session at `START`."""
    directory.mkdir(parents=True, exist_ok=True)
    app.prepare(settings_on(directory))
    asyncio.run(_log_in(directory))
    return directory


async def _log_in(directory: Path) -> None:
    """A password is slow to check on purpose, too slow to do it in every test."""
    metadata = BACKEND.open_rows(directory / "contentlib.db")
    async with metadata.transaction(durable=True) as transaction:
        await transaction.logins.add(Login(hashlib.sha256(KNOWN_TOKEN.encode()).hexdigest(), NAME, START, START))
    await metadata.close()


@asynccontextmanager
async def whole(
    directory: Path, clock: Clock | None = None, certificate: bytes | None = None, **more: Any
) -> AsyncIterator[Whole]:
    """The application on a prepared data directory, between its start and its stop."""
    if clock is not None:  # whoever moves it by hand moves it past leases that are kept by the clock of the machine
        more.setdefault("task_lease_seconds", 3600)
    settings = settings_on(directory, **more)
    if "storage" in more:
        await _claim(settings)
    application = app.create(settings, None, clock, certificate)
    async with _living(application):
        transport = httpx.ASGITransport(application, client=("192.0.2.7", 40000))
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            yield Whole(settings, application, client)


async def _claim(settings: Settings) -> None:
    """Makes storages of directories that the data directory was not prepared with."""
    rows = open_rows(settings)
    await claim_storages(rows, open_bytes(settings))
    await rows.close()


@asynccontextmanager
async def _living(application: Application) -> AsyncIterator[None]:
    """Speaks the lifespan messages to an application, as a server does."""
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(application({"type": "lifespan"}, events.get, said.put))
    await events.put({"type": "lifespan.startup"})
    began = await said.get()
    assert began["type"] == "lifespan.startup.complete", began
    yield
    await events.put({"type": "lifespan.shutdown"})
    await life
    assert (await said.get())["type"] == "lifespan.shutdown.complete"


def copied(template: Path, directory: Path) -> Path:
    """A copy of a prepared data directory."""
    BACKEND.copy(template, directory)
    return directory
