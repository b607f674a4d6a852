"""Specifies rows of subscribed libraries and of subscribers."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.catalogs import Arrival, ItemOffer
from contentlib.library.model import FetchedItem, Subscriber, SubscriberContact, SubscriberCredential
from contentlib.library.ports.rows import Rows


class OfferRows(Protocol):
    """Publishers' offers of the items of subscribed libraries, by item; removed with it."""

    async def put(self, offer: ItemOffer) -> None:
        """Adds the row, or replaces the one of the same item."""

    async def get(self, item: str) -> ItemOffer | None:
        """The row, or None."""

    async def of(self, library: str, after: str, most: int) -> list[ItemOffer]:
        """The first `most` rows of a library whose items' identifiers come after one, in their order."""

    async def end(self, library: str) -> None:
        """Removes the rows of a library, whose items are its own from now on: they never were synchronized."""


class ArrivalRows(Protocol):
    """Files that are being fetched for subscribed libraries; removed with their library."""

    async def put(self, arrival: Arrival) -> None:
        """Adds the row, or replaces the one of the same identifier."""

    async def get(self, identifier: str) -> Arrival | None:
        """The row, or None."""

    async def remove(self, identifier: str) -> None:
        """Removes the row."""

    async def uploads(self) -> set[str]:
        """The names of all uploads."""

    async def of(self, library: str) -> set[str]:
        """The names of a library's uploads."""

    async def on(self, storage: str) -> list[Arrival]:
        """The rows whose blob is on a storage."""


class SubscriberRows(Rows[Subscriber], Protocol):
    """Subscriptions of published libraries; those of a library are removed with it."""

    async def of(self, library: str) -> list[Subscriber]:
        """The subscriptions of a library."""


class SubscriberCredentialRows(Rows[SubscriberCredential], Protocol):
    """Credentials of subscribers; those of a library are removed with it."""

    async def of(self, library: str) -> list[SubscriberCredential]:
        """The credentials of a library."""

    async def find(self, library: str, folded_name: str) -> str | None:
        """The identifier of the credential of a name, or None."""


class SubscriberContactRows(Rows[SubscriberContact], Protocol):
    """Contacts of subscribers; those of a library are removed with it."""

    async def of(self, library: str) -> list[SubscriberContact]:
        """The contacts of a library, the latest first."""

    async def trim(self, library: str, most: int) -> None:
        """Removes the contacts of a library without a credential but the `most` latest."""


class FetchedItemRows(Protocol):
    """Items that subscribers have fetched; removed with the contact, and with the item."""

    async def note(self, row: FetchedItem) -> None:
        """Keeps the row, unless a later one of the same contact and item is kept."""

    async def of(self, contact: str) -> list[FetchedItem]:
        """The rows of a contact, the latest first."""
