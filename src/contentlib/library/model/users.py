"""Defines users, login sessions and client tokens."""

from __future__ import annotations

import msgspec


class User(msgspec.Struct, frozen=True):
    """A user; `roles` are for the permissions to come, the administrator's is `admin`."""

    name: str
    folded_name: str
    password_hash: str
    roles: tuple[str, ...] = ()


class Login(msgspec.Struct, frozen=True):
    """A login session; the token itself is nowhere kept. Times in milliseconds since 1970 UTC."""

    token_hash: str
    user: str
    created: int
    touched: int


class Token(msgspec.Struct, frozen=True):
    """A client token; a UUID in its canonical form."""

    user: str
    operation: str
    value: str
