"""Subscribed libraries: what they follow, and the rules of creating and changing them and of asking for a sync."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog.items import find_item
from contentlib.library.catalog.libraries import Libraries, LibraryChange, NewLibrary, find_library
from contentlib.library.catalogs import UNREADABLE, Catalogs
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, Invalid, NotFetched, NotOnDemand
from contentlib.library.following import messages
from contentlib.library.idempotence import once
from contentlib.library.messages import REQUIRED, SOURCE_UNUSABLE
from contentlib.library.model import (
    Authentication,
    Following,
    Library,
    LibraryType,
    SourceEndpoint,
    Subscription,
    Target,
    Task,
    Token,
)
from contentlib.library.ports import MetadataStore, Sealing, Transaction
from contentlib.library.protection import check_changeable
from contentlib.library.sessions.pulls import CheckSource, Probed, check_endpoint, without_password
from contentlib.library.tasks import NewTask, Tasks

KIND = "sync"
SUBSCRIBED = LibraryType.SUBSCRIBED
_LIBRARY_SERVICE = "com.vmware.content.subscribed_library"
_ITEM_SERVICE = "com.vmware.content.library.subscribed_item"
_USER = "vcsp"
_AT_ONCE = 100
PUBLISHED = "/cls/vcsp/lib/"
Value = TypeVar("Value")


class SubscriptionChange(msgspec.Struct, frozen=True):
    """What a caller says of a subscription; None is left as it is. Empty pins are taken away."""

    url: str | None = None
    authentication: Authentication | None = None
    user_name: str | None = None
    password: str | None = None
    thumbprint: str | None = None
    certificate: str | None = None
    automatic_sync: bool | None = None
    on_demand: bool | None = None


class Arguments(msgspec.Struct, frozen=True):
    """What a sync is to do: a library, or one item of it, with its content where `content` says so."""

    library: str
    item: str | None = None
    content: bool = False


Keep = Callable[[Transaction, Library], Awaitable[str]]
"""Keeps what goes with a library that is made, in the same transaction, and answers what its caller hears."""


class Invitation(msgspec.Struct, frozen=True):
    """That a published library of this server, which is reached at `base_url`, lets in one that is made for it."""

    id: str
    source: str
    base_url: str
    keep: Keep


class Probing(Protocol):
    """Looks whether a publisher can be subscribed to."""

    async def probe(self, subscription: Subscription) -> Probed:
        """What comes of asking it."""


async def _identifier(_: Transaction, library: Library) -> str:
    return library.id


def _nothing() -> None:
    """Nobody waits for tasks here."""


class SubscribedLibraries:
    """The operations on subscribed libraries; `submitted` hears when there is something to be synchronized.

    `patience` is how many seconds a caller waits for the end of a sync.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        clock: Clock,
        libraries: Libraries,
        catalogs: Catalogs,
        probing: Probing,
        sealing: Sealing,
        check_source: CheckSource,
        submitted: Callable[[], None] = _nothing,
        patience: float = 5.0,
    ) -> None:
        self._metadata = metadata
        self._clock = clock
        self._patience = patience
        self._libraries = libraries
        self._catalogs = catalogs
        self._probing = probing
        self._sealing = sealing
        self._check_source = check_source
        self._submitted = submitted
        self._tasks = Tasks(metadata, clock)

    async def create(
        self, new: NewLibrary, change: SubscriptionChange | None, token: Token | None, user: str, base_url: str
    ) -> str:
        """Creates a library that follows a publisher, who must answer, and answers its identifier; its first sync begins."""
        field = "create_spec.subscription_info"
        if change is None:
            raise Invalid(REQUIRED(field=field))
        draft = await self._libraries.draft(new, SUBSCRIBED)
        subscription = await self._checked(field, None, change, base_url)
        if token is None or not await self._known(token):
            await self._catalogs.read(subscription)
        return await self._add(replace(draft, subscription=subscription), token, user, _identifier)

    async def create_invited(
        self, field: str, new: NewLibrary, change: SubscriptionChange, token: Token | None, user: str, invitation: Invitation
    ) -> str:
        """Creates a library that follows one of this server, which has invited it, and answers what is kept of that.

        `field` is the path of what the caller says of the library.
        """
        draft = await self._libraries.draft(new, SUBSCRIBED, field)
        subscription = Subscription(
            url=f"{invitation.base_url}{PUBLISHED}{invitation.source}/lib.json",
            automatic_sync=change.automatic_sync or False,
            on_demand=change.on_demand or False,
            source=invitation.source,
            invitation=invitation.id,
        )
        return await self._add(replace(draft, subscription=subscription), token, user, invitation.keep)

    async def _add(self, library: Library, token: Token | None, user: str, keep: Keep) -> str:
        async def add(transaction: Transaction) -> str:
            await self._libraries.adding(library)(transaction)
            await self._submit(transaction, library, user)
            return await keep(transaction, library)

        made = await once(self._metadata, self._clock, token, add)
        self._submitted()
        return made

    async def update(
        self, library_id: str, change: LibraryChange, wanted: SubscriptionChange | None, user: str, base_url: str
    ) -> None:
        """Changes what is given; where that changes what is followed, the publisher must answer, and a sync begins."""

        async def more(library: Library) -> dict[str, object]:
            if wanted is None:
                return {}
            subscription = await self._checked("update_spec.subscription_info", library.subscription, wanted, base_url)
            if _asks_otherwise(library.subscription, subscription):
                await self._catalogs.read(subscription)
            return {"subscription": subscription, "following": _anew(library, subscription)}

        before = await self._libraries.get(library_id, SUBSCRIBED)
        await self._libraries.update(library_id, change, SUBSCRIBED, more)
        if (await self._libraries.get(library_id)).subscription != before.subscription:
            await self.sync(library_id, user)

    async def sync(self, library_id: str, user: str) -> str:
        """Begins a sync, or joins the one that runs; the identifier of its task."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await _changeable(transaction, library_id)
            task = await self._submit(transaction, library, user)
        self._submitted()
        return task.id

    async def sync_item(self, item_id: str, user: str, *, content: bool) -> str:
        """Begins the sync of an item, or joins the one that runs; the identifier of its task."""
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            library = await _changeable(transaction, item.library)
            arguments = Arguments(library.id, item.id, content)
            description = messages.SYNC_ITEM(name=item.name)
            target = Target("com.vmware.content.library.Item", item.id)
            task = await self._join(transaction, arguments, description, target, user)
        self._submitted()
        return task.id

    async def wait(self, task_id: str) -> Task | None:
        """The task of a sync, which is soon over most of the time; callers look at the item or library right after it."""
        return await self._tasks.wait(task_id, self._patience)

    async def wait_for_publisher(self, task_id: str) -> None:
        """Waits like `wait`; NotFetched when the publisher's library could not be read meanwhile."""
        task = await self.wait(task_id)
        if task is not None and task.fault is not None and task.fault.id.startswith(UNREADABLE):
            raise NotFetched(task.fault)

    async def demand(self, item_id: str, user: str) -> str:
        """Begins to bring the content of an item here; the identifier of the task."""
        return await self.sync_item(item_id, user, content=True)

    async def evict(self, library_id: str) -> None:
        """Drops the content of a library that is synchronized on demand; running downloads end whole."""
        async with self._metadata.reading() as transaction:
            _check_on_demand(await _changeable(transaction, library_id))
            identifiers = await transaction.items.find(library=library_id, cached=True)
        for start in range(0, len(identifiers), _AT_ONCE):
            async with self._metadata.transaction(durable=True) as transaction:
                for item_id in identifiers[start : start + _AT_ONCE]:
                    await drop_content(transaction, item_id)

    async def evict_item(self, item_id: str) -> None:
        """Drops the content of an item whose library is synchronized on demand."""
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            library = await _changeable(transaction, item.library)
            _check_on_demand(library)
            await drop_content(transaction, item_id)

    async def probe(self, change: SubscriptionChange, base_url: str) -> Probed:
        """What comes of asking a publisher."""
        subscription = Subscription(
            url=change.url or "",
            authentication=change.authentication or Authentication.NONE,
            user_name=_USER if change.user_name is None else change.user_name,
            password=change.password,
            thumbprint=change.thumbprint or None,
            certificate=change.certificate or None,
            source=_source(change.url or "", base_url),
        )
        return await self._probing.probe(subscription)

    async def _submit(self, transaction: Transaction, library: Library, user: str) -> Task:
        description = messages.SYNC_LIBRARY(name=library.name)
        target = Target("com.vmware.content.Library", library.id)
        return await self._join(transaction, Arguments(library.id), description, target, user)

    async def _join(
        self, transaction: Transaction, arguments: Arguments, description: Fault, target: Target, user: str
    ) -> Task:
        encoded = msgspec.json.encode(arguments).decode()
        for task in await transaction.tasks.of_target(target):
            if task.kind == KIND and task.ended is None and not task.canceling and task.arguments == encoded:
                if task.owner is None and task.due > self._clock.now():  # it waits for its next attempt, which is wanted now
                    task = replace(task, due=self._clock.now())
                    await transaction.tasks.put(task)
                return task
        new = NewTask(
            kind=KIND,
            service=_LIBRARY_SERVICE if arguments.item is None else _ITEM_SERVICE,
            operation="sync",
            description=description,
            user=user,
            arguments=encoded,
            target=target,
        )
        return await self._tasks.submit(transaction, new)

    async def _known(self, token: Token) -> bool:
        async with self._metadata.reading() as transaction:
            return await transaction.tokens.find(token) is not None

    async def _checked(self, field: str, now: Subscription | None, change: SubscriptionChange, base_url: str) -> Subscription:
        """The subscription after a change; its password is sealed."""
        if now is None:
            _check_complete(field, change)
            now = Subscription("")
        url = now.url if change.url in (None, without_password(now.url)) else change.url  # it is told without its password
        endpoint = SourceEndpoint(url, change.thumbprint or None, change.certificate or None)
        await self._check_endpoint(field, endpoint)
        changed = Subscription(
            url=url,
            authentication=_or(change.authentication, now.authentication),
            user_name=_or(change.user_name, now.user_name),
            password=now.password if change.password is None else change.password and self._sealing.seal(change.password),
            thumbprint=_pin(change.thumbprint, now.thumbprint),
            certificate=_pin(change.certificate, now.certificate),
            automatic_sync=_or(change.automatic_sync, now.automatic_sync),
            on_demand=_or(change.on_demand, now.on_demand),
            source=now.source if change.url is None else _source(url, base_url),
            invitation=now.invitation if url == now.url else None,
            known_as=now.known_as if url == now.url else None,
        )
        if changed.authentication is Authentication.NONE:
            return replace(changed, user_name=None, password=None)
        if not changed.password:
            raise Invalid(messages.REQUIRED_FOR_BASIC(field=f"{field}.password"))
        return replace(changed, user_name=_USER if changed.user_name is None else changed.user_name)

    async def _check_endpoint(self, field: str, endpoint: SourceEndpoint) -> None:
        if not endpoint.uri:
            raise Invalid(REQUIRED(field=f"{field}.subscription_url"))
        why = await self._check_source(endpoint.uri)
        if why is not None:
            raise Invalid(SOURCE_UNUSABLE(field=f"{field}.subscription_url", problem=why))
        await check_endpoint(field, endpoint, self._check_source)


def _source(url: str, base_url: str) -> str | None:
    """The library of this server that an address names, whether it is there or not."""
    own = base_url + PUBLISHED
    return url.removeprefix(own).partition("/")[0] or None if url.startswith(own) else None


async def drop_content(transaction: Transaction, item_id: str) -> None:
    """Makes an item one whose content is not here; sessions that serve it end with it."""
    item = await transaction.items.get(item_id)
    offer = await transaction.offers.get(item_id)
    if item is None or item.version_id is None or offer is None:
        return
    await transaction.items.put(replace(item, version_id=None, size=0))
    await transaction.versions.let_go(item.version_id)
    await transaction.offers.put(replace(offer, held=None))


async def _changeable(transaction: Transaction, library_id: str) -> Library:
    """The subscribed library, to change its content."""
    library = await find_library(transaction, library_id, SUBSCRIBED)
    check_changeable(library)
    return library


def _check_on_demand(library: Library) -> None:
    if library.subscription is None or not library.subscription.on_demand:
        raise NotOnDemand(messages.NOT_ON_DEMAND(library=library.id))


def _check_complete(field: str, change: SubscriptionChange) -> None:
    for name, value in (
        ("subscription_url", change.url),
        ("authentication_method", change.authentication),
        ("automatic_sync_enabled", change.automatic_sync),
        ("on_demand", change.on_demand),
    ):
        if value is None:
            raise Invalid(REQUIRED(field=f"{field}.{name}"))


def _asks_otherwise(before: Subscription | None, after: Subscription) -> bool:
    """Whether the publisher is another one, or is asked in another way."""
    return before is None or replace(after, automatic_sync=before.automatic_sync, on_demand=before.on_demand) != before


def _anew(library: Library, subscription: Subscription) -> Following | None:
    """A catalog that was taken over for another subscription is read again."""
    if library.following is None or library.subscription == subscription:
        return library.following
    return replace(library.following, seen=None)


def _or(value: Value | None, otherwise: Value) -> Value:
    return otherwise if value is None else value


def _pin(given: str | None, otherwise: str | None) -> str | None:
    return otherwise if given is None else given or None
