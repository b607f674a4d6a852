"""Defines subscriptions of subscribed libraries, and subscribers of published libraries."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.errors import Fault


class Authentication(enum.StrEnum):
    """How a subscriber authenticates."""

    BASIC = "BASIC"
    NONE = "NONE"


class Subscription(msgspec.Struct, frozen=True):
    """What a subscribed library follows, and how its publisher is requested. The publisher's certificate can be pinned.

    `source` is the library's identifier if it is on this server. A library that it has invited needs no password: `invitation`
    is its subscription. An existing library with a subscription at the publisher needs one like any other; `known_as` is that
    subscription. The password is encrypted.
    """

    url: str
    authentication: Authentication = Authentication.NONE
    user_name: str | None = None
    password: str | None = None
    thumbprint: str | None = None
    certificate: str | None = None
    automatic_sync: bool = False
    on_demand: bool = False
    source: str | None = None
    invitation: str | None = None
    known_as: str | None = None


class Seen(msgspec.Struct, frozen=True):
    """Identifies a catalog that was read: the library's id and version, and the validators of its documents.

    If it is not `sure`, it is read again in any case: the version had increased but the list of `items` was the same, and may
    have been written later.
    """

    version: str = ""
    etag: str | None = None
    modified: str | None = None
    library: str = ""
    items: str = ""
    sure: bool = True


class Following(msgspec.Struct, frozen=True):
    """The state of a subscribed library relative to its publisher. Times are milliseconds since 1970 UTC.

    `catalog` is the publisher's name for its library. `seen` is set when a whole catalog has been applied, `synced` is when
    this was last confirmed, `tried` the time of the last request, and `fault` the error of the last sync, if it failed.
    """

    catalog: str | None = None
    seen: Seen | None = None
    synced: int | None = None
    tried: int | None = None
    fault: Fault | None = None


class Placement(msgspec.Struct, frozen=True):
    """Placement of virtual machine templates, by identifiers of their vCenter."""

    cluster: str | None = None
    folder: str | None = None
    host: str | None = None
    network: str | None = None
    resource_pool: str | None = None


class Vcenter(msgspec.Struct, frozen=True):
    """Another vCenter; its port is 443 where none is given."""

    hostname: str
    https_port: int | None = None


class Subscriber(msgspec.Struct, frozen=True):
    """A subscription of a published library, as its publisher knows it: whose it is, and on which vCenter if not here."""

    id: str
    library: str
    subscribed: str
    placement: Placement = Placement()
    vcenter: Vcenter | None = None


class SubscriberCredential(msgspec.Struct, frozen=True):
    """The credential of one subscriber of a published library. It expires at the time `expires`, unless that is None.

    The password is stored as a hash; the identifier is a part of it. The previous password is valid until `former_until`.
    """

    id: str
    library: str
    name: str
    folded_name: str
    hash: str
    created: int
    expires: int | None = None
    enabled: bool = True
    former_hash: str | None = None
    former_until: int | None = None


class SubscriberContact(msgspec.Struct, frozen=True):
    """What was read of a published library by a subscriber with a credential, or without one from an address.

    `told` is the last revision of the library that it was sent, `listed` that of the last list of items.
    """

    id: str
    library: str
    address: str
    first_seen: int
    last_seen: int
    credential: str | None = None
    told: int | None = None
    listed: int | None = None
    listed_at: int | None = None


class FetchedItem(msgspec.Struct, frozen=True):
    """The content version of an item of which a subscriber, by its contact, has last requested a file."""

    contact: str
    item: str
    version: int
    time: int
