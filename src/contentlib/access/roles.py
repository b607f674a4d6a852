"""Defines roles, which are named sets of privileges, and checks whether a user has a privilege."""

from __future__ import annotations

from collections.abc import Mapping

from contentlib.library.ports import MetadataStore

ADMINISTRATOR = "admin"
EVERYBODY = frozenset({"System.Anonymous", "System.View"})
"""The privileges that every logged-in user has."""


class Roles:
    """Knows which roles a user has; those of a user are read once a process, as no operation changes them yet."""

    def __init__(self, metadata: MetadataStore, roles: Mapping[str, frozenset[str]]) -> None:
        self._metadata = metadata
        self._roles = roles
        self._known: dict[str, tuple[str, ...]] = {}

    async def allow(self, user: str, privilege: str) -> bool:
        """Whether the user has the privilege on everything."""
        held = self._known.get(user)
        if held is None:
            held = self._known[user] = await self._read(user)
        if ADMINISTRATOR in held or privilege in EVERYBODY:
            return True
        return any(privilege in self._roles.get(role, ()) for role in held)

    async def _read(self, user: str) -> tuple[str, ...]:
        async with self._metadata.reading() as transaction:
            found = await transaction.users.get(user)
        return () if found is None else found.roles
