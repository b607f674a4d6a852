"""Defines the structures of subscriptions."""

from __future__ import annotations

from typing import ClassVar

from contentlib.structures.library import StorageBacking
from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.content.library.subscriptions"


@enumeration(f"{PREFIX}.location")
class Location(Enumeration):
    """Location of the subscribed library: this server or another vCenter."""

    LOCAL = "LOCAL"
    REMOTE = "REMOTE"


@enumeration(f"{PREFIX}.create_spec_subscribed_library.target")
class SubscriptionTarget(Enumeration):
    """Whether to create a subscribed library for the subscription or use an existing one."""

    CREATE_NEW = "CREATE_NEW"
    USE_EXISTING = "USE_EXISTING"


class Placement(Structure):
    """Placement of virtual machine templates. Stored, but without effect on this server."""

    cluster: Id | None = None
    folder: Id | None = None
    host: Id | None = None
    network: Id | None = None
    resource_pool: Id | None = None


class CreateSpecPlacement(Placement):
    """Placement of virtual machine templates. Stored, but without effect on this server."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_placement"


class UpdateSpecPlacement(Placement):
    """Placement of virtual machine templates. Replaces the previous placement as a whole."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec_placement"


class PlacementInfo(Placement):
    """Placement of virtual machine templates."""

    vapi_name: ClassVar[str] = f"{PREFIX}.placement_info"


class CreateSpecNewSubscribedLibrary(Structure):
    """The subscribed library to create."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_new_subscribed_library"
    automatic_sync_enabled: bool
    name: str
    on_demand: bool
    storage_backings: list[StorageBacking]
    description: str | None = None


class CreateSpecVcenter(Structure):
    """The vCenter of a REMOTE subscribed library. The default port is 443."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_vcenter"
    hostname: str
    https_port: Integer | None = None


class CreateSpecSubscribedLibrary(Structure):
    """The subscribed library: `new_subscribed_library` for CREATE_NEW, `subscribed_library` for USE_EXISTING."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_subscribed_library"
    unions = (
        TaggedUnion("target", {"CREATE_NEW": {"new_subscribed_library": True}, "USE_EXISTING": {"subscribed_library": True}}),
        TaggedUnion("location", {"LOCAL": {}, "REMOTE": {"vcenter": True}}),
    )
    location: Location
    target: SubscriptionTarget
    new_subscribed_library: CreateSpecNewSubscribedLibrary | None = None
    placement: CreateSpecPlacement | None = None
    subscribed_library: Id | None = None
    vcenter: CreateSpecVcenter | None = None


class CreateSpec(Structure):
    """A subscription to create."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec"
    subscribed_library: CreateSpecSubscribedLibrary


class UpdateSpecVcenter(Structure):
    """Changes to the vCenter of a REMOTE subscribed library."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec_vcenter"
    hostname: str | None = None
    https_port: Integer | None = None


class UpdateSpec(Structure):
    """Changes to a subscription."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec"
    subscribed_library_placement: UpdateSpecPlacement | None = None
    subscribed_library_vcenter: UpdateSpecVcenter | None = None


class VcenterInfo(Structure):
    """The vCenter of a REMOTE subscribed library. `server_guid` is empty, because the vCenter is not contacted."""

    vapi_name: ClassVar[str] = f"{PREFIX}.vcenter_info"
    hostname: str
    server_guid: str
    https_port: Integer | None = None


class Summary(Structure):
    """Summary of a subscription. For a REMOTE subscribed library the name is its identifier, because its name is unknown."""

    vapi_name: ClassVar[str] = f"{PREFIX}.summary"
    subscribed_library: Id
    subscribed_library_name: str
    subscription: Id
    subscribed_library_vcenter_hostname: str | None = None


class Info(Structure):
    """A subscription. For a REMOTE subscribed library the name is its identifier, because its name is unknown."""

    vapi_name: ClassVar[str] = f"{PREFIX}.info"
    unions = (TaggedUnion("subscribed_library_location", {"LOCAL": {}, "REMOTE": {"subscribed_library_vcenter": True}}),)
    subscribed_library: Id
    subscribed_library_location: Location
    subscribed_library_name: str
    subscribed_library_placement: PlacementInfo
    subscribed_library_vcenter: VcenterInfo | None = None
