"""Changes subscriptions, and selects the requests to their publishers."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.catalogs import Catalogs
from contentlib.library.errors import Invalid
from contentlib.library.following import messages
from contentlib.library.following.subscription_passwords import SubscriptionPasswords
from contentlib.library.messages import REQUIRED, SOURCE_UNUSABLE
from contentlib.library.model import Authentication, SourceEndpoint, Subscription
from contentlib.library.sessions.pulls import CheckSource, Probed, check_endpoint, without_password

_USER = "vcsp"
PUBLISHED = "/cls/vcsp/lib/"
Value = TypeVar("Value")


class SubscriptionChange(msgspec.Struct, frozen=True):
    """A caller's changes of a subscription. None means unchanged. Empty pins are removed."""

    url: str | None = None
    authentication: Authentication | None = None
    user_name: str | None = None
    password: str | None = None
    thumbprint: str | None = None
    certificate: str | None = None
    automatic_sync: bool | None = None
    on_demand: bool | None = None


class Probing(Protocol):
    """Probes publishers."""

    async def probe(self, subscription: Subscription) -> Probed:
        """Probes the publisher."""


class Subscriptions:
    """Validates subscriptions and requests publishers. `check_source` decides which URLs may be requested."""

    def __init__(
        self, catalogs: Catalogs, probing: Probing, passwords: SubscriptionPasswords, check_source: CheckSource
    ) -> None:
        self._catalogs = catalogs
        self._probing = probing
        self.passwords = passwords
        self._check_source = check_source

    async def read(self, library_id: str, subscription: Subscription) -> None:
        """Reads the catalog of a library's publisher, which proves that there is one."""
        await self._catalogs.read(self.passwords.open(library_id, subscription))

    async def checked(
        self, field: str, library_id: str, now: Subscription | None, change: SubscriptionChange, base_url: str
    ) -> Subscription:
        """The subscription of a library after a change; its password is encrypted."""
        if now is None:
            _check_complete(field, change)
            now = Subscription("")
        url = now.url if change.url in (None, without_password(now.url)) else change.url  # clients see it without its password
        endpoint = SourceEndpoint(url, change.thumbprint or None, change.certificate or None)
        await self._check_endpoint(field, endpoint)
        changed = Subscription(
            url=url,
            authentication=_or(change.authentication, now.authentication),
            user_name=_or(change.user_name, now.user_name),
            password=self._password(library_id, now, change),
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

    def _password(self, library_id: str, now: Subscription, change: SubscriptionChange) -> str | None:
        if not change.password:
            return now.password if change.password is None else change.password
        return self.passwords.seal(library_id, change.password)

    async def probe(self, change: SubscriptionChange, base_url: str) -> Probed:
        """Probes a publisher."""
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

    async def _check_endpoint(self, field: str, endpoint: SourceEndpoint) -> None:
        if not endpoint.uri:
            raise Invalid(REQUIRED(field=f"{field}.subscription_url"))
        why = await self._check_source(endpoint.uri)
        if why is not None:
            raise Invalid(SOURCE_UNUSABLE(field=f"{field}.subscription_url", problem=why))
        await check_endpoint(field, endpoint, self._check_source)


def _check_complete(field: str, change: SubscriptionChange) -> None:
    for name, value in (
        ("subscription_url", change.url),
        ("authentication_method", change.authentication),
        ("automatic_sync_enabled", change.automatic_sync),
        ("on_demand", change.on_demand),
    ):
        if value is None:
            raise Invalid(REQUIRED(field=f"{field}.{name}"))


def _source(url: str, base_url: str) -> str | None:
    """The library of this server that an address names, whether it is there or not."""
    own = base_url + PUBLISHED
    return url.removeprefix(own).partition("/")[0] or None if url.startswith(own) else None


def _or(value: Value | None, otherwise: Value) -> Value:
    return otherwise if value is None else value


def _pin(given: str | None, otherwise: str | None) -> str | None:
    return otherwise if given is None else given or None
