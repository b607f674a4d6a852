"""Defines subscriptions of subscribed libraries, and subscribers of published libraries."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.errors import Fault


class Authentication(enum.StrEnum):
    """How a subscriber shows who it is."""

    BASIC = "BASIC"
    NONE = "NONE"


class Subscription(msgspec.Struct, frozen=True):
    """What a subscribed library is subscribed to, and how its publisher is asked; the publisher's certificate may be pinned.

    `source` is the library's identifier where it is one of this server, which needs no password of a library that it has
    invited: `invitation` is its own subscription. An existing library that the publisher has a subscription of is let in like
    any other; that subscription is `known_as`. The password is kept sealed.
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
    """How far a subscribed library is behind its publisher; times in milliseconds since 1970 UTC.

    `catalog` is the publisher's name for its library. `seen` is set when all of that catalog was taken over, `synced` is when
    that was last known to be so, `tried` when it was last asked; the `fault` is that of the last sync, if it failed.
    """

    catalog: str | None = None
    seen: Seen | None = None
    synced: int | None = None
    tried: int | None = None
    fault: Fault | None = None


class Placement(msgspec.Struct, frozen=True):
    """Where the virtual machines of templates are to be, by identifiers of the vCenter that has them."""

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
