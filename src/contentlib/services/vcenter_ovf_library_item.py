"""Implements com.vmware.vcenter.ovf.library_item: the options of a deployment. Deployments are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from contentlib.library.catalog.ovf_templates import OvfTemplates
from contentlib.library.packages.deployment import Addressing, Deployment
from contentlib.structures import ovf
from contentlib.structures.ovf import DiskProvisioningType, OvfError, OvfInfo, OvfWarning, TagParams
from contentlib.structures.privileges import LIBRARY, READ, on_item
from contentlib.vapi.declare import About, Privilege, Route, Service, operation
from contentlib.vapi.errors import (
    InvalidArgument,
    NotAllowedInCurrentState,
    NotFound,
    ResourceBusy,
    ResourceInaccessible,
    Unauthorized,
    Unsupported,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Anything, Enumeration, Id, Structure, Typed, enumeration, type_of
from contentlib.vapi.unions import TaggedUnion

_PREFIX = f"{ovf.PREFIX}.library_item"
_PATH = "/api/vcenter/ovf/library-item"
_ITEM = f"{_PATH}/{{ovf_library_item_id}}"
_TOKEN = {"Client-Token": "client_token"}
_SCHEMES = {"dhcp": ovf.IpAllocationScheme.DHCP, "ovfenv": ovf.IpAllocationScheme.OVF_ENVIRONMENT}
_PROTOCOLS = {"ipv4": ovf.IpProtocol.IPV4, "ipv6": ovf.IpProtocol.IPV6}
_POLICIES = {
    ovf.IpAllocationScheme.DHCP: [ovf.IpAllocationPolicy.DHCP],
    ovf.IpAllocationScheme.OVF_ENVIRONMENT: [
        ovf.IpAllocationPolicy.STATIC_MANUAL,
        ovf.IpAllocationPolicy.STATIC_IPPOOL,
        ovf.IpAllocationPolicy.TRANSIENT_IPPOOL,
    ],
}


@enumeration(f"{_PREFIX}.vm_config_spec_provider")
class VmConfigSpecProvider(Enumeration):
    """How the configuration of a machine is given."""

    XML = "XML"


@enumeration(f"{_PREFIX}.storage_group_mapping.type")
class StorageGroupType(Enumeration):
    """What a storage group is mapped to."""

    DATASTORE = "DATASTORE"
    STORAGE_PROFILE = "STORAGE_PROFILE"


class DeployableIdentity(Structure):
    """A virtual machine or virtual appliance."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.deployable_identity"
    type: str
    id: Id


class VmConfigSpec(Structure):
    """The configuration of a machine."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.vm_config_spec"
    unions = (TaggedUnion("provider", {"XML": {"xml": True}}),)
    provider: VmConfigSpecProvider
    xml: str | None = None


class StorageGroupMapping(Structure):
    """Where the disks of a storage group go."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.storage_group_mapping"
    unions = (TaggedUnion("type", {"DATASTORE": {"datastore_id": True}, "STORAGE_PROFILE": {"storage_profile_id": True}}),)
    type: StorageGroupType
    datastore_id: Id | None = None
    storage_profile_id: Id | None = None
    provisioning: DiskProvisioningType | None = None


class ResourcePoolDeploymentSpec(Structure):
    """How a package is deployed. The field `additional_parameters` is ignored, because deployments are refused."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.resource_pool_deployment_spec"
    accept_all_EULA: bool  # noqa: N815 - upstream's name
    name: str | None = None
    annotation: str | None = None
    network_mappings: dict[str, Id] | None = None
    subnet_mappings: dict[str, Id] | None = None
    storage_mappings: dict[str, StorageGroupMapping] | None = None
    storage_provisioning: DiskProvisioningType | None = None
    storage_profile_id: Id | None = None
    locale: str | None = None
    flags: list[str] | None = None
    default_datastore_id: Id | None = None
    vm_config_spec: VmConfigSpec | None = None
    tag_params: TagParams | None = None


class DeploymentTarget(Structure):
    """Destination of a deployment; it is ignored, because deployments are refused."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.deployment_target"
    resource_pool_id: Id
    host_id: Id | None = None
    folder_id: Id | None = None


class ResultInfo(Structure):
    """Errors, warnings and information about a deployment."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.result_info"
    errors: list[OvfError]
    warnings: list[OvfWarning]
    information: list[OvfInfo]


class DeploymentResult(Structure):
    """Result of a deployment."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.deployment_result"
    succeeded: bool
    resource_id: DeployableIdentity | None = None
    error: ResultInfo | None = None


class CreateTarget(Structure):
    """The library for a new item, or the item that gets new content."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_target"
    library_id: Id | None = None
    library_item_id: Id | None = None


class CreateSpec(Structure):
    """Properties of an item to create from a virtual machine."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_spec"
    name: str | None = None
    description: str | None = None
    flags: list[str] | None = None
    library_item_source_id: Id | None = None


class CreateResult(Structure):
    """Result of creating an item from a virtual machine."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_result"
    succeeded: bool
    ovf_library_item_id: Id | None = None
    error: ResultInfo | None = None


class OvfSummary(Structure):
    """Options of the deployment of a package, from its descriptor.

    The `additional_params` are structures of `com.vmware.vcenter.ovf`: the package's deployment options, properties, extra
    configuration, IP allocation, sizes and unknown sections.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.ovf_summary"
    EULAs: list[str]
    name: str | None = None
    annotation: str | None = None
    networks: list[str] | None = None
    storage_groups: list[str] | None = None
    additional_params: list[Anything] | None = None


class OvfLibraryItemService(Service):
    """Options of the deployment of OVF packages.

    This server has no hosts and no virtual machines: deployments fail, and so does creating an item from a virtual machine.
    """

    vapi_id = _PREFIX

    def __init__(self, templates: OvfTemplates) -> None:
        self._templates = templates

    @operation(
        Route("POST", _ITEM, {"action": "filter"}),
        errors=(InvalidArgument, NotFound, ResourceInaccessible),
        privileges=(READ, on_item("System.Read", "ovf_library_item_id")),
    )
    async def filter(self, call: Call, ovf_library_item_id: Id, target: DeploymentTarget) -> OvfSummary:
        """Returns the options of the deployment of an item, from its descriptor. The target is ignored."""
        found = await self._templates.read(ovf_library_item_id)
        return OvfSummary(
            name=found.name,
            annotation=found.annotation,
            EULAs=[*found.eulas],
            networks=[*found.networks] or None,
            storage_groups=[*found.storage_groups] or None,
            additional_params=[Typed(type_of(type(each)), each) for each in _parameters(found)],
        )

    @operation(
        Route("POST", _ITEM, {"action": "deploy"}, headers=_TOKEN),
        errors=(InvalidArgument, NotFound, ResourceInaccessible, Unauthorized),
        beside=(Unsupported,),
        privileges=(READ, on_item("System.Read", "ovf_library_item_id")),
    )
    async def deploy(
        self,
        call: Call,
        client_token: str | None,
        ovf_library_item_id: Id,
        target: DeploymentTarget,
        deployment_spec: ResourcePoolDeploymentSpec,
    ) -> DeploymentResult:
        """Fails with unsupported, because this server has no hosts."""
        await self._templates.refuse_deployment(ovf_library_item_id)
        return DeploymentResult(succeeded=False)

    @operation(
        Route("POST", _PATH, headers=_TOKEN, status=201),
        errors=(InvalidArgument, NotFound, NotAllowedInCurrentState, ResourceInaccessible, ResourceBusy),
        beside=(Unsupported,),
        privileges=(READ, Privilege("ContentLibrary.AddLibraryItem")),
        about=About(LIBRARY, "target.library_id"),
    )
    async def create(
        self, call: Call, client_token: str | None, source: DeployableIdentity, target: CreateTarget, create_spec: CreateSpec
    ) -> CreateResult:
        """Fails with unsupported, because this server has no virtual machines."""
        self._templates.refuse_capture(source.type, source.id)
        return CreateResult(succeeded=False)


def _parameters(found: Deployment) -> Iterator[Structure]:
    if found.choices:
        yield _options(found)
    if found.properties:
        yield ovf.PropertyParams(properties=[*_properties(found)], type="PropertyParams")
    if found.addressing is not None:
        yield _allocation(found.addressing)
    yield _sizes(found)
    if found.settings:
        settings = [ovf.ExtraConfig(key=each.key, value=each.value, virtual_system_id=each.system) for each in found.settings]
        yield ovf.ExtraConfigParams(extra_configs=settings, type="ExtraConfigParams")
    if found.others:
        sections = [ovf.UnknownSection(tag=each.tag, info=each.info) for each in found.others]
        yield ovf.UnknownSectionParams(unknown_sections=sections, type="UnknownSectionParams")


def _options(found: Deployment) -> ovf.DeploymentOptionParams:
    options = [
        ovf.DeploymentOption(key=each.id, label=each.label, description=each.description, default_choice=each.default or None)
        for each in found.choices
    ]
    selected = next((each.id for each in found.choices if each.default), None)
    return ovf.DeploymentOptionParams(deployment_options=options, selected_key=selected, type="DeploymentOptionParams")


def _properties(found: Deployment) -> Iterator[ovf.Property]:
    for each in found.properties:
        yield ovf.Property(
            class_id=each.product,
            id=each.key,
            instance_id=each.instance,
            category=each.category,
            ui_optional=each.optional,
            label=each.label,
            description=each.description,
            type=each.type,
            value=each.value,
        )


def _allocation(found: Addressing) -> ovf.IpAllocationParams:
    """What the package supports; the first policy and protocol are the chosen ones."""
    schemes = [_SCHEMES[each.lower()] for each in found.schemes if each.lower() in _SCHEMES]
    protocols = [_PROTOCOLS[each.lower()] for each in found.protocols if each.lower() in _PROTOCOLS]
    policies = [policy for scheme in schemes for policy in _POLICIES[scheme]]
    return ovf.IpAllocationParams(
        supported_allocation_scheme=schemes,
        supported_ip_allocation_policy=policies,
        ip_allocation_policy=policies[0] if policies else None,
        supported_ip_protocol=protocols,
        ip_protocol=protocols[0] if protocols else None,
        type="IpAllocationParams",
    )


def _sizes(found: Deployment) -> ovf.SizeParams:
    return ovf.SizeParams(
        approximate_download_size=found.sizes.download,
        approximate_flat_deployment_size=found.sizes.full,
        approximate_sparse_deployment_size=found.sizes.sparse,
        variable_disk_size=found.sizes.variable,
        type="SizeParams",
    )
