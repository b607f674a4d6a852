"""The subscriptions of a published library as callers see them."""

from __future__ import annotations

from typing import ClassVar

from contentlib.structures.library import StorageBacking
from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.content.library.subscriptions"


@enumeration(f"{PREFIX}.location")
class Location(Enumeration):
    """Whether the subscribed library is on this server, or on another vCenter."""

    LOCAL = "LOCAL"
    REMOTE = "REMOTE"


@enumeration(f"{PREFIX}.create_spec_subscribed_library.target")
class Target(Enumeration):
    """Whether a subscribed library is made for the subscription, or one that is there is used."""

    CREATE_NEW = "CREATE_NEW"
    USE_EXISTING = "USE_EXISTING"


class Placement(Structure):
    """Where the virtual machines of templates are to be; kept, and of no use to a server without them."""

    cluster: Id | None = None
    folder: Id | None = None
    host: Id | None = None
    network: Id | None = None
    resource_pool: Id | None = None


class CreateSpecPlacement(Placement):
    """Where the virtual machines of templates are to be; kept, and of no use to a server without them."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_placement"


class UpdateSpecPlacement(Placement):
    """Where the virtual machines of templates are to be; it takes the place of all that was said before."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec_placement"


class PlacementInfo(Placement):
    """Where the virtual machines of templates are to be."""

    vapi_name: ClassVar[str] = f"{PREFIX}.placement_info"


class CreateSpecNewSubscribedLibrary(Structure):
    """The subscribed library that is to be made."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_new_subscribed_library"
    automatic_sync_enabled: bool
    name: str
    on_demand: bool
    storage_backings: list[StorageBacking]
    description: str | None = None


class CreateSpecVcenter(Structure):
    """The vCenter of a REMOTE subscribed library; its port is 443 where none is given."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_vcenter"
    hostname: str
    https_port: Integer | None = None


class CreateSpecSubscribedLibrary(Structure):
    """The library at the other end: `new_subscribed_library` for CREATE_NEW, `subscribed_library` for USE_EXISTING."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec_subscribed_library"
    unions = (
        TaggedUnion("target", {"CREATE_NEW": {"new_subscribed_library": True}, "USE_EXISTING": {"subscribed_library": True}}),
        TaggedUnion("location", {"LOCAL": {}, "REMOTE": {"vcenter": True}}),
    )
    location: Location
    target: Target
    new_subscribed_library: CreateSpecNewSubscribedLibrary | None = None
    placement: CreateSpecPlacement | None = None
    subscribed_library: Id | None = None
    vcenter: CreateSpecVcenter | None = None


class CreateSpec(Structure):
    """A subscription that is to be made."""

    vapi_name: ClassVar[str] = f"{PREFIX}.create_spec"
    subscribed_library: CreateSpecSubscribedLibrary


class UpdateSpecVcenter(Structure):
    """What is to change of the vCenter of a REMOTE subscribed library."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec_vcenter"
    hostname: str | None = None
    https_port: Integer | None = None


class UpdateSpec(Structure):
    """What is to change of a subscription."""

    vapi_name: ClassVar[str] = f"{PREFIX}.update_spec"
    subscribed_library_placement: UpdateSpecPlacement | None = None
    subscribed_library_vcenter: UpdateSpecVcenter | None = None


class VcenterInfo(Structure):
    """The vCenter of a REMOTE subscribed library; `server_guid` is empty, because it is not asked for it."""

    vapi_name: ClassVar[str] = f"{PREFIX}.vcenter_info"
    hostname: str
    server_guid: str
    https_port: Integer | None = None


class Summary(Structure):
    """A subscription in short; the name of a REMOTE subscribed library is not known here, and is its identifier."""

    vapi_name: ClassVar[str] = f"{PREFIX}.summary"
    subscribed_library: Id
    subscribed_library_name: str
    subscription: Id
    subscribed_library_vcenter_hostname: str | None = None


class Info(Structure):
    """A subscription; the name of a REMOTE subscribed library is not known here, and is its identifier."""

    vapi_name: ClassVar[str] = f"{PREFIX}.info"
    unions = (TaggedUnion("subscribed_library_location", {"LOCAL": {}, "REMOTE": {"subscribed_library_vcenter": True}}),)
    subscribed_library: Id
    subscribed_library_location: Location
    subscribed_library_name: str
    subscribed_library_placement: PlacementInfo
    subscribed_library_vcenter: VcenterInfo | None = None
