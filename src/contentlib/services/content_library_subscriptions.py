"""Implements com.vmware.content.library.subscriptions: the subscriptions of a published library."""

from __future__ import annotations

import builtins

import msgspec
from msgspec.structs import replace

from contentlib.access.gate import AccessGate
from contentlib.access.scopes import LIBRARY
from contentlib.library import model
from contentlib.library.catalog.libraries import NewLibrary
from contentlib.library.following.subscribers import NamedSubscriber, NewSubscriber, SubscriberChange, Subscribers
from contentlib.library.following.subscriptions import SubscriptionChange
from contentlib.library.idempotence import check_token
from contentlib.library.model import Need
from contentlib.structures.conversions import backing
from contentlib.structures.errors import PUBLISHING
from contentlib.structures.privileges import on_library
from contentlib.structures.subscribers import (
    CreateSpec,
    CreateSpecNewSubscribedLibrary,
    Info,
    Location,
    Placement,
    PlacementInfo,
    SubscriptionTarget,
    Summary,
    UpdateSpec,
    VcenterInfo,
)
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, ResourceInaccessible
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/content/library/{library}/subscriptions"
_SUBSCRIPTION = f"{_PATH}/{{subscription}}"


class SubscriptionsService(Service):
    """The subscriptions of a published library that are registered with its publisher."""

    vapi_id = "com.vmware.content.library.subscriptions"

    def __init__(self, subscribers: Subscribers, gate: AccessGate) -> None:
        self._subscribers = subscribers
        self._gate = gate

    @operation(
        Route("POST", _PATH, body="spec", headers={"Client-Token": "client_token"}, status=201),
        errors=(AlreadyExists, InvalidArgument, ResourceInaccessible, *PUBLISHING),
        privileges=(on_library("ContentLibrary.AddSubscription", "library"),),
    )
    async def create(self, call: Call, client_token: str | None, library: Id, spec: CreateSpec) -> Id:
        """Adds a subscription and returns its identifier. Creates a subscribed library on this server if none is given."""
        token = check_token(call.user, f"{self.vapi_id}.create", client_token)
        await self._check_subscribed(call, spec)
        return await self._subscribers.create(library, _new(spec), token, call.user, call.base_url)

    async def _check_subscribed(self, call: Call, spec: CreateSpec) -> None:
        """What is to happen to the library at the other end needs its own privilege, where that is on this server."""
        wanted = spec.subscribed_library
        if wanted.location is Location.LOCAL and wanted.target is SubscriptionTarget.CREATE_NEW:
            await self._gate.demand(call, Need("ContentLibrary.CreateSubscribedLibrary"), "a new subscribed library")
        elif wanted.location is Location.LOCAL and wanted.subscribed_library is not None:
            need = Need("ContentLibrary.UpdateSubscribedLibrary", LIBRARY, wanted.subscribed_library)
            await self._gate.demand(call, need, "a subscription of it")

    @operation(
        Route("GET", _SUBSCRIPTION),
        errors=(InvalidArgument, *PUBLISHING),
        privileges=(on_library("System.Read", "library"),),
    )
    async def get(self, call: Call, library: Id, subscription: Id) -> Info:
        """Returns a subscription. The name of a library that the caller may not read is its identifier."""
        (seen,) = await self._seen(call, [await self._subscribers.get(library, subscription)])
        return _info(seen)

    @operation(Route("GET", _PATH), errors=PUBLISHING, privileges=(on_library("System.Read", "library"),))
    async def list(self, call: Call, library: Id) -> builtins.list[Summary]:
        """Lists the subscriptions of a library, in order of creation.

        The name of a library that the caller may not read is its identifier.
        """
        return [_summary(told) for told in await self._seen(call, await self._subscribers.all(library))]

    async def _seen(self, call: Call, told: builtins.list[NamedSubscriber]) -> builtins.list[NamedSubscriber]:
        """The identifier stands for the name of a library that the caller may not read."""
        seen = await self._gate.visible(call, LIBRARY, [each.subscriber.subscribed for each in told])
        return [each if each.subscriber.subscribed in seen else replace(each, name=each.subscriber.subscribed) for each in told]

    @operation(
        Route("PATCH", _SUBSCRIPTION, body="spec", status=204),
        errors=(InvalidArgument, ResourceInaccessible, *PUBLISHING),
        privileges=(on_library("ContentLibrary.UpdateSubscription", "library"),),
    )
    async def update(self, call: Call, library: Id, spec: UpdateSpec, subscription: Id) -> None:
        """Changes the given properties. A placement replaces the previous one as a whole."""
        vcenter, placement = spec.subscribed_library_vcenter, spec.subscribed_library_placement
        change = SubscriberChange(
            hostname=None if vcenter is None else vcenter.hostname,
            https_port=None if vcenter is None else vcenter.https_port,
            placement=None if placement is None else _placement(placement),
        )
        await self._subscribers.update(library, subscription, change)

    @operation(
        Route("DELETE", _SUBSCRIPTION, status=204),
        errors=PUBLISHING,
        privileges=(on_library("ContentLibrary.DeleteSubscription", "library"),),
    )
    async def delete(self, call: Call, library: Id, subscription: Id) -> None:
        """Removes a subscription. The subscribed library is kept, but needs a password from then on."""
        await self._subscribers.delete(library, subscription)


def _new(spec: CreateSpec) -> NewSubscriber:
    wanted = spec.subscribed_library
    new, vcenter = wanted.new_subscribed_library, wanted.vcenter
    return NewSubscriber(
        new=None if new is None else _new_library(new),
        wanted=None if new is None else SubscriptionChange(automatic_sync=new.automatic_sync_enabled, on_demand=new.on_demand),
        create_new=wanted.target is SubscriptionTarget.CREATE_NEW,
        existing=wanted.subscribed_library,
        remote=wanted.location is Location.REMOTE,
        vcenter=None if vcenter is None else model.Vcenter(vcenter.hostname, vcenter.https_port),
        placement=model.Placement() if wanted.placement is None else _placement(wanted.placement),
    )


def _new_library(new: CreateSpecNewSubscribedLibrary) -> NewLibrary:
    return NewLibrary(new.name, new.description, tuple(backing(each) for each in new.storage_backings))


def _placement(placement: Placement) -> model.Placement:
    return model.Placement(**{name: getattr(placement, name) for name in model.Placement.__struct_fields__})


def _summary(told: NamedSubscriber) -> Summary:
    subscriber = told.subscriber
    return Summary(
        subscribed_library=subscriber.subscribed,
        subscribed_library_name=told.name,
        subscription=subscriber.id,
        subscribed_library_vcenter_hostname=None if subscriber.vcenter is None else subscriber.vcenter.hostname,
    )


def _info(told: NamedSubscriber) -> Info:
    subscriber, vcenter = told.subscriber, told.subscriber.vcenter
    return Info(
        subscribed_library=subscriber.subscribed,
        subscribed_library_location=Location.LOCAL if vcenter is None else Location.REMOTE,
        subscribed_library_name=told.name,
        subscribed_library_placement=PlacementInfo(**msgspec.structs.asdict(subscriber.placement)),
        subscribed_library_vcenter=_vcenter(vcenter),
    )


def _vcenter(vcenter: model.Vcenter | None) -> VcenterInfo | None:
    if vcenter is None:
        return None
    return VcenterInfo(hostname=vcenter.hostname, https_port=vcenter.https_port, server_guid="")
