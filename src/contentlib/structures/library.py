"""Defines the structures of libraries."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import DateTime, Enumeration, Id, Secret, Structure, Uri, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.content.library"


@enumeration(f"{PREFIX}_model.library_type")
class LibraryType(Enumeration):
    """Type of a library: local or subscribed."""

    LOCAL = "LOCAL"
    SUBSCRIBED = "SUBSCRIBED"


@enumeration(f"{PREFIX}.storage_backing.type")
class StorageBackingType(Enumeration):
    """Type of a storage backing: identified by `datastore_id` or by `storage_uri`."""

    DATASTORE = "DATASTORE"
    OTHER = "OTHER"


@enumeration(f"{PREFIX}.publish_info.authentication_method")
class PublishAuthenticationMethod(Enumeration):
    """How subscribers authenticate to a published library."""

    BASIC = "BASIC"
    NONE = "NONE"


@enumeration(f"{PREFIX}.subscription_info.authentication_method")
class SubscriptionAuthenticationMethod(Enumeration):
    """How a subscribed library authenticates to its publisher."""

    BASIC = "BASIC"
    NONE = "NONE"


@enumeration(f"{PREFIX}.state_info.state")
class LibraryState(Enumeration):
    """State of a library. In MAINTENANCE, its content is being moved and cannot be changed."""

    ACTIVE = "ACTIVE"
    MAINTENANCE = "MAINTENANCE"


class ConfigurationInfo(Structure):
    """Configuration of a library."""

    vapi_name: ClassVar[str] = f"{PREFIX}.configuration_info"
    apply_library_usage_to_items: bool | None = None


class OptimizationInfo(Structure):
    """Optimizations of a library."""

    vapi_name: ClassVar[str] = f"{PREFIX}.optimization_info"
    optimize_remote_publishing: bool | None = None


class PublishInfo(Structure):
    """How a local library is published. Passwords are accepted but never returned."""

    vapi_name: ClassVar[str] = f"{PREFIX}.publish_info"
    authentication_method: PublishAuthenticationMethod | None = None
    current_password: Secret | None = None
    password: Secret | None = None
    persist_json_enabled: bool | None = None
    publish_url: Uri | None = None
    published: bool | None = None
    user_name: str | None = None


class SourceInfo(Structure):
    """The library on the same server that a library follows."""

    vapi_name: ClassVar[str] = f"{PREFIX}.source_info"
    source_library: Id | None = None
    subscription: Id | None = None


class StateInfo(Structure):
    """State of a library, with a message."""

    vapi_name: ClassVar[str] = f"{PREFIX}.state_info"
    message: str | None = None
    state: LibraryState | None = None


class StorageBacking(Structure):
    """Where the files of a library are stored. The default `type` is DATASTORE."""

    vapi_name: ClassVar[str] = f"{PREFIX}.storage_backing"
    unions = (
        TaggedUnion("type", {"DATASTORE": {"datastore_id": False}, "OTHER": {"storage_uri": False}}, default="DATASTORE"),
    )
    datastore_id: Id | None = None
    storage_uri: Uri | None = None
    type: StorageBackingType | None = None


class SubscriptionInfo(Structure):
    """The publisher that a subscribed library follows, and the options for synchronization."""

    vapi_name: ClassVar[str] = f"{PREFIX}.subscription_info"
    authentication_method: SubscriptionAuthenticationMethod | None = None
    automatic_sync_enabled: bool | None = None
    on_demand: bool | None = None
    password: Secret | None = None
    source_info: SourceInfo | None = None
    ssl_certificate: str | None = None
    ssl_thumbprint: str | None = None
    subscription_url: Uri | None = None
    user_name: str | None = None


class LibraryModel(Structure):
    """A library.

    Clients can change `name`, `description`, `publish_info`, `subscription_info`, `configuration_info` and the security policy;
    an update ignores other fields. A given `version` must be the current one. Times are in UTC.
    """

    vapi_name: ClassVar[str] = f"{PREFIX}_model"
    configuration_info: ConfigurationInfo | None = None
    creation_time: DateTime | None = None
    description: str | None = None
    id: Id | None = None
    last_modified_time: DateTime | None = None
    last_sync_time: DateTime | None = None
    name: str | None = None
    optimization_info: OptimizationInfo | None = None
    publish_info: PublishInfo | None = None
    security_policy_id: Id | None = None
    server_guid: Id | None = None
    state_info: StateInfo | None = None
    storage_backings: list[StorageBacking] | None = None
    subscription_info: SubscriptionInfo | None = None
    type: LibraryType | None = None
    unset_security_policy_id: bool | None = None
    version: str | None = None
