"""Generates JSON schemas of declared types and errors for the OpenAPI document.

A schema describes what the server accepts and no more: a URI is any text, a set can contain duplicates, unknown fields are
allowed.
"""

from __future__ import annotations

import inspect
from typing import Any

from contentlib.vapi.errors import Unauthenticated, VapiError
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import ENUMERATION_NAMES, Field, Type, fields_of, holds_map
from contentlib.wire.walk import part

Schema = dict[str, Any]

_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_PLAIN: dict[str, Schema] = {
    "string": {"type": "string"},
    "id": {"type": "string", "x-vapi-type": "id"},
    "uri": {"type": "string", "x-vapi-type": "uri"},
    "secret": {"type": "string", "format": "password"},
    "integer": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
    "double": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "binary": {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    "any": {},
}
_MESSAGES = Type("list", of=Type("structure", python=LocalizableMessage))
_STRING: Schema = {"type": "string"}


class Schemas:
    """Generates the schemas of one form and collects the components that they refer to.

    `/rest` writes maps as lists of entries: a structure that can occur in a map has a separate component there.
    """

    def __init__(self, components: dict[str, Schema], *, rest: bool) -> None:
        self._components = components
        self._rest = rest

    def of(self, declared: Type) -> Schema:
        """The schema of a type."""
        match declared.kind:
            case "optional":
                return {"anyOf": [self.of(part(declared.of)), {"type": "null"}]}
            case "list":
                return {"type": "array", "items": self.of(part(declared.of))}
            case "set":
                return {"type": "array", "items": self.of(part(declared.of)), "x-vapi-type": "set"}
            case "map":
                return self._map(part(declared.key), part(declared.of))
            case "enumeration":
                return self._enumeration(declared.python)
            case "structure":
                return self._structure(declared.python)
        return _PLAIN[declared.kind]

    def members(self, fields: tuple[Field, ...]) -> Schema:
        """The schema of an object whose members are parameters or fields."""
        schema: Schema = {"type": "object", "properties": {field.name: self.of(field.type) for field in fields}}
        required = [field.name for field in fields if field.required]
        return schema | ({"required": required} if required else {})

    def error(self, error: type[VapiError]) -> Schema:
        """The schema of an error's body."""
        value = {"error_type": {"const": error.name.upper()}, "messages": self.of(_MESSAGES)}
        if error is Unauthenticated:
            value["challenge"] = _STRING
        schema: Schema = {"type": "object", "properties": value, "required": ["error_type", "messages"]}
        if self._rest:
            wrapped = {"type": {"const": _canonical(error)}, "value": schema}
            schema = {"type": "object", "properties": wrapped, "required": ["type", "value"]}
        return self._component(self._prefix + _canonical(error), schema | _described(error))

    def component(self, name: str, schema: Schema) -> Schema:
        """A reference to a schema that is kept under a name of this form."""
        return self._component(self._prefix + name, schema)

    @property
    def _prefix(self) -> str:
        return "rest." if self._rest else ""

    def _map(self, key: Type, of: Type) -> Schema:
        if self._rest:
            entry = self.members((Field("key", key), Field("value", of)))
            return {"type": "array", "items": entry, "x-vapi-type": "map"}
        return {"type": "object", "additionalProperties": self.of(of), "propertyNames": self.of(key)}

    def _enumeration(self, python: Any) -> Schema:
        schema = {"type": "string", "enum": [value.value for value in python]} | _described(python)
        return self._component(ENUMERATION_NAMES[python], schema)

    def _structure(self, python: Any) -> Schema:
        name = python.vapi_name
        if self._rest and holds_map(python):
            name = self._prefix + name
        if name not in self._components:
            self._components[name] = {}  # a structure may hold itself
            self._components[name] = self.members(fields_of(python)) | _described(python)
        return _reference(name)

    def _component(self, name: str, schema: Schema) -> Schema:
        self._components[name] = schema
        return _reference(name)


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _canonical(error: type[VapiError]) -> str:
    return f"com.vmware.vapi.std.errors.{error.name}"


def _described(python: type) -> Schema:
    text = inspect.getdoc(python)
    return {"description": text} if text else {}
