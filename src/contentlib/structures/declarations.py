"""Describes the declarations of a catalogue in the structures of the metamodel."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cached_property

from contentlib.structures.metamodel import (
    BuiltinType,
    ComponentInfo,
    ElementMap,
    ElementValue,
    ElementValueType,
    EnumerationInfo,
    EnumerationValueInfo,
    ErrorInfo,
    FieldInfo,
    GenericInstantiation,
    GenericType,
    OperationInfo,
    OperationResultInfo,
    PackageInfo,
    ServiceInfo,
    StructureInfo,
    StructureType,
    TypeCategory,
    TypeDescription,
    UserDefinedType,
)
from contentlib.vapi import messages
from contentlib.vapi.catalogue import Catalogue, component_of, package_of
from contentlib.vapi.declare import Operation, Route
from contentlib.vapi.declared_types import DeclaredTypes, types_of
from contentlib.vapi.errors import ERRORS, NotFound, Unauthenticated, VapiError
from contentlib.vapi.nesting import outer_names
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Field, Structure, Type, fields_of, type_of

_ERROR_TYPE = "com.vmware.vapi.std.errors.error.type"
_BUILTIN = {
    "any": BuiltinType.OPAQUE,
    "binary": BuiltinType.BINARY,
    "boolean": BuiltinType.BOOLEAN,
    "datetime": BuiltinType.DATE_TIME,
    "double": BuiltinType.DOUBLE,
    "id": BuiltinType.ID,
    "integer": BuiltinType.LONG,
    "secret": BuiltinType.SECRET,
    "string": BuiltinType.STRING,
    "uri": BuiltinType.URI,
    "void": BuiltinType.VOID,
}


class Metamodel:
    """The descriptions of all declarations of a catalogue.

    A type is described where its name says that it is declared: inside a structure or a service, or else in a package. Nothing
    is described before somebody asks, because few do.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._described: dict[str, ServiceInfo] = {}

    @cached_property
    def _types(self) -> DeclaredTypes:
        catalogue = self._catalogue
        return types_of(each for name in catalogue.all() for each in catalogue.operations(name).values())

    @cached_property
    def _outer(self) -> Mapping[str, str | None]:
        """What each type is declared inside."""
        error = package_of(_ERROR_TYPE)
        return {**outer_names(self._catalogue, self._types), _ERROR_TYPE: error if error in self._types.errors else None}

    @cached_property
    def enumerations(self) -> dict[str, EnumerationInfo]:
        """All enumerations by name, in alphabetical order."""
        found = {name: enumeration_info(name, each.__doc__, map(str, each)) for name, each in self._types.enumerations.items()}
        found[_ERROR_TYPE] = enumeration_info(_ERROR_TYPE, "The types of the standard errors.", map(str.upper, ERRORS))
        return dict(sorted(found.items()))

    @cached_property
    def structures(self) -> dict[str, StructureInfo]:
        """All structures and errors by name, in alphabetical order."""
        found = {name: structure_info(each, self._inside(name)) for name, each in self._types.structures.items()}
        found |= {name: error_info(name, each, self._inside(name)) for name, each in self._types.errors.items()}
        return dict(sorted(found.items()))

    @cached_property
    def packages(self) -> list[str]:
        """The packages of all services and types, in alphabetical order."""
        alone = (each for each in (*self.structures, *self.enumerations) if self._outer.get(each) is None)
        return sorted({package_of(each) for each in (*self.services, *alone)})

    @cached_property
    def components(self) -> list[str]:
        """The components of all packages, in alphabetical order."""
        return sorted({component_of(each) for each in self.packages})

    @property
    def fingerprint(self) -> str:
        """Changes when a declaration does."""
        return self._catalogue.checksum

    @property
    def services(self) -> list[str]:
        """The identifiers of all services."""
        return self._catalogue.all()

    def structure(self, name: str) -> StructureInfo:
        """Describes a structure or error. Raises NotFound."""
        if name not in self.structures:
            raise NotFound(messages.NO_STRUCTURE(structure=name))
        return self.structures[name]

    def enumeration(self, name: str) -> EnumerationInfo:
        """Describes an enumeration. Raises NotFound."""
        if name not in self.enumerations:
            raise NotFound(messages.NO_ENUMERATION(enumeration=name))
        return self.enumerations[name]

    def operation(self, service: str, name: str) -> OperationInfo:
        """Describes an operation. Raises NotFound."""
        return operation_info(self._catalogue.operation(service, name))

    def service(self, name: str) -> ServiceInfo:
        """Describes a service. Raises NotFound."""
        operations = self._catalogue.operations(name)
        if name not in self._described:
            self._described[name] = self._service(name, operations)
        return self._described[name]

    def _service(self, name: str, operations: Mapping[str, Operation]) -> ServiceInfo:
        return ServiceInfo(
            name=name,
            operations={each: operation_info(found) for each, found in sorted(operations.items())},
            structures=self._structures_inside(name),
            enumerations=self._inside(name),
            constants={},
            metadata={},
            documentation=self._catalogue.documentation(name),
        )

    def package(self, name: str) -> PackageInfo:
        """Describes a package. Raises NotFound."""
        if name not in self.packages:
            raise NotFound(messages.NO_PACKAGE(package=name))
        return PackageInfo(
            name=name,
            structures={each: self.structures[each] for each in self._in_package(name, self.structures)},
            enumerations={each: self.enumerations[each] for each in self._in_package(name, self.enumerations)},
            services={each: self.service(each) for each in self.services if package_of(each) == name},
            metadata={},
            documentation="",
        )

    def component(self, name: str) -> ComponentInfo:
        """Describes a component. Raises NotFound."""
        if name not in self.components:
            raise NotFound(messages.NO_COMPONENT(component=name))
        packages = [each for each in self.packages if component_of(each) == name]
        return ComponentInfo(name=name, packages={each: self.package(each) for each in packages}, metadata={}, documentation="")

    def _inside(self, name: str) -> dict[str, EnumerationInfo]:
        """The enumerations that are declared in a structure or service."""
        return {each: found for each, found in self.enumerations.items() if self._outer.get(each) == name}

    def _structures_inside(self, name: str) -> dict[str, StructureInfo]:
        return {each: found for each, found in self.structures.items() if self._outer.get(each) == name}

    def _in_package(self, name: str, found: Iterable[str]) -> list[str]:
        return [each for each in found if self._outer.get(each) is None and package_of(each) == name]


def described(declared: Type) -> TypeDescription:
    """Describes a type."""
    match declared.kind:
        case "list" | "set" | "optional" | "map":
            return TypeDescription(category=TypeCategory.GENERIC, generic_instantiation=_generic(declared))
        case "structure" | "enumeration":
            return _user_defined(declared.kind, str(declared))
    return TypeDescription(category=TypeCategory.BUILTIN, builtin_type=_BUILTIN[declared.kind])


def _generic(declared: Type) -> GenericInstantiation:
    kind, inner = GenericType(declared.kind.upper()), None if declared.of is None else described(declared.of)
    if declared.key is None:
        return GenericInstantiation(generic_type=kind, element_type=inner)
    return GenericInstantiation(generic_type=kind, map_key_type=described(declared.key), map_value_type=inner)


def _user_defined(kind: str, name: str) -> TypeDescription:
    found = UserDefinedType(resource_type=f"com.vmware.vapi.{kind}", resource_id=name)
    return TypeDescription(category=TypeCategory.USER_DEFINED, user_defined_type=found)


def field_info(field: Field) -> FieldInfo:
    """Describes a field or parameter."""
    return FieldInfo(name=field.name, type=described(field.type), metadata={}, documentation="")


def operation_info(operation: Operation) -> OperationInfo:
    """Describes an operation."""
    return OperationInfo(
        name=operation.name,
        params=[field_info(each) for each in operation.parameters],
        output=OperationResultInfo(type=described(operation.output), metadata={}, documentation=""),
        errors=[
            ErrorInfo(structure_id=f"com.vmware.vapi.std.errors.{each.name}", documentation=_documentation(each.__doc__))
            for each in (*operation.errors, *operation.beside)
        ],
        metadata={operation.api.method: _address(operation.api)},
        documentation=operation.summary,
    )


def _address(route: Route) -> ElementMap:
    elements = {"path": ElementValue(type=ElementValueType.STRING, string_value=route.path.removeprefix("/api"))}
    if route.dispatch:
        params = [name if value is None else f"{name}={value}" for name, value in route.dispatch.items()]
        elements["params"] = ElementValue(type=ElementValueType.STRING_LIST, list_value=params)
    return ElementMap(elements=elements)


def structure_info(structure: type[Structure], enumerations: dict[str, EnumerationInfo]) -> StructureInfo:
    """Describes a structure, with the enumerations that are declared inside it."""
    fields = [field_info(each) for each in fields_of(structure)]
    return _structure(structure.vapi_name, StructureType.STRUCTURE, fields, structure.__doc__, enumerations)


def error_info(name: str, error: type[VapiError], enumerations: dict[str, EnumerationInfo]) -> StructureInfo:
    """Describes an error, with the enumerations that are declared inside it."""
    text = Type("string")
    types = {"messages": type_of(list[LocalizableMessage]), "data": Type("optional", of=Type("any"))}
    types |= {"challenge": Type("optional", of=text)} if error is Unauthenticated else {}
    fields = [field_info(Field(each, declared)) for each, declared in types.items()]
    kind = GenericInstantiation(generic_type=GenericType.OPTIONAL, element_type=_user_defined("enumeration", _ERROR_TYPE))
    optional = TypeDescription(category=TypeCategory.GENERIC, generic_instantiation=kind)
    fields.insert(2, FieldInfo(name="error_type", type=optional, metadata={}, documentation=""))
    return _structure(name, StructureType.ERROR, fields, error.__doc__, enumerations)


def _structure(
    name: str, kind: StructureType, fields: list[FieldInfo], text: str | None, enumerations: dict[str, EnumerationInfo]
) -> StructureInfo:
    return StructureInfo(
        name=name,
        type=kind,
        enumerations=enumerations,
        constants={},
        fields=fields,
        metadata={},
        documentation=_documentation(text),
    )


def enumeration_info(name: str, text: str | None, values: Iterable[str]) -> EnumerationInfo:
    """Describes an enumeration."""
    found = [EnumerationValueInfo(value=each, metadata={}, documentation="") for each in values]
    return EnumerationInfo(name=name, values=found, metadata={}, documentation=_documentation(text))


def _documentation(text: str | None) -> str:
    return inspect.cleandoc(text or "")
