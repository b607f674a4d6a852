"""Defines libraries: storage backings, publishing and usages."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.model.subscriptions import Authentication, Following, Subscription


class LibraryType(enum.StrEnum):
    """Source of a library's content."""

    LOCAL = "LOCAL"
    SUBSCRIBED = "SUBSCRIBED"


class BackingType(enum.StrEnum):
    """How a storage backing is identified."""

    DATASTORE = "DATASTORE"
    OTHER = "OTHER"


class Backing(msgspec.Struct, frozen=True):
    """A storage backing as the client set it."""

    type: BackingType
    datastore_id: str | None = None
    storage_uri: str | None = None


class Publishing(msgspec.Struct, frozen=True):
    """How a local library is published. The password is only stored as a hash."""

    published: bool = False
    authentication: Authentication = Authentication.NONE
    user_name: str | None = None
    password_hash: str | None = None
    persist_json: bool = False


class Retention(msgspec.Struct, frozen=True):
    """Which content versions of an item are kept: the last `versions`, each for `seconds` after it was replaced.

    None means no limit. The current version is always kept.
    """

    versions: int | None = None
    seconds: int | None = None


class Maintenance(msgspec.Struct, frozen=True):
    """Why the content of a library cannot be changed, and the task, if any, that ends this."""

    reason: str
    task: str | None = None


class Library(msgspec.Struct, frozen=True):
    """A library; times in milliseconds since 1970 UTC. Without a `retention` of its own it has the server's.

    `version` counts the changes of its properties, `revision` all changes that a subscriber sees, those of items too. While it
    is in `maintenance`, its content is not changed; `unmoved` is why some of it is on another storage.
    """

    id: str
    name: str
    folded_name: str
    description: str
    type: LibraryType
    backings: tuple[Backing, ...]
    storage: str
    created: int
    modified: int
    version: int
    publishing: Publishing = Publishing()
    optimize_remote_publishing: bool = False
    apply_usage_to_items: bool | None = None
    security_policy: str | None = None
    revision: int = 1
    subscription: Subscription | None = None
    following: Following | None = None
    retention: Retention | None = None
    maintenance: Maintenance | None = None
    unmoved: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """A declaration to use a library; `urn` identifies the user of the library."""

    id: str
    library: str
    urn: str
    created: int
