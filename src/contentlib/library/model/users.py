"""Defines users, login sessions and client tokens."""

from __future__ import annotations

import msgspec


class User(msgspec.Struct, frozen=True):
    """A user; `password_hash` is empty where it has no password.

    `source` names the identity provider or directory that the user comes from, None where the user is kept here; `subject` is
    the identifier of the user there, which stays the same when the name changes.
    """

    name: str
    folded_name: str
    password_hash: str = ""
    display_name: str = ""
    email: str = ""
    enabled: bool = True
    source: str | None = None
    subject: str | None = None


class Login(msgspec.Struct, frozen=True):
    """A login session; the token itself is nowhere kept. Times in milliseconds since 1970 UTC.

    `api_token` is the identifier of the API token that it was started with, None where that was a password. `provider_session`
    is a digest of the session at an identity provider that it came from.
    """

    token_hash: str
    user: str
    created: int
    touched: int
    api_token: str | None = None
    provider_session: str | None = None


class Token(msgspec.Struct, frozen=True):
    """A client token: a UUID in its canonical form, or another text that a client may use once or for some time."""

    user: str
    operation: str
    value: str
