"""Defines the entries of the audit log, who acts, and what entries are looked for."""

from __future__ import annotations

import enum

import msgspec


class Outcome(enum.StrEnum):
    """How an operation ended. REFUSED means that the caller was not allowed to call it."""

    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


class AuditThing(msgspec.Struct, frozen=True, omit_defaults=True):
    """A thing that an entry is about: its type, identifier and name at that time, and the library that it belongs to."""

    type: str
    id: str
    name: str = ""
    library: str = ""


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who acts: the user, and how the call was made. An actor without a user and a request is the server itself.

    `token` is the identifier of an API token, `session` that of a login session. `things` are types and identifiers of what the
    operation is called on.
    """

    user: str = ""
    token: str = ""
    session: str = ""
    address: str = ""
    operation: str = ""
    request: str = ""
    things: tuple[tuple[str, str], ...] = ()


class AuditNote(msgspec.Struct, frozen=True):
    """What an entry says beyond the rows that changed: an outcome, its error, what it is about, and for how many calls."""

    outcome: Outcome = Outcome.SUCCEEDED
    error: str = ""
    things: tuple[AuditThing, ...] = ()
    count: int = 1
    changes: dict[str, int] = {}


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry. `time` is in milliseconds since 1970 UTC, `changes` is the number of changed rows by table.

    `omitted` things did not fit into it; it stands for `count` calls.
    """

    sequence: int
    time: int
    user: str = ""
    token: str = ""
    session: str = ""
    address: str = ""
    operation: str = ""
    request: str = ""
    outcome: Outcome
    error: str = ""
    things: tuple[AuditThing, ...] = ()
    omitted: int = 0
    changes: dict[str, int] = {}
    count: int = 1


class AuditLink(msgspec.Struct, frozen=True):
    """A place in the chain of entries: the sequence number of an entry, and its hash."""

    sequence: int = 0
    hash: str = "0" * 64


class AuditRecord(msgspec.Struct, frozen=True):
    """An entry as it is stored: its canonical text, its hash, and the columns by which it is found."""

    link: AuditLink
    content: str
    time: int
    user: str
    operation: str
    outcome: str

    def line(self) -> str:
        """The text with the hash beside it, as JSON on one line."""
        return f'{self.content[:-1]},"hash":"{self.link.hash}"}}'


class AuditFilter(msgspec.Struct, frozen=True):
    """Selects entries. What is None selects all; `things` selects entries about any of these identifiers."""

    since: int | None = None
    until: int | None = None
    user: str | None = None
    operation: str | None = None
    outcome: Outcome | None = None
    things: tuple[str, ...] | None = None
    within: tuple[str, ...] | None = None
