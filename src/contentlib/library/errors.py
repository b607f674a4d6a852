"""Defines the errors of the rules. `services.faults` maps them to the errors that callers receive."""

from __future__ import annotations

from contentlib.library import messages
from contentlib.messages import Fault as Fault


class LibraryError(Exception):
    """Base class of the errors of the rules. The message is lower case and names the object and its state."""

    def __init__(self, said: Fault) -> None:
        super().__init__(said.text)
        self.fault = said


class Missing(LibraryError):
    """The object does not exist."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(messages.NOT_FOUND(kind=kind, identifier=identifier))


class MissingFile(LibraryError):
    """The object exists, but has no file of that name."""

    def __init__(self, owner: str, identifier: str, name: str) -> None:
        super().__init__(messages.FILE_NOT_FOUND(owner=owner, identifier=identifier, name=name))


class Invalid(LibraryError):
    """An invalid value. The message starts with the path of the field."""


class ItemNameTaken(LibraryError):
    """The name belongs to another item of the library."""


class NameTaken(LibraryError):
    """The name belongs to another library."""


class TagExists(LibraryError):
    """The name or identifier belongs to another tag or category of tags."""


class InUse(LibraryError):
    """The library is in use."""


class WrongState(LibraryError):
    """The library is in maintenance, or not in maintenance, or its content is being changed."""


class WrongType(LibraryError):
    """The operation does not support the type of the library or item."""


class NotActive(LibraryError):
    """The session has ended."""

    def __init__(self, kind: str, identifier: str, state: str, event: str) -> None:
        super().__init__(messages.NOT_ACTIVE(kind=kind, identifier=identifier, state=state, event=event))


class StillActive(LibraryError):
    """The session has not ended."""


class NotReady(LibraryError):
    """Files of an update session are missing or in error."""


class Busy(LibraryError):
    """The object is in use by another operation."""


class Superseded(Busy):
    """A newer request for the same object was answered meanwhile."""


class NotWritable(LibraryError):
    """A storage is not writable."""


class QuotaExceeded(LibraryError):
    """A library or a user would hold more than its quota allows."""


class InDesiredState(LibraryError):
    """The object is already in the requested state."""


class VersionConflict(LibraryError):
    """The object has changed since the caller read it."""

    def __init__(self, kind: str, identifier: str, given: str, current: str) -> None:
        super().__init__(messages.VERSION_CONFLICT(kind=kind, identifier=identifier, current=current, given=given))


class NotCompliant(LibraryError):
    """The security policy of the library rejects the item."""


class NotPublished(LibraryError):
    """The library is not published."""


class NotRestorable(LibraryError):
    """An object in the trash cannot be restored, because its library is missing."""


class NotHere(LibraryError):
    """The operation needs the content of an item, which is not stored here."""


class NotSynchronized(LibraryError):
    """A subscribed library does not have all content of its publisher."""


class NotOnDemand(LibraryError):
    """A subscribed library is not synchronized on demand."""


class LastAdministrator(LibraryError):
    """A change would leave no administrator of everything."""

    def __init__(self) -> None:
        super().__init__(messages.LAST_ADMINISTRATOR())


class BuiltIn(LibraryError):
    """The role is built in, and is not changed."""

    def __init__(self, role: str) -> None:
        super().__init__(messages.ROLE_BUILT_IN(role=role))


class FromOutside(LibraryError):
    """An identity provider decides this, not this server."""


class NotGrantable(LibraryError):
    """A caller gives or takes a role that can do more than the caller."""

    def __init__(self, role: str, privilege: str) -> None:
        super().__init__(messages.NOT_GRANTABLE(role=role, privilege=privilege))


class Unsupported(LibraryError):
    """A use that this server does not support."""


class NotFetched(LibraryError):
    """Content could not be fetched. `again` means that the error is temporary."""

    def __init__(self, said: Fault, *, again: bool = False) -> None:
        super().__init__(said)
        self.again = again


class NotDecrypted(LibraryError):
    """An encrypted secret cannot be read."""

    def __init__(self, use: str, problem: str) -> None:
        super().__init__(messages.NOT_DECRYPTED(use=use, problem=problem))


class Unavailable(LibraryError):
    """A storage does not answer, or cannot read a file. This can be temporary."""


class Damaged(LibraryError):
    """The bytes of a file are missing from the storage or were modified."""
