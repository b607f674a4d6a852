"""Defines the errors of the rules. `services.faults` maps them to the errors that callers receive."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """What went wrong with a file, a session or a task, kept with it: a stable id, the sentence, its pieces.

    `error` is the name of the error that a caller would have heard, where the task was an operation.
    """

    id: str
    text: str
    args: tuple[str, ...] = ()
    error: str | None = None


class LibraryError(Exception):
    """Base of all errors of the rules; a sentence in lower case that names the thing and its state."""

    def __init__(self, fault_id: str, text: str, *args: str) -> None:
        super().__init__(text)
        self.fault = Fault(fault_id, text, args)


class Missing(LibraryError):
    """The object does not exist."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"{kind.replace(' ', '_')}.not_found", f"{kind} {identifier!r} does not exist", identifier)


class MissingFile(LibraryError):
    """The thing is there, but it has no file of that name."""

    def __init__(self, owner: str, identifier: str, name: str) -> None:
        super().__init__("file.not_found", f"{owner} {identifier} has no file {name!r}", identifier, name)


class Invalid(LibraryError):
    """A value that the rules do not take; the first word of the sentence is the field's path."""

    def __init__(self, field: str, problem: str, *args: str) -> None:
        super().__init__(f"invalid.{field}", f"{field} {problem}", *args)


class Taken(LibraryError):
    """The name belongs to another item of the library."""


class NameTaken(LibraryError):
    """The name belongs to another library."""


class InUse(LibraryError):
    """Somebody has declared to use the library."""


class WrongState(LibraryError):
    """The library is in maintenance, or not in maintenance, or its content is being changed."""


class WrongType(LibraryError):
    """The library or item is of a type that the operation does not work on."""


class NotActive(LibraryError):
    """The session has ended."""

    def __init__(self, kind: str, identifier: str, state: str, event: str) -> None:
        super().__init__("session.not_active", f"{kind} {identifier} is {state} and cannot be {event}", identifier, state)


class StillActive(LibraryError):
    """The session has not ended."""


class NotReady(LibraryError):
    """Files of an update session are missing or in error."""


class Busy(LibraryError):
    """Somebody else is at work on the thing."""


class NotWritable(LibraryError):
    """A storage takes no bytes."""


class InDesiredState(LibraryError):
    """The thing already is as the caller asks."""


class VersionConflict(LibraryError):
    """The thing was changed since the caller read it."""

    def __init__(self, kind: str, identifier: str, given: str, current: str) -> None:
        text = f"{kind} {identifier} is at version {current}, not {given}"
        super().__init__("version.conflict", text, identifier, given, current)


class NotCompliant(LibraryError):
    """The security policy of the library keeps the item out."""


class NotPublished(LibraryError):
    """The library is not published."""


class NotRestorable(LibraryError):
    """A thing in the trash has nothing to be restored to."""


class NotHere(LibraryError):
    """The content of an item is at its publisher, and is wanted here."""


class NotSynchronized(LibraryError):
    """A subscribed library has not all that its publisher has."""


class NotOnDemand(LibraryError):
    """A subscribed library keeps all of its content here."""


class Unsupported(LibraryError):
    """A use that this server does not support."""


class NotFetched(LibraryError):
    """Content could not be fetched. `again` means that the error is temporary."""

    def __init__(self, fault: Fault, *, again: bool = False) -> None:
        super().__init__(fault.id, fault.text, *fault.args)
        self.again = again


class Unavailable(LibraryError):
    """A storage does not answer, or does not give the bytes of a file that are there; it may later."""


class Damaged(LibraryError):
    """The bytes of a file are gone from the storage, or are not those that were stored."""
