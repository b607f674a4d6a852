"""Declares messages about structures whose fields do not match their case, and about unknown services."""

from contentlib.messages import Message

_INVALID = "wire.invalid_value"
_SEE_PAGE = "The page of the operation lists the fields of each case."

FIELD_OF_OTHER_CASE = Message(_INVALID, "{field} cannot be set when {tag} is {case}", _SEE_PAGE)
FIELD_REQUIRED = Message(_INVALID, "{field} is required when {tag} is {case}", _SEE_PAGE)
WRONG_TYPE = Message(_INVALID, "{field} must be {expected}, not {given}", _SEE_PAGE)

_SEE_LIST = "List what exists and correct the identifier."

NO_SERVICE = Message("introspection.no_service", "service {service!r} does not exist", _SEE_LIST)
NO_OPERATION = Message("introspection.no_operation", "service {service} has no operation {operation!r}", _SEE_LIST)
NO_COMPONENT = Message("introspection.no_component", "component {component!r} does not exist", _SEE_LIST)
NO_PACKAGE = Message("introspection.no_package", "package {package!r} does not exist", _SEE_LIST)
NO_RESOURCE = Message("introspection.no_resource", "resource type {resource!r} does not exist", _SEE_LIST)
NO_STRUCTURE = Message("introspection.no_structure", "structure {structure!r} does not exist", _SEE_LIST)
NO_ENUMERATION = Message("introspection.no_enumeration", "enumeration {enumeration!r} does not exist", _SEE_LIST)
NO_COMMAND = Message("introspection.no_command", "command {command!r} does not exist", _SEE_LIST)
NO_NAMESPACE = Message("introspection.no_namespace", "namespace {namespace!r} does not exist", _SEE_LIST)
