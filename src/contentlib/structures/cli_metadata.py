"""Defines the structures that describe commands: namespaces, commands, their options and how results are shown."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import Enumeration, Id, Structure, enumeration

PREFIX = "com.vmware.vapi.metadata.cli"


@enumeration(f"{PREFIX}.command.formatter_type")
class FormatterType(Enumeration):
    """The ways to show a result."""

    SIMPLE = "SIMPLE"
    TABLE = "TABLE"
    JSON = "JSON"
    XML = "XML"
    CSV = "CSV"
    HTML = "HTML"


@enumeration(f"{PREFIX}.command.generic_type")
class OptionUse(Enumeration):
    """Whether an option is required, and whether it can be given several times."""

    NONE = "NONE"
    OPTIONAL = "OPTIONAL"
    LIST = "LIST"
    OPTIONAL_LIST = "OPTIONAL_LIST"
    LIST_OPTIONAL = "LIST_OPTIONAL"


class CommandIdentity(Structure):
    """A command, in the namespace at a path."""

    vapi_name: ClassVar[str] = f"{PREFIX}.command.identity"
    path: str
    name: str


class OptionInfo(Structure):
    """An option of a command. Fields of structures have options of their own."""

    vapi_name: ClassVar[str] = f"{PREFIX}.command.option_info"
    long_option: str
    field_name: str
    description: str
    type: str
    generic: OptionUse
    short_option: str | None = None


class OutputFieldInfo(Structure):
    """The name under which a field is shown."""

    vapi_name: ClassVar[str] = f"{PREFIX}.command.output_field_info"
    field_name: str
    display_name: str


class OutputInfo(Structure):
    """The fields of a structure that are shown, in their order."""

    vapi_name: ClassVar[str] = f"{PREFIX}.command.output_info"
    structure_id: Id
    output_fields: list[OutputFieldInfo]


class CommandInfo(Structure):
    """A command: the operation that it calls, and its options."""

    vapi_name: ClassVar[str] = f"{PREFIX}.command.info"
    identity: CommandIdentity
    description: str
    service_id: Id
    operation_id: Id
    options: list[OptionInfo]
    output_field_list: list[OutputInfo]
    formatter: FormatterType | None = None


class NamespaceIdentity(Structure):
    """A namespace, in the one at a path."""

    vapi_name: ClassVar[str] = f"{PREFIX}.namespace.identity"
    path: str
    name: str


class NamespaceInfo(Structure):
    """A namespace, and those in it."""

    vapi_name: ClassVar[str] = f"{PREFIX}.namespace.info"
    identity: NamespaceIdentity
    description: str
    children: list[NamespaceIdentity]
