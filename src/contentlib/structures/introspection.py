"""Defines the structures that describe declared types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from contentlib.vapi.errors import Unauthenticated, VapiError
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Enumeration, Field, Structure, Type, enumeration, fields_of, type_of
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.vapi.std.introspection"
_NAME = f"{PREFIX}.operation.data_definition"


@enumeration(f"{_NAME}.data_type")
class DataType(Enumeration):
    """What a value is on the wire; a STRUCTURE_REF names a structure that the definition is inside of."""

    ANY_ERROR = "ANY_ERROR"
    BINARY = "BINARY"
    BOOLEAN = "BOOLEAN"
    DOUBLE = "DOUBLE"
    DYNAMIC_STRUCTURE = "DYNAMIC_STRUCTURE"
    ERROR = "ERROR"
    LIST = "LIST"
    LONG = "LONG"
    OPAQUE = "OPAQUE"
    OPTIONAL = "OPTIONAL"
    SECRET = "SECRET"  # noqa: S105 - the name of a type
    STRING = "STRING"
    STRUCTURE = "STRUCTURE"
    STRUCTURE_REF = "STRUCTURE_REF"
    VOID = "VOID"


_NAMED = {"name": True, "fields": True}


class DataDefinition(Structure):
    """A type; identifiers, addresses, dates and enumerations are STRING, sets and maps are LIST."""

    vapi_name: ClassVar[str] = _NAME
    unions = (
        TaggedUnion(
            "type",
            {
                **{each.value: {} for each in DataType},
                "ERROR": _NAMED,
                "LIST": {"element_definition": True},
                "OPTIONAL": {"element_definition": True},
                "STRUCTURE": _NAMED,
                "STRUCTURE_REF": {"name": True},
            },
        ),
    )
    type: DataType
    element_definition: DataDefinition | None = None
    name: str | None = None
    fields: dict[str, DataDefinition] | None = None


_SCALARS = {
    "any": DataType.OPAQUE,
    "binary": DataType.BINARY,
    "boolean": DataType.BOOLEAN,
    "datetime": DataType.STRING,
    "double": DataType.DOUBLE,
    "enumeration": DataType.STRING,
    "id": DataType.STRING,
    "integer": DataType.LONG,
    "secret": DataType.SECRET,
    "string": DataType.STRING,
    "uri": DataType.STRING,
    "void": DataType.VOID,
}
_STRING = DataDefinition(type=DataType.STRING)
_MESSAGES = type_of(list[LocalizableMessage])


def definition_of(declared: Type | None, inside: tuple[str, ...] = ()) -> DataDefinition:
    """The definition of a type that stands inside of structures of these names."""
    if declared is None:
        return DataDefinition(type=DataType.VOID)
    match declared.kind:
        case "optional":
            return DataDefinition(type=DataType.OPTIONAL, element_definition=definition_of(declared.of, inside))
        case "list" | "set":
            return DataDefinition(type=DataType.LIST, element_definition=definition_of(declared.of, inside))
        case "map":
            entry = {"key": definition_of(declared.key, inside), "value": definition_of(declared.of, inside)}
            made = DataDefinition(type=DataType.STRUCTURE, name="map-entry", fields=entry)
            return DataDefinition(type=DataType.LIST, element_definition=made)
        case "structure":
            return _structure(str(declared.python.vapi_name), fields_of(declared.python), inside)
    return DataDefinition(type=_SCALARS[declared.kind])


def input_of(parameters: Iterable[Field]) -> DataDefinition:
    """The definition of what an operation takes."""
    return _structure("operation-input", parameters, ())


def _structure(name: str, fields: Iterable[Field], inside: tuple[str, ...]) -> DataDefinition:
    if name in inside:
        return DataDefinition(type=DataType.STRUCTURE_REF, name=name)
    found = {field.name: definition_of(field.type, (*inside, name)) for field in fields}
    return DataDefinition(type=DataType.STRUCTURE, name=name, fields=found)


def error_of(error: type[VapiError]) -> DataDefinition:
    """The definition of an error."""
    fields = {
        "messages": definition_of(_MESSAGES),
        "data": _optional(DataDefinition(type=DataType.DYNAMIC_STRUCTURE)),
        "error_type": _optional(_STRING),
    }
    if error is Unauthenticated:
        fields["challenge"] = _optional(_STRING)
    return DataDefinition(type=DataType.ERROR, name=f"com.vmware.vapi.std.errors.{error.name}", fields=fields)


def _optional(inner: DataDefinition) -> DataDefinition:
    return DataDefinition(type=DataType.OPTIONAL, element_definition=inner)
