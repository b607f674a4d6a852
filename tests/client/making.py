"""Libraries, items and folders for tests of the client."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from contentlib.client.connection import ServerConnection
from contentlib.client.finding import NameFinder
from contentlib.services.content_local_library import LocalLibraryService
from contentlib.structures.library import LibraryModel


class Keyring(KeyringBackend):
    """A keyring, which a test can make usable, and lock."""

    priority = 0.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # keyring types it not
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def use(self) -> None:
        self.priority = 5.0

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        del self.kept[service, username]

    def _open(self) -> None:
        if self.locked:
            raise KeyringLocked("it is locked")


class Counted:
    """The bytes that a transfer has shown."""

    def __init__(self) -> None:
        self.expected = self.done = 0

    def expect(self, count: int) -> None:
        self.expected += count

    def advance(self, count: int) -> None:
        self.done += count


async def library(connection: ServerConnection, name: str | None = None) -> LibraryModel:
    """A new local library."""
    spec = LibraryModel(name=name or f"library {uuid.uuid4()}")
    created = await connection.call(LocalLibraryService.create, client_token=None, create_spec=spec)
    return await NameFinder(connection).library(created)


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def content(size: int, seed: str = "") -> bytes:
    """Bytes that do not repeat, the same ones for the same seed."""
    blocks = (hashlib.sha256(f"{seed}{n}".encode()).digest() for n in range(size // 32 + 1))
    return b"".join(blocks)[:size]
