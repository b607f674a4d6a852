"""What can be wrong with a library. Nothing here says how a caller hears it; `services.faults` holds that table."""

from __future__ import annotations

from contentlib.library import messages
from contentlib.messages import Fault as Fault


class LibraryError(Exception):
    """Base of all errors of the rules; a sentence in lower case that names the thing and its state."""

    def __init__(self, said: Fault) -> None:
        super().__init__(said.text)
        self.fault = said


class Missing(LibraryError):
    """There is no such thing."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(messages.NOT_FOUND(kind=kind, identifier=identifier))


class MissingFile(LibraryError):
    """The thing is there, but it has no file of that name."""

    def __init__(self, owner: str, identifier: str, name: str) -> None:
        super().__init__(messages.FILE_NOT_FOUND(owner=owner, identifier=identifier, name=name))


class Invalid(LibraryError):
    """A value that the rules do not take; the first word of the sentence is the field's path."""


class Taken(LibraryError):
    """The name belongs to another item of the library."""


class NameTaken(LibraryError):
    """The name belongs to another library."""


class InUse(LibraryError):
    """Somebody has declared to use the library."""


class WrongState(LibraryError):
    """The library is in maintenance, or is not, or somebody is at work on its content."""


class WrongType(LibraryError):
    """The library or item is of a type that the operation does not work on."""


class NotActive(LibraryError):
    """The session has ended."""

    def __init__(self, kind: str, identifier: str, state: str, event: str) -> None:
        super().__init__(messages.NOT_ACTIVE(kind=kind, identifier=identifier, state=state, event=event))


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
        super().__init__(messages.VERSION_CONFLICT(kind=kind, identifier=identifier, current=current, given=given))


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
    """What is elsewhere could not be fetched from there; `again` where it may be possible later."""

    def __init__(self, said: Fault, *, again: bool = False) -> None:
        super().__init__(said)
        self.again = again


class Unavailable(LibraryError):
    """A storage does not answer, or does not give the bytes of a file that are there; it may later."""


class Damaged(LibraryError):
    """The bytes of a file are gone from the storage, or are not those that were stored."""
