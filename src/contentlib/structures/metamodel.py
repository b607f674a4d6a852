"""Defines the structures that describe declarations: components, packages, services, operations and types."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.vapi.metadata.metamodel"


@enumeration(f"{PREFIX}.type.category")
class TypeCategory(Enumeration):
    """Whether a type is built in, declared, or made of other types."""

    BUILTIN = "BUILTIN"
    USER_DEFINED = "USER_DEFINED"
    GENERIC = "GENERIC"


@enumeration(f"{PREFIX}.type.builtin_type")
class BuiltinType(Enumeration):
    """The built-in types."""

    VOID = "VOID"
    BOOLEAN = "BOOLEAN"
    LONG = "LONG"
    DOUBLE = "DOUBLE"
    STRING = "STRING"
    BINARY = "BINARY"
    SECRET = "SECRET"  # noqa: S105 - the name of a type
    DATE_TIME = "DATE_TIME"
    ID = "ID"
    URI = "URI"
    ANY_ERROR = "ANY_ERROR"
    DYNAMIC_STRUCTURE = "DYNAMIC_STRUCTURE"
    OPAQUE = "OPAQUE"


@enumeration(f"{PREFIX}.generic_instantiation.generic_type")
class GenericType(Enumeration):
    """The types that are made of others."""

    LIST = "LIST"
    MAP = "MAP"
    OPTIONAL = "OPTIONAL"
    SET = "SET"


class UserDefinedType(Structure):
    """A declared type: a structure or an enumeration, and its identifier."""

    vapi_name: ClassVar[str] = f"{PREFIX}.user_defined_type"
    resource_type: str
    resource_id: Id


class TypeDescription(Structure):
    """A type."""

    vapi_name: ClassVar[str] = f"{PREFIX}.type"
    unions = (
        TaggedUnion(
            "category",
            {
                "BUILTIN": {"builtin_type": True},
                "USER_DEFINED": {"user_defined_type": True},
                "GENERIC": {"generic_instantiation": True},
            },
        ),
    )
    category: TypeCategory
    builtin_type: BuiltinType | None = None
    user_defined_type: UserDefinedType | None = None
    generic_instantiation: GenericInstantiation | None = None


_OF_ELEMENTS = {"element_type": True}


class GenericInstantiation(Structure):
    """A type that is made of others, and those."""

    vapi_name: ClassVar[str] = f"{PREFIX}.generic_instantiation"
    unions = (
        TaggedUnion(
            "generic_type",
            {
                **dict.fromkeys(("LIST", "OPTIONAL", "SET"), _OF_ELEMENTS),
                "MAP": {"map_key_type": True, "map_value_type": True},
            },
        ),
    )
    generic_type: GenericType
    element_type: TypeDescription | None = None
    map_key_type: TypeDescription | None = None
    map_value_type: TypeDescription | None = None


@enumeration(f"{PREFIX}.element_value.type")
class ElementValueType(Enumeration):
    """The types of the values in metadata."""

    LONG = "LONG"
    STRING = "STRING"
    STRING_LIST = "STRING_LIST"
    STRUCTURE_REFERENCE = "STRUCTURE_REFERENCE"
    STRUCTURE_REFERENCE_LIST = "STRUCTURE_REFERENCE_LIST"


class ElementValue(Structure):
    """A value in metadata."""

    vapi_name: ClassVar[str] = f"{PREFIX}.element_value"
    unions = (
        TaggedUnion(
            "type",
            {
                "LONG": {"long_value": True},
                "STRING": {"string_value": True},
                "STRING_LIST": {"list_value": True},
                "STRUCTURE_REFERENCE": {"structure_id": True},
                "STRUCTURE_REFERENCE_LIST": {"structure_ids": True},
            },
        ),
    )
    type: ElementValueType
    long_value: Integer | None = None
    string_value: str | None = None
    list_value: list[str] | None = None
    structure_id: Id | None = None
    structure_ids: list[Id] | None = None


class ElementMap(Structure):
    """Metadata of one kind, by name."""

    vapi_name: ClassVar[str] = f"{PREFIX}.element_map"
    elements: dict[str, ElementValue]


class LifecycleInfo(Structure):
    """Whether something should not be used any more. It is never set here."""

    vapi_name: ClassVar[str] = "com.vmware.vapi.metadata.lifecycle_info"
    deprecated: bool


@enumeration(f"{PREFIX}.constant_value.category")
class ConstantCategory(Enumeration):
    """Whether a constant is one value or a list."""

    PRIMITIVE = "PRIMITIVE"
    LIST = "LIST"


@enumeration(f"{PREFIX}.primitive_value.type")
class PrimitiveType(Enumeration):
    """The types of constants."""

    BOOLEAN = "BOOLEAN"
    DOUBLE = "DOUBLE"
    LONG = "LONG"
    STRING = "STRING"


class PrimitiveValue(Structure):
    """The value of a constant."""

    vapi_name: ClassVar[str] = f"{PREFIX}.primitive_value"
    unions = (TaggedUnion("type", {each.value: {f"{each.value.lower()}_value": True} for each in PrimitiveType}),)
    type: PrimitiveType
    boolean_value: bool | None = None
    double_value: float | None = None
    long_value: Integer | None = None
    string_value: str | None = None


class ConstantValue(Structure):
    """The value or the values of a constant."""

    vapi_name: ClassVar[str] = f"{PREFIX}.constant_value"
    unions = (TaggedUnion("category", {"PRIMITIVE": {"primitive_value": True}, "LIST": {"list_value": True}}),)
    category: ConstantCategory
    primitive_value: PrimitiveValue | None = None
    list_value: list[PrimitiveValue] | None = None


class ConstantInfo(Structure):
    """A constant. There are none here."""

    vapi_name: ClassVar[str] = f"{PREFIX}.constant_info"
    type: TypeDescription
    value: ConstantValue
    documentation: str
    lifecycle: LifecycleInfo | None = None


class FieldInfo(Structure):
    """A field of a structure, or a parameter of an operation."""

    vapi_name: ClassVar[str] = f"{PREFIX}.field_info"
    name: str
    type: TypeDescription
    metadata: dict[str, ElementMap]
    documentation: str
    lifecycle: LifecycleInfo | None = None


class EnumerationValueInfo(Structure):
    """A value of an enumeration."""

    vapi_name: ClassVar[str] = f"{PREFIX}.enumeration_value_info"
    value: str
    metadata: dict[str, ElementMap]
    documentation: str
    lifecycle: LifecycleInfo | None = None


class EnumerationInfo(Structure):
    """An enumeration."""

    vapi_name: ClassVar[str] = f"{PREFIX}.enumeration_info"
    name: str
    values: list[EnumerationValueInfo]
    metadata: dict[str, ElementMap]
    documentation: str
    lifecycle: LifecycleInfo | None = None


@enumeration(f"{PREFIX}.structure_info.type")
class StructureType(Enumeration):
    """Whether a structure is an error."""

    STRUCTURE = "STRUCTURE"
    ERROR = "ERROR"


class StructureInfo(Structure):
    """A structure or an error."""

    vapi_name: ClassVar[str] = f"{PREFIX}.structure_info"
    name: str
    type: StructureType
    enumerations: dict[Id, EnumerationInfo]
    constants: dict[str, ConstantInfo]
    fields: list[FieldInfo]
    metadata: dict[str, ElementMap]
    documentation: str
    lifecycle: LifecycleInfo | None = None


class OperationResultInfo(Structure):
    """The result of an operation."""

    vapi_name: ClassVar[str] = f"{PREFIX}.operation_result_info"
    type: TypeDescription
    metadata: dict[str, ElementMap]
    documentation: str


class ErrorInfo(Structure):
    """An error that an operation can raise."""

    vapi_name: ClassVar[str] = f"{PREFIX}.error_info"
    structure_id: Id
    documentation: str
    lifecycle: LifecycleInfo | None = None


class OperationInfo(Structure):
    """An operation. Its metadata has its HTTP method, and with it the path below /api and the parameters that select it."""

    vapi_name: ClassVar[str] = f"{PREFIX}.operation_info"
    name: str
    params: list[FieldInfo]
    output: OperationResultInfo
    errors: list[ErrorInfo]
    metadata: dict[str, ElementMap]
    documentation: str
    lifecycle: LifecycleInfo | None = None


class ServiceInfo(Structure):
    """A service, with the types that are declared inside it."""

    vapi_name: ClassVar[str] = f"{PREFIX}.service_info"
    name: str
    operations: dict[Id, OperationInfo]
    structures: dict[Id, StructureInfo]
    enumerations: dict[Id, EnumerationInfo]
    constants: dict[str, ConstantInfo]
    metadata: dict[str, ElementMap]
    documentation: str
    lifecycle: LifecycleInfo | None = None


class PackageInfo(Structure):
    """A package, with its services and the types that several of them use."""

    vapi_name: ClassVar[str] = f"{PREFIX}.package_info"
    name: str
    structures: dict[Id, StructureInfo]
    enumerations: dict[Id, EnumerationInfo]
    services: dict[Id, ServiceInfo]
    metadata: dict[str, ElementMap]
    documentation: str


class ComponentInfo(Structure):
    """A component, with its packages."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_info"
    name: str
    packages: dict[Id, PackageInfo]
    metadata: dict[str, ElementMap]
    documentation: str


class ComponentData(Structure):
    """A component, and a fingerprint that changes with its declarations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_data"
    info: ComponentInfo
    fingerprint: str
