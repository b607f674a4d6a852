"""Puts the parts together; the only module that knows them all."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.http.asgi import Application
from contentlib.http.message import Request, Response
from contentlib.library.model import User
from contentlib.library.names import fold
from contentlib.metadata.migrate import upgrade
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.settings import Settings

_DATABASE = "contentlib.db"


def prepare(settings: Settings, thumbprint: str | None) -> str | None:  # noqa: ARG001 - the endpoints to come carry it
    """Brings the database up to date and makes the administrator; answers the password if it was generated."""
    database = settings.data_dir / _DATABASE
    upgrade(database)
    FilesystemBlobs({storage.id: storage.path for storage in settings.storage})
    return asyncio.run(_administrator(SqliteMetadata(database), settings))


async def _administrator(metadata: SqliteMetadata, settings: Settings) -> str | None:
    try:
        async with metadata.reading() as transaction:
            if await transaction.users.get(settings.admin_name) is not None:
                return None
        given = settings.admin_password.get_secret_value() if settings.admin_password else None
        password = given or secrets.token_urlsafe(15)
        name = settings.admin_name
        user = User(name, fold(name), PasswordHasher().hash(password), ("admin",))
        async with metadata.transaction(durable=True) as transaction:
            await transaction.users.put(user)
        return None if given else password
    finally:
        await metadata.close()


def create(settings: Settings, thumbprint: str | None) -> Application:  # noqa: ARG001 - the endpoints to come carry it
    """The application of one worker process."""
    metadata = SqliteMetadata(settings.data_dir / _DATABASE)
    blobs = FilesystemBlobs({storage.id: storage.path for storage in settings.storage})

    async def handle(request: Request) -> Response:
        if request.path == "/healthz":
            return Response(200, b"ok\n", "text/plain")
        if request.path == "/readyz":
            return await _ready(metadata, blobs)
        return Response(404, f"there is nothing at {request.path}\n".encode(), "text/plain")

    async def start() -> None:
        await metadata.ping()

    return Application(handle, start, metadata.close)


async def _ready(metadata: SqliteMetadata, blobs: FilesystemBlobs) -> Response:
    try:
        await metadata.ping()
        blobs.ping()
    except OSError as error:
        return Response(503, f"{error}\n".encode(), "text/plain")
    return Response(200, b"ready\n", "text/plain")
