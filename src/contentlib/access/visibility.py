"""Says which libraries a caller may see, for queries that leave out all others, and by which roles."""

from __future__ import annotations

from collections.abc import Iterable

from contentlib.access.gate import AccessGate
from contentlib.access.rights import Rights
from contentlib.access.roles import READ, find_role
from contentlib.library.model import SeenLibraries
from contentlib.library.names import fold
from contentlib.library.ports import AccessStore, Transaction
from contentlib.library.principals import Permission, user_key
from contentlib.vapi.registry import Call


def seen_by(rights: Rights) -> SeenLibraries:
    """The libraries on which someone has the privilege to read."""
    others = READ in rights.everything
    return SeenLibraries(tuple(sorted(each for each in rights.libraries if rights.has(READ, each) is not others)), others)


class Visibility:
    """What callers may see of libraries."""

    def __init__(self, metadata: AccessStore, gate: AccessGate) -> None:
        self._metadata = metadata
        self._gate = gate

    async def of(self, call: Call) -> SeenLibraries:
        """The libraries that a caller may see."""
        return seen_by(await self._gate.rights(call))

    async def roles(self, call: Call, libraries: Iterable[str]) -> dict[str, list[str]]:
        """The names of the roles that a caller's permissions give on libraries: the nearest permission wins."""
        user = fold(call.user)
        async with self._metadata.reading() as transaction:
            reaching = await transaction.permissions.reaching(user)
            names = {role: await _name(transaction, role) for role in {each.role for each in reaching}}
        levels: dict[str | None, list[Permission]] = {}
        for each in reaching:
            levels.setdefault(each.library, []).append(each)
        nearest = {level: _nearest(found, user) for level, found in levels.items()}
        held = {level: sorted({names[each.role] for each in found}) for level, found in nearest.items()}
        return {library: held.get(library, held.get(None, [])) for library in libraries}


def _nearest(permissions: list[Permission], user: str) -> list[Permission]:
    """A permission of the user wins over those of groups."""
    return [each for each in permissions if each.principal == user_key(user)] or permissions


async def _name(transaction: Transaction, role: str) -> str:
    found = await find_role(transaction, role)
    return role if found is None else found.name
