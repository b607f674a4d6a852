"""Manages the subscriptions of a published library: libraries on this server and on vCenters.

A library of this server that was created for a subscription needs no password; the subscription itself authorizes it. A library
of another vCenter is stored and listed, but publishing to it fails because this server cannot act there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog.items import find_item
from contentlib.library.catalog.libraries import NewLibrary, find_library
from contentlib.library.clock import Clock
from contentlib.library.errors import Invalid, ItemNameTaken, Missing, NotFetched, NotPublished, WrongState
from contentlib.library.following import messages
from contentlib.library.following.subscribed import Invitation, SubscribedLibraries
from contentlib.library.following.subscriptions import SubscriptionChange
from contentlib.library.idempotence import once
from contentlib.library.identifiers import new_identifier
from contentlib.library.messages import EMPTY, OUT_OF_RANGE
from contentlib.library.model import Library, LibraryType, Placement, Subscriber, Token, Vcenter
from contentlib.library.names import check_text
from contentlib.library.ports import MetadataStore, Transaction

_FIELD = "spec.subscribed_library"
_PORTS = range(1, 65536)


class NewSubscriber(msgspec.Struct, frozen=True):
    """A caller's specification of a subscription: a library to create for it, or an existing one."""

    create_new: bool = False
    new: NewLibrary | None = None
    wanted: SubscriptionChange | None = None
    existing: str | None = None
    remote: bool = False
    vcenter: Vcenter | None = None
    placement: Placement = Placement()


class SubscriberChange(msgspec.Struct, frozen=True):
    """A caller's changes of a subscription. None means unchanged."""

    hostname: str | None = None
    https_port: int | None = None
    placement: Placement | None = None


class NamedSubscriber(msgspec.Struct, frozen=True):
    """A subscription, and the name of the library at its other end; of one elsewhere the identifier."""

    subscriber: Subscriber
    name: str


class Subscribers:
    """The operations on the subscriptions of published libraries."""

    def __init__(self, metadata: MetadataStore, clock: Clock, subscribed: SubscribedLibraries) -> None:
        self._metadata = metadata
        self._clock = clock
        self._subscribed = subscribed

    async def create(self, library_id: str, new: NewSubscriber, token: Token | None, user: str, base_url: str) -> str:
        """Keeps a subscription, and makes the library for it where one is wanted; answers its identifier."""
        async with self._metadata.reading() as transaction:
            library = await find_published(transaction, library_id)
        if new.create_new:
            return await self._create_new(library, new, token, user, base_url)
        _check_vcenter(new)

        async def add(transaction: Transaction) -> str:
            await find_published(transaction, library_id)
            return await self._add(transaction, library, new)

        return await once(self._metadata, self._clock, token, add)

    async def get(self, library_id: str, subscriber_id: str) -> NamedSubscriber:
        """Returns a subscription of a library. Raises Missing for an unknown identifier."""
        async with self._metadata.reading() as transaction:
            await find_published(transaction, library_id)
            return await _find(transaction, library_id, subscriber_id)

    async def all(self, library_id: str) -> list[NamedSubscriber]:
        """The subscriptions of a library, in order of creation."""
        async with self._metadata.reading() as transaction:
            await find_published(transaction, library_id)
            return await _all(transaction, library_id)

    async def update(self, library_id: str, subscriber_id: str, change: SubscriberChange) -> None:
        """Changes the given properties. A placement replaces the previous one as a whole."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_published(transaction, library_id)
            subscriber = (await _find(transaction, library_id, subscriber_id)).subscriber
            if change.placement is not None:
                subscriber = replace(subscriber, placement=change.placement)
            if change.hostname is not None or change.https_port is not None:
                subscriber = replace(subscriber, vcenter=_moved(subscriber, change))
            await transaction.subscribers.put(subscriber)

    async def delete(self, library_id: str, subscriber_id: str) -> None:
        """Forgets a subscription; the library at its other end stays."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_published(transaction, library_id)
            told = await _find(transaction, library_id, subscriber_id)
            await transaction.subscribers.remove(subscriber_id)
            if told.subscriber.vcenter is None:
                await _know(transaction, told.subscriber.subscribed, None)

    async def publish(self, library_id: str, chosen: Sequence[str] | None, user: str) -> None:
        """Begins the synchronization of the libraries at the other end of the given subscriptions, or of all.

        After it was begun for all others, WrongState where one of them is in maintenance, NotFetched where one is of another
        vCenter.
        """
        async with self._metadata.reading() as transaction:
            await find_published(transaction, library_id)
            told = await _chosen(transaction, library_id, chosen)
        await _each(self._subscribed.sync(each.subscribed, user) for each in _local(told))
        _check_local(told)

    async def publish_item(self, item_id: str, chosen: Sequence[str] | None, user: str, *, content: bool) -> None:
        """Starts to synchronize an item's copies, with their content if `content` is set; otherwise like `publish`."""
        async with self._metadata.reading() as transaction:
            item = await find_item(transaction, item_id)
            await find_published(transaction, item.library)
            told = await _chosen(transaction, item.library, chosen)
            copies = {
                each.subscribed: await transaction.items.find(library=each.subscribed, source=item_id) for each in _local(told)
            }
        await _each(
            self._subscribed.sync_item(found[0], user, content=content) if found else self._subscribed.sync(library, user)
            for library, found in copies.items()
        )
        _check_local(told)

    async def _create_new(self, library: Library, new: NewSubscriber, token: Token | None, user: str, base_url: str) -> str:
        _check_vcenter(new)
        if new.new is None or new.wanted is None:
            raise Invalid(messages.REQUIRED_FOR(field=f"{_FIELD}.new_subscribed_library", condition="the target CREATE_NEW"))
        if new.remote:
            raise _unreachable(new.vcenter)
        made = new_identifier()

        async def keep(transaction: Transaction, subscribed: Library) -> str:
            await transaction.subscribers.add(Subscriber(made, library.id, subscribed.id, new.placement))
            return made

        invitation = Invitation(made, library.id, base_url, keep)
        return await self._subscribed.create_invited(
            f"{_FIELD}.new_subscribed_library", new.new, new.wanted, token, user, invitation
        )

    async def _add(self, transaction: Transaction, library: Library, new: NewSubscriber) -> str:
        if new.existing is None:
            raise Invalid(messages.REQUIRED_FOR(field=f"{_FIELD}.subscribed_library", condition="the target USE_EXISTING"))
        if not new.remote:
            await _check_follows(transaction, library, new.existing)
        if any(each.subscribed == new.existing for each in await transaction.subscribers.of(library.id)):
            raise ItemNameTaken(messages.SUBSCRIPTION_EXISTS(subscribed=new.existing, library=library.id))
        subscriber = Subscriber(new_identifier(), library.id, new.existing, new.placement, new.vcenter if new.remote else None)
        await transaction.subscribers.add(subscriber)
        if not new.remote:
            await _know(transaction, new.existing, subscriber.id)
        return subscriber.id


async def find_published(transaction: Transaction, library_id: str) -> Library:
    """The local library; NotPublished when it is not published."""
    library = await find_library(transaction, library_id, LibraryType.LOCAL)
    if not library.publishing.published:
        raise NotPublished(messages.NOT_PUBLISHED(library=library_id))
    return library


async def _check_follows(transaction: Transaction, library: Library, subscribed_id: str) -> None:
    if not _follows(await find_library(transaction, subscribed_id), library.id):
        field = f"{_FIELD}.subscribed_library"
        raise Invalid(messages.NOT_SUBSCRIBED(field=field, subscribed=subscribed_id, library=library.id))


async def _know(transaction: Transaction, subscribed_id: str, subscriber_id: str | None) -> None:
    """Notes at a library of this server by which subscription its publisher knows it; None where that is gone."""
    library = await find_library(transaction, subscribed_id)
    if library.subscription is not None:
        changed = replace(library.subscription, invitation=None, known_as=subscriber_id)
        await transaction.libraries.put(replace(library, subscription=changed))


def _follows(subscribed: Library, library_id: str) -> bool:
    return subscribed.subscription is not None and subscribed.subscription.source == library_id


async def _each(beginnings: Iterable[Awaitable[str]]) -> None:
    """Begins all that can be begun; WrongState then, where something could not."""
    refused: WrongState | None = None
    for begin in beginnings:
        try:
            await begin
        except WrongState as error:
            refused = refused or error
    if refused is not None:
        raise refused


async def _all(transaction: Transaction, library_id: str) -> list[NamedSubscriber]:
    """All subscriptions but those whose library was deleted here, or does not follow any more."""
    found = []
    for each in await transaction.subscribers.of(library_id):
        if each.vcenter is not None:
            found.append(NamedSubscriber(each, each.subscribed))
        elif (library := await transaction.libraries.get(each.subscribed)) is not None and _follows(library, library_id):
            found.append(NamedSubscriber(each, library.name))
    return found


async def _find(transaction: Transaction, library_id: str, subscriber_id: str) -> NamedSubscriber:
    for told in await _all(transaction, library_id):
        if told.subscriber.id == subscriber_id:
            return told
    raise Missing("subscription", subscriber_id)


async def _chosen(transaction: Transaction, library_id: str, chosen: Sequence[str] | None) -> list[Subscriber]:
    known = {told.subscriber.id: told.subscriber for told in await _all(transaction, library_id)}
    for n, each in enumerate(chosen or (), 1):
        if each not in known:
            field = f"subscriptions.{n}.subscription"
            raise Invalid(messages.NO_SUCH_SUBSCRIPTION(field=field, library=library_id, subscription=each))
    return list(known.values()) if chosen is None else [known[each] for each in dict.fromkeys(chosen)]


def _local(subscribers: Sequence[Subscriber]) -> list[Subscriber]:
    return [each for each in subscribers if each.vcenter is None]


def _check_local(subscribers: Sequence[Subscriber]) -> None:
    for each in subscribers:
        if each.vcenter is not None:
            raise _unreachable(each.vcenter)


def _check_vcenter(new: NewSubscriber) -> None:
    if not new.remote:
        return
    if new.vcenter is None:
        raise Invalid(messages.REQUIRED_FOR(field=f"{_FIELD}.vcenter", condition="the location REMOTE"))
    _check_address(f"{_FIELD}.vcenter", new.vcenter)


def _check_address(field: str, vcenter: Vcenter) -> None:
    if not check_text(f"{field}.hostname", vcenter.hostname).strip():
        raise Invalid(EMPTY(field=f"{field}.hostname"))
    if vcenter.https_port is not None and vcenter.https_port not in _PORTS:
        raise Invalid(OUT_OF_RANGE(field=f"{field}.https_port", least=1, most=65535, given=vcenter.https_port))


def _moved(subscriber: Subscriber, change: SubscriberChange) -> Vcenter:
    field = "spec.subscribed_library_vcenter"
    if subscriber.vcenter is None:
        raise Invalid(messages.LOCAL_SUBSCRIPTION(field=field, subscription=subscriber.id))
    hostname, port = change.hostname, change.https_port
    moved = Vcenter(
        subscriber.vcenter.hostname if hostname is None else hostname,
        subscriber.vcenter.https_port if port is None else port,
    )
    _check_address(field, moved)
    return moved


def _unreachable(vcenter: Vcenter | None) -> NotFetched:
    name = "" if vcenter is None else vcenter.hostname
    return NotFetched(messages.VCENTER_UNREACHABLE(vcenter=name))
