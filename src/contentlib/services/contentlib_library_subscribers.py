"""Implements contentlib.library.subscribers: a credential for each subscriber of a published library, and what each has read.

A service of our own: in vCenter all subscribers of a library have the same password.
"""

from __future__ import annotations

import builtins

from contentlib.access.roles import VIEW_ACCESS
from contentlib.library.following.contacts import Contacts
from contentlib.library.following.subscriber_credentials import CredentialChange, NewCredential, SubscriberCredentials
from contentlib.library.model import Library, SubscriberContact, SubscriberCredential
from contentlib.structures.privileges import on_library
from contentlib.structures.subscriber_credentials import (
    PREFIX,
    CreateResult,
    CreateSpec,
    Info,
    ItemInfo,
    ReadingState,
    SubscriberReading,
    UnnamedInfo,
    UpdateSpec,
)
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Integer, Secret

_PATH = "/api/contentlib/library/{library}/subscribers"
_SUBSCRIBER = f"{_PATH}/{{subscriber}}"
_VIEWING = (on_library(VIEW_ACCESS, "library"),)
_ADDING = (on_library("ContentLibrary.AddSubscription", "library"),)
_CHANGING = (on_library("ContentLibrary.UpdateSubscription", "library"),)
_DELETING = (on_library("ContentLibrary.DeleteSubscription", "library"),)


class SubscribersService(Service):
    """The subscribers of a published library that have a credential of their own, and what they have read.

    A subscriber logs in as `vcsp`, or without a user name, with its own password. The password of the library, if it has one,
    remains valid.
    """

    vapi_id = PREFIX

    def __init__(self, credentials: SubscriberCredentials, contacts: Contacts, version_floor: int) -> None:
        self._credentials = credentials
        self._contacts = contacts
        self._floor = version_floor

    @operation(
        Route("POST", _PATH, body="spec", status=201),
        errors=(AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound),
        privileges=_ADDING,
    )
    async def create(self, call: Call, library: Id, spec: CreateSpec) -> CreateResult:
        """Adds a subscriber to a published library and returns its password, which is not shown again.

        A library that is published without authentication requires a password from then on.
        """
        new = NewCredential(spec.name, _milliseconds(spec.expires), spec.enabled is not False)
        subscriber, password = await self._credentials.create(library, new)
        return CreateResult(password=password, subscriber=subscriber)

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=_VIEWING)
    async def list(self, call: Call, library: Id) -> builtins.list[Info]:
        """Lists the subscribers of a library and what they have read, in order of creation."""
        credentials = await self._credentials.all(library)
        return await self._infos(library, credentials)

    @operation(Route("GET", _SUBSCRIBER), errors=(NotFound,), privileges=_VIEWING)
    async def get(self, call: Call, library: Id, subscriber: Id) -> Info:
        """Returns a subscriber of a library and what it has read."""
        (info,) = await self._infos(library, [await self._credentials.get(library, subscriber)])
        return info

    @operation(
        Route("PATCH", _SUBSCRIBER, body="spec", status=204),
        errors=(AlreadyExists, InvalidArgument, NotFound),
        privileges=_CHANGING,
    )
    async def update(self, call: Call, library: Id, subscriber: Id, spec: UpdateSpec) -> None:
        """Changes the name of a subscriber, the expiry of its credential, or whether it can be used."""
        change = CredentialChange(spec.name, _milliseconds(spec.expires), spec.never_expires is True, spec.enabled)
        await self._credentials.update(library, subscriber, change)

    @operation(
        Route("POST", _SUBSCRIBER, dispatch={"action": "rotate"}),
        errors=(InvalidArgument, NotFound),
        privileges=_CHANGING,
    )
    async def rotate(self, call: Call, library: Id, subscriber: Id, overlap_seconds: Integer | None) -> Secret:
        """Returns a new password of a subscriber. The previous one remains valid for some more seconds, by default for none."""
        return await self._credentials.rotate(library, subscriber, overlap_seconds or 0)

    @operation(Route("DELETE", _SUBSCRIBER, status=204), errors=(NotFound,), privileges=_DELETING)
    async def delete(self, call: Call, library: Id, subscriber: Id) -> None:
        """Removes a subscriber. Its credential is rejected from the next request on; the library stays closed to all others."""
        await self._credentials.remove(library, subscriber)

    @operation(Route("GET", f"{_SUBSCRIBER}/items"), errors=(NotFound,), privileges=_VIEWING)
    async def list_items(self, call: Call, library: Id, subscriber: Id) -> builtins.list[ItemInfo]:
        """Lists the items whose files a subscriber has requested, and in which version, the latest first."""
        return [
            ItemInfo(
                current_version=str(each.current),
                item=each.fetched.item,
                time=DateTime(each.fetched.time),
                version=str(each.fetched.version),
            )
            for each in await self._contacts.items(library, subscriber)
        ]

    @operation(Route("GET", "/api/contentlib/library/{library}/unnamed-subscribers"), errors=(NotFound,), privileges=_VIEWING)
    async def list_unnamed(self, call: Call, library: Id) -> builtins.list[UnnamedInfo]:
        """Lists the addresses from which a library was read without the credential of a subscriber, the latest first.

        The 1,000 latest addresses are kept; an IPv6 address stands for its /64 network.
        """
        found, contacts = await self._contacts.of(library)
        unnamed = [each for each in contacts if each.credential is None]
        return [UnnamedInfo(reading=self._reading(found, each), state=_state(found, each)) for each in unnamed]

    async def _infos(self, library_id: str, credentials: builtins.list[SubscriberCredential]) -> builtins.list[Info]:
        library, contacts = await self._contacts.of(library_id)
        known = {each.credential: each for each in contacts}
        return [self._info(library, each, known.get(each.id)) for each in credentials]

    def _info(self, library: Library, credential: SubscriberCredential, contact: SubscriberContact | None) -> Info:
        return Info(
            created=DateTime(credential.created),
            enabled=credential.enabled,
            expires=_time(credential.expires),
            former_expires=_time(credential.former_until),
            id=credential.id,
            name=credential.name,
            reading=None if contact is None else self._reading(library, contact),
            state=_state(library, contact),
        )

    def _reading(self, library: Library, contact: SubscriberContact) -> SubscriberReading:
        listed = contact.listed
        return SubscriberReading(
            first_time=DateTime(contact.first_seen),
            last_address=contact.address,
            last_time=DateTime(contact.last_seen),
            version=None if listed is None else str(self._floor + listed),
            version_time=_time(contact.listed_at),
            versions_behind=None if listed is None else max(library.revision - listed, 0),
        )


def _state(library: Library, contact: SubscriberContact | None) -> ReadingState:
    if contact is None:
        return ReadingState.NEVER_SEEN
    is_behind = contact.listed is None or contact.listed < library.revision
    return ReadingState.BEHIND if is_behind else ReadingState.UP_TO_DATE


def _milliseconds(time: DateTime | None) -> int | None:
    return None if time is None else time.milliseconds


def _time(milliseconds: int | None) -> DateTime | None:
    return None if milliseconds is None else DateTime(milliseconds)
