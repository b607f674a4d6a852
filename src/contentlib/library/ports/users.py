"""Specifies rows of users, login sessions and client tokens."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import Login, Token, User


class LoginRows(Protocol):
    """Login sessions, by the hash of their token."""

    async def add(self, login: Login) -> None:
        """Adds a login session."""

    async def get(self, token_hash: str) -> Login | None:
        """The login session, or None."""

    async def remove(self, token_hash: str) -> None:
        """Removes the login session."""

    async def of(self, user: str) -> list[Login]:
        """The login sessions of a user, oldest first."""

    async def all(self) -> list[Login]:
        """All login sessions, oldest first."""

    async def end(self, user: str, api_token: str | None = None, but: str = "") -> None:
        """Removes the user's login sessions, or those that an API token started, but the one with a hash."""

    async def end_from(self, provider_session: str) -> None:
        """Removes the login sessions that came from a session at an identity provider."""

    async def trim(self, user: str, most: int) -> None:
        """Removes the user's login sessions but the `most` that were touched last."""

    async def forget(self, before: int, most: int | None = None) -> int:
        """Removes the login sessions that were last touched before a time; how many they were."""

    async def count(self) -> int:
        """Returns the number of login sessions."""


class UserRows(Protocol):
    """Users, by name."""

    async def get(self, name: str) -> User | None:
        """The user, or None; names are compared without regard to case."""

    async def from_outside(self, source: str, subject: str) -> User | None:
        """The user whom a provider knows by an identifier, or None."""

    async def put(self, user: User) -> None:
        """Adds the user, or replaces the one of the same name."""

    async def remove(self, name: str) -> None:
        """Removes the user."""

    async def all(self) -> list[User]:
        """All users, by folded name."""


class UsedLoginRows(Protocol):
    """Logins at identity providers that have ended, by the hash of their state: none ends twice."""

    async def use(self, state: str, until: int, now: int) -> bool:
        """Keeps a login as used until a time, and forgets some of before `now`; False where it was used already."""


class TokenRows(Protocol):
    """Client tokens, and other texts of clients that are kept for some time."""

    async def find(self, token: Token) -> str | None:
        """The identifier that was created for the token."""

    async def add(self, token: Token, identifier: str, now: int) -> None:
        """Keeps the identifier for the token."""

    async def forget_user(self, user: str) -> None:
        """Drops the tokens of a user."""

    async def forget(self, before: int, most: int | None = None) -> int:
        """Drops the tokens of before a time; how many they were."""
