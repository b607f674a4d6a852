"""Computes what a user may do on each library from permissions, groups and roles, and caches it until one changes.

The nearest permission wins: one on the library over one on everything; on the same level one of the user over those of the
user's groups, which add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contentlib.access.generation_cache import GenerationCache
from contentlib.access.roles import ANYWHERE, EVERYBODY, FROM_EVERYTHING, PRIVILEGES, find_role
from contentlib.access.workloads import Workload
from contentlib.library.clock import Clock
from contentlib.library.names import fold
from contentlib.library.ports import AccessStore, Transaction
from contentlib.library.principals import ADMINISTRATOR, ApiToken, Permission, user_key

_MOST = 20_000
_NOTHING: frozenset[str] = frozenset()
_ALL = PRIVILEGES | EVERYBODY


@dataclass(frozen=True, slots=True)
class Rights:
    """The privileges of a user: on everything, on each library that has permissions of its own, and on any of them.

    `total` says that there is no library on which one is missing. Rights end at the time `until`, which is that of the token
    that they are narrowed by.
    """

    everything: frozenset[str]
    libraries: Mapping[str, frozenset[str]] = field(default_factory=dict)
    until: int | None = None
    total: bool = False
    anywhere: frozenset[str] = _NOTHING

    def on(self, library: str) -> frozenset[str]:
        """The privileges on a library and what is in it."""
        return self.libraries.get(library, self.everything)

    def has(self, privilege: str, library: str | None = None) -> bool:
        """Whether a privilege is there on a library or, without one, for what is in no library."""
        if library is None:
            return privilege in self.everything or (privilege in ANYWHERE and privilege in self.anywhere)
        held = self.libraries.get(library, self.everything)
        return privilege in held or (privilege in FROM_EVERYTHING and privilege in self.everything)


EVERY_RIGHT = Rights(_ALL, total=True, anywhere=_ALL)
"""The rights of a command that reads and writes the database itself."""


class Decisions:
    """Knows the rights of users, as of the last change that any process made."""

    def __init__(self, metadata: AccessStore, clock: Clock, workloads: Iterable[Workload] = ()) -> None:
        self._metadata = metadata
        self._clock = clock
        self._workloads = {each.principal: each for each in workloads}
        self.generation = metadata.access_generation
        self._rights: GenerationCache[tuple[str, str], Rights] = GenerationCache(self.generation, _MOST)

    def known(self, user: str, api_token: str) -> Rights | None:
        """The rights of a user that were computed before, if they hold now and do not end; else `of` has to look."""
        found = self._rights.get((user, api_token))
        return found if found is not None and found.until is None else None

    async def of(self, user: str, api_token: str = "") -> Rights | None:
        """The rights of a user, narrowed by a token; None where either cannot be used any more."""
        key = user, api_token
        found = self._rights.get(key) or await self._rights.fill(key, self._read(user, api_token))
        if found is not None and found.until is not None and found.until <= self._clock.now():
            return None
        return found

    async def is_writer(self, transaction: Transaction, user: str, api_token: str) -> bool:
        """Whether a user is still there and enabled, in the state that a writing transaction changes.

        Nobody else can commit during its turn, so what was read of the last committed state holds.
        """
        if user in self._workloads or (self._rights.get((user, api_token)) and not transaction.access_changed()):
            return True
        found = await transaction.users.get(user)
        return found is not None and found.enabled

    async def _read(self, user: str, api_token: str) -> Rights | None:
        workload = self._workloads.get(user)
        async with self._metadata.reading() as transaction:
            if workload is None:
                return await rights_of(transaction, user, api_token)
            return await _rights_of_workload(transaction, workload)


async def rights_of(transaction: Transaction, user: str, api_token: str = "") -> Rights | None:
    """The rights of a user, narrowed by a token; None where the user is disabled or either is gone."""
    found = await transaction.users.get(user)
    if found is None or not found.enabled:
        return None
    rights = await _whole(transaction, found.folded_name)
    if not api_token:
        return rights
    token = await transaction.api_tokens.get(api_token)
    if token is None or token.user != found.folded_name:
        return None
    return await _narrowed(transaction, rights, token)


async def _rights_of_workload(transaction: Transaction, workload: Workload) -> Rights:
    held = await privileges_of(transaction, fold(workload.role)) | EVERYBODY
    return _rights(held, {}) if workload.library is None else _rights(EVERYBODY, {workload.library: held})


async def _whole(transaction: Transaction, user: str) -> Rights:
    levels: dict[str | None, list[Permission]] = {None: []}
    for each in await transaction.permissions.reaching(user):
        levels.setdefault(each.library, []).append(each)
    sets = {library: await _nearest(transaction, user, found) for library, found in levels.items()}
    everything = sets.pop(None)
    return _rights(everything, {library: held for library, held in sets.items() if library is not None})


async def _nearest(transaction: Transaction, user: str, permissions: list[Permission]) -> frozenset[str]:
    """What the permissions of one level give: the user's own one or, without it, those of all groups together."""
    own = [each for each in permissions if each.principal == user_key(user)]
    held: set[str] = set(EVERYBODY)
    for each in own or permissions:
        held.update(await privileges_of(transaction, each.role))
    return frozenset(held)


async def privileges_of(transaction: Transaction, role: str) -> frozenset[str]:
    """The privileges of a role; none where it is gone."""
    if role == ADMINISTRATOR:
        return PRIVILEGES
    found = await find_role(transaction, role)
    return _NOTHING if found is None else frozenset(found.privileges) & PRIVILEGES


async def _narrowed(transaction: Transaction, rights: Rights, token: ApiToken) -> Rights:
    allowed = _ALL if token.role is None else await privileges_of(transaction, token.role) | EVERYBODY
    if token.libraries is None:
        libraries = {library: held & allowed for library, held in rights.libraries.items()}
        return _rights(rights.everything & allowed, libraries, token.expires)
    libraries = {library: rights.on(library) & allowed for library in token.libraries}
    return _rights(EVERYBODY, libraries, token.expires)


def _rights(everything: frozenset[str], libraries: Mapping[str, frozenset[str]], until: int | None = None) -> Rights:
    total = all(held >= PRIVILEGES for held in (everything, *libraries.values()))
    return Rights(everything, libraries, until, total, _union((everything, *libraries.values())))


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return _NOTHING.union(*sets)
