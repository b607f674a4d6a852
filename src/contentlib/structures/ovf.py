"""Defines the structures that describe OVF packages and their deployment."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Anything, Enumeration, Integer, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.vcenter.ovf"


@enumeration(f"{PREFIX}.disk_provisioning_type")
class DiskProvisioningType(Enumeration):
    """How the space of disks is taken."""

    eagerZeroedThick = "eagerZeroedThick"  # noqa: N815 - upstream's value
    thick = "thick"
    thin = "thin"


@enumeration(f"{PREFIX}.ovf_message.category")
class MessageCategory(Enumeration):
    """What a message about a deployment is about."""

    INPUT = "INPUT"
    SERVER = "SERVER"
    VALIDATION = "VALIDATION"


@enumeration(f"{PREFIX}.parse_issue.category")
class ParseIssueCategory(Enumeration):
    """What is wrong with a descriptor."""

    ATTRIBUTE_ILLEGAL = "ATTRIBUTE_ILLEGAL"
    ATTRIBUTE_REQUIRED = "ATTRIBUTE_REQUIRED"
    ELEMENT_ILLEGAL = "ELEMENT_ILLEGAL"
    ELEMENT_REQUIRED = "ELEMENT_REQUIRED"
    ELEMENT_UNKNOWN = "ELEMENT_UNKNOWN"
    EXPORT_ERROR = "EXPORT_ERROR"
    GENERATE_ERROR = "GENERATE_ERROR"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    PARSE_ERROR = "PARSE_ERROR"
    SECTION_RESTRICTION = "SECTION_RESTRICTION"
    SECTION_UNKNOWN = "SECTION_UNKNOWN"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    VALUE_ILLEGAL = "VALUE_ILLEGAL"


@enumeration(f"{PREFIX}.ip_allocation_params.ip_allocation_scheme")
class IpAllocationScheme(Enumeration):
    """How the software in a machine learns its IP address."""

    DHCP = "DHCP"
    OVF_ENVIRONMENT = "OVF_ENVIRONMENT"


@enumeration(f"{PREFIX}.ip_allocation_params.ip_allocation_policy")
class IpAllocationPolicy(Enumeration):
    """Where a deployment takes IP addresses from."""

    DHCP = "DHCP"
    STATIC_IPPOOL = "STATIC_IPPOOL"
    STATIC_MANUAL = "STATIC_MANUAL"
    TRANSIENT_IPPOOL = "TRANSIENT_IPPOOL"


@enumeration(f"{PREFIX}.ip_allocation_params.ip_protocol")
class IpProtocol(Enumeration):
    """A version of the Internet protocol."""

    IPV4 = "IPV4"
    IPV6 = "IPV6"


_BY_CATEGORY = TaggedUnion(
    "category",
    {
        "INPUT": {"name": True, "value": True, "message": True},
        "SERVER": {"error": True},
        "VALIDATION": {"issues": True},
    },
)


class ParseIssue(Structure):
    """What is wrong with a descriptor, and where."""

    vapi_name: ClassVar[str] = f"{PREFIX}.parse_issue"
    category: ParseIssueCategory
    file: str
    line_number: Integer
    column_number: Integer
    message: LocalizableMessage


class OvfError(Structure):
    """Why a deployment failed."""

    vapi_name: ClassVar[str] = f"{PREFIX}.ovf_error"
    unions = (_BY_CATEGORY,)
    category: MessageCategory
    issues: list[ParseIssue] | None = None
    name: str | None = None
    value: str | None = None
    message: LocalizableMessage | None = None
    error: Anything | None = None


class OvfWarning(Structure):
    """What was doubtful about a deployment."""

    vapi_name: ClassVar[str] = f"{PREFIX}.ovf_warning"
    unions = (_BY_CATEGORY,)
    category: MessageCategory
    issues: list[ParseIssue] | None = None
    name: str | None = None
    value: str | None = None
    message: LocalizableMessage | None = None
    error: Anything | None = None


class OvfInfo(Structure):
    """What else there was to say of a deployment."""

    vapi_name: ClassVar[str] = f"{PREFIX}.ovf_info"
    messages: list[LocalizableMessage]


class TagNameSpec(Structure):
    """A tag by its name and its category's."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_name_spec"
    tag_name: str
    category_name: str


class TagSpec(Structure):
    """A tag that a new machine gets."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_spec"
    tag_id: str | None = None
    tag_name_spec: TagNameSpec | None = None


class TagParams(Structure):
    """The tags that a new machine gets."""

    vapi_name: ClassVar[str] = f"{PREFIX}.tag_params"
    tags: list[TagSpec] | None = None
    type: str | None = None


# parameters of a deployment; on the wire their class stands in `@class`, as vSphere writes values of any structure


class DeploymentOption(Structure):
    """A configuration that a deployment can choose."""

    vapi_name: ClassVar[str] = f"{PREFIX}.deployment_option"
    key: str | None = None
    label: str | None = None
    description: str | None = None
    default_choice: bool | None = None


class DeploymentOptionParams(Structure, tag_field="@class", tag=f"{PREFIX}.deployment_option_params"):
    """The configurations that a deployment can choose."""

    vapi_name: ClassVar[str] = f"{PREFIX}.deployment_option_params"
    deployment_options: list[DeploymentOption] | None = None
    selected_key: str | None = None
    type: str | None = None


class ExtraConfig(Structure):
    """A setting of a virtual machine that is VMware's own."""

    vapi_name: ClassVar[str] = f"{PREFIX}.extra_config"
    key: str | None = None
    value: str | None = None
    virtual_system_id: str | None = None


class ExtraConfigParams(Structure, tag_field="@class", tag=f"{PREFIX}.extra_config_params"):
    """Settings of virtual machines that are VMware's own."""

    vapi_name: ClassVar[str] = f"{PREFIX}.extra_config_params"
    extra_configs: list[ExtraConfig] | None = None
    exclude_keys: list[str] | None = None
    include_keys: list[str] | None = None
    type: str | None = None


class IpAllocationParams(Structure, tag_field="@class", tag=f"{PREFIX}.ip_allocation_params"):
    """How a package can be given IP addresses."""

    vapi_name: ClassVar[str] = f"{PREFIX}.ip_allocation_params"
    supported_allocation_scheme: list[IpAllocationScheme] | None = None
    supported_ip_allocation_policy: list[IpAllocationPolicy] | None = None
    ip_allocation_policy: IpAllocationPolicy | None = None
    supported_ip_protocol: list[IpProtocol] | None = None
    ip_protocol: IpProtocol | None = None
    type: str | None = None


class Property(Structure):
    """A property of a package; `category` is set on the first one of a category."""

    vapi_name: ClassVar[str] = f"{PREFIX}.property"
    class_id: str | None = None
    id: str | None = None
    instance_id: str | None = None
    category: str | None = None
    ui_optional: bool | None = None
    label: str | None = None
    description: str | None = None
    type: str | None = None
    value: str | None = None


class PropertyParams(Structure, tag_field="@class", tag=f"{PREFIX}.property_params"):
    """The properties of a package."""

    vapi_name: ClassVar[str] = f"{PREFIX}.property_params"
    properties: list[Property] | None = None
    type: str | None = None


class SizeParams(Structure, tag_field="@class", tag=f"{PREFIX}.size_params"):
    """How many bytes a deployment takes, by the descriptor; unset where it does not tell."""

    vapi_name: ClassVar[str] = f"{PREFIX}.size_params"
    approximate_download_size: Integer | None = None
    approximate_flat_deployment_size: Integer | None = None
    approximate_sparse_deployment_size: Integer | None = None
    variable_disk_size: bool | None = None
    type: str | None = None


class UnknownSection(Structure):
    """A section of the descriptor that a deployment leaves out."""

    vapi_name: ClassVar[str] = f"{PREFIX}.unknown_section"
    tag: str
    info: str


class UnknownSectionParams(Structure, tag_field="@class", tag=f"{PREFIX}.unknown_section_params"):
    """The sections of the descriptor that a deployment leaves out."""

    vapi_name: ClassVar[str] = f"{PREFIX}.unknown_section_params"
    unknown_sections: list[UnknownSection] | None = None
    type: str | None = None
