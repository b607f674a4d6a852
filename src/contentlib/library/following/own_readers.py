"""Checks the passwords with which subscribed libraries read published libraries of the same server, and records who reads."""

from __future__ import annotations

from contentlib.library.errors import Fault, NotFetched
from contentlib.library.following import messages
from contentlib.library.following.contacts import Contacts, Visitor
from contentlib.library.following.subscriber_credentials import SubscriberCredentials
from contentlib.library.model import Authentication, Library, Subscription
from contentlib.library.ports import PasswordHasher

_HERE = "this server"


class OwnReaders:
    """Admits subscriptions to libraries of this server by the credential of a subscriber, or by the library's password."""

    def __init__(self, passwords: PasswordHasher, credentials: SubscriberCredentials, contacts: Contacts) -> None:
        self._passwords = passwords
        self._credentials = credentials
        self._contacts = contacts

    async def admit(self, library: Library, subscription: Subscription) -> Visitor:
        """Who reads the library; NotFetched where the subscription has no right password."""
        if library.publishing.authentication is Authentication.NONE:
            return Visitor(library.id, _HERE)
        given = subscription.password if subscription.authentication is Authentication.BASIC else None
        if given is None:
            raise _refused(library)
        found = await self._credentials.find(library.id, given)
        if found is not None:
            if (over := self._credentials.refusal(found)) is not None:
                raise _refused(library, over)
            return Visitor(library.id, _HERE, credential=found.id)
        hashed = library.publishing.password_hash
        if hashed is None or not await self._passwords.verify(hashed, given):
            raise _refused(library)
        return Visitor(library.id, _HERE)

    def note(self, library: Library, visitor: Visitor) -> None:
        """A subscriber with a credential has read the list of items; other subscriptions of this server are known as such."""
        if visitor.credential is not None:
            self._contacts.note(visitor, told=library.revision, listed=library.revision)


def _refused(library: Library, over: Fault | None = None) -> NotFetched:
    return NotFetched(over or messages.OWN_CREDENTIALS(library=library.id))
