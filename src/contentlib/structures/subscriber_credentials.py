"""Defines the structures of the named subscribers of published libraries."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Secret, Structure, enumeration

PREFIX = "contentlib.library.subscribers"


@enumeration(f"{PREFIX}.state")
class ReadingState(Enumeration):
    """How far a subscriber has read the library."""

    BEHIND = "BEHIND"
    NEVER_SEEN = "NEVER_SEEN"
    UP_TO_DATE = "UP_TO_DATE"


class CreateSpec(Structure):
    """A subscriber to be added; without `expires`, its credential does not expire."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec"
    name: str
    enabled: bool | None = None
    expires: DateTime | None = None


class CreateResult(Structure):
    """A new subscriber. Its password is returned only here."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_result"
    password: Secret
    subscriber: Id


class UpdateSpec(Structure):
    """Changes of a subscriber; unset fields are unchanged. `never_expires` removes the expiry."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec"
    enabled: bool | None = None
    expires: DateTime | None = None
    name: str | None = None
    never_expires: bool | None = None


class SubscriberReading(Structure):
    """What a subscriber has read: when and from which address, and which version of the library. Times are in UTC.

    `version` is that of the last item list that was read, as in `lib.json`, and unset if none was. `versions_behind` is the
    number of changes of the library since then. Reading is recorded with a delay of some seconds.
    """

    vapi_name: ClassVar[str] = f"{PREFIX}.reading"
    first_time: DateTime
    last_address: str
    last_time: DateTime
    version: str | None = None
    version_time: DateTime | None = None
    versions_behind: Integer | None = None


class Info(Structure):
    """A subscriber, without its password. Times are in UTC. `reading` is unset if it has never used its credential.

    `former_expires` is the time until which the password before the last rotation is valid.
    """

    vapi_name: ClassVar[str] = f"{PREFIX}.info"
    created: DateTime
    enabled: bool
    id: Id
    name: str
    state: ReadingState
    expires: DateTime | None = None
    former_expires: DateTime | None = None
    reading: SubscriberReading | None = None


class UnnamedInfo(Structure):
    """An address from which a library was read without the credential of a subscriber."""

    vapi_name: ClassVar[str] = f"{PREFIX}.unnamed_info"
    reading: SubscriberReading
    state: ReadingState


class ItemInfo(Structure):
    """The content version of an item whose files a subscriber has requested last, the time in UTC, and the current version."""

    vapi_name: ClassVar[str] = f"{PREFIX}.item_info"
    current_version: str
    item: Id
    time: DateTime
    version: str
