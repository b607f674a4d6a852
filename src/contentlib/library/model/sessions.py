"""Defines what update and download sessions have in common."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.errors import Fault


class State(enum.StrEnum):
    """The states of sessions; a download session is never DONE."""

    ACTIVE = "ACTIVE"
    DONE = "DONE"
    ERROR = "ERROR"
    CANCELED = "CANCELED"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of every session. Times are milliseconds since 1970 UTC."""

    id: str
    user: str
    login: str
    item: str
    content_version: int
    state: State = State.ACTIVE
    progress: int = 0
    created: int
    touched: int
    ended: int | None = None
    fault: Fault | None = None


class Touches(msgspec.Struct, frozen=True):
    """When sessions and login sessions were last active, and how many bytes of files have arrived."""

    sessions: dict[str, int]
    logins: dict[str, int]
    progress: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.sessions or self.logins or self.progress)
