"""Finds the library that a thing belongs to, and whose it is: what permissions are asked of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from contentlib.access.generation_cache import GenerationCache
from contentlib.library.model import DownloadSession, Item, UpdateSession
from contentlib.library.ports import AccessStore, Transaction

LIBRARY = "com.vmware.content.Library"
ITEM = "com.vmware.content.library.Item"
UPDATE_SESSION = "update session"
DOWNLOAD_SESSION = "download session"
DELETED = "deleted library or item"
TASK = "task"
PERMISSION = "permission"
USER = "user"
API_TOKEN = "API token"  # noqa: S105 - what tokens are called, not a token
LOGIN = "login session"

_MOST = 100_000
GONE = ""


class Scope(NamedTuple):
    """The library that a thing is in (None: in none; empty: in one that is gone), and the user whom it belongs to, if any."""

    library: str | None
    owner: str | None = None

    @property
    def gone(self) -> bool:
        """Whether the library cannot be told any more."""
        return self.library == GONE


Find = Callable[[Transaction, str], Awaitable[Scope | None]]


async def _library(transaction: Transaction, identifier: str) -> Scope | None:
    return Scope(identifier) if await transaction.libraries.get(identifier) is not None else None


async def _item(transaction: Transaction, identifier: str) -> Scope | None:
    item = await transaction.items.get(identifier)
    return None if item is None else Scope(item.library)


async def _update_session(transaction: Transaction, identifier: str) -> Scope | None:
    return await _session(transaction, await transaction.update_sessions.get(identifier))


async def _download_session(transaction: Transaction, identifier: str) -> Scope | None:
    return await _session(transaction, await transaction.download_sessions.get(identifier))


async def _session(transaction: Transaction, session: UpdateSession | DownloadSession | None) -> Scope | None:
    """A session outlives its item."""
    return None if session is None else Scope(await _library_of_item(transaction, session.item), session.user)


async def _library_of_item(transaction: Transaction, identifier: str) -> str:
    item: Item | None = await transaction.items.get(identifier)
    if item is None:
        deleted = await transaction.deleted_items.get(identifier)
        item = None if deleted is None else deleted.row
    return GONE if item is None else item.library


async def _deleted(transaction: Transaction, identifier: str) -> Scope | None:
    item = await transaction.deleted_items.get(identifier)
    if item is not None:
        return Scope(item.row.library)
    return None if await transaction.deleted_libraries.get(identifier) is None else Scope(identifier)


async def _task(transaction: Transaction, identifier: str) -> Scope | None:
    task = await transaction.tasks.get(identifier)
    if task is None:
        return None
    if task.target is None or task.target.type not in (LIBRARY, ITEM):
        return Scope(None, task.user)
    if task.target.type == ITEM:
        return Scope(await _library_of_item(transaction, task.target.id), task.user)
    known = await transaction.libraries.get(task.target.id) or await transaction.deleted_libraries.get(task.target.id)
    return Scope(GONE if known is None else task.target.id, task.user)


async def _permission(transaction: Transaction, identifier: str) -> Scope | None:
    found = await transaction.permissions.get(identifier)
    return None if found is None else Scope(found.library)


async def _user(transaction: Transaction, identifier: str) -> Scope | None:
    found = await transaction.users.get(identifier)
    return None if found is None else Scope(None, found.name)


async def _api_token(transaction: Transaction, identifier: str) -> Scope | None:
    token = await transaction.api_tokens.get(identifier)
    return None if token is None else await _user(transaction, token.user)


async def _login(transaction: Transaction, identifier: str) -> Scope | None:
    found = await transaction.logins.get(identifier)
    return None if found is None else Scope(None, found.user)


FINDERS: Mapping[str, Find] = {
    LIBRARY: _library,
    ITEM: _item,
    # the contract asks these privileges of sessions, but names the item whose sessions are listed
    "com.vmware.content.library.item.DownloadSession": _item,
    "com.vmware.content.library.item.UpdateSession": _item,
    UPDATE_SESSION: _update_session,
    DOWNLOAD_SESSION: _download_session,
    DELETED: _deleted,
    TASK: _task,
    PERMISSION: _permission,
    USER: _user,
    API_TOKEN: _api_token,
    LOGIN: _login,
}
"""How a thing of each type is found; things of other types are in no library."""

NAMES = {kind: "library item" if find is _item else "library" if find is _library else kind for kind, find in FINDERS.items()}
"""What the rules call a thing of each type."""

LASTING = frozenset({UPDATE_SESSION, DOWNLOAD_SESSION})
"""Things that stay in their library and with their owner, until a user is removed."""


class Scopes:
    """Finds scopes, and remembers those of sessions, which change only when a user is removed."""

    def __init__(self, metadata: AccessStore) -> None:
        self._metadata = metadata
        self._sessions: GenerationCache[tuple[str, str], Scope] = GenerationCache(metadata.access_generation, _MOST)

    def known(self, kind: str, identifier: str) -> Scope | None:
        """Where a thing is, if it is cached. Of a library, that is always known; `exists` tells whether there is such a one."""
        return Scope(identifier) if kind == LIBRARY else self._sessions.get((kind, identifier))

    async def find(self, kind: str, identifier: str) -> Scope | None:
        """Where a thing is; None where there is no such thing."""
        return self.known(kind, identifier) or (await self.all(kind, (identifier,))).get(identifier)

    async def exists(self, kind: str, identifier: str) -> bool:
        """Whether there is such a thing now."""
        async with self._metadata.reading() as transaction:
            return await FINDERS[kind](transaction, identifier) is not None

    async def all(self, kind: str, identifiers: Iterable[str]) -> dict[str, Scope]:
        """Where things are, by their identifiers, without those that there are none of."""
        if kind == LIBRARY:
            return {each: Scope(each) for each in identifiers}
        found: dict[str, Scope] = {}
        generation = self._metadata.access_generation()
        async with self._metadata.reading() as transaction:
            for each in identifiers:
                scope = self._sessions.get((kind, each)) or await FINDERS[kind](transaction, each)
                if scope is not None:
                    found[each] = scope
                    if kind in LASTING and not scope.gone:
                        self._sessions.put((kind, each), scope, generation)
        return found
