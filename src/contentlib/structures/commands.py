"""Describes the operations of a catalogue as commands: a service is a namespace, and an operation a command in it.

The names are those that vSphere's own command-line client has: `com vmware content locallibrary create --name images`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from contentlib.structures.cli_metadata import (
    CommandIdentity,
    CommandInfo,
    FormatterType,
    NamespaceIdentity,
    NamespaceInfo,
    OptionInfo,
    OptionUse,
    OutputFieldInfo,
    OutputInfo,
)
from contentlib.vapi import messages
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Operation
from contentlib.vapi.declared_types import DeclaredTypes
from contentlib.vapi.errors import NotFound
from contentlib.vapi.types import Field, Type, fields_of


class Commands:
    """The commands of a catalogue, by namespace."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._services = {_path(each): each for each in catalogue.all()}
        self._namespaces = sorted({each for path in self._services for each in _with_parents(path)})

    @property
    def fingerprint(self) -> str:
        """Changes when a declaration does."""
        return self._catalogue.checksum

    def namespaces(self) -> list[NamespaceIdentity]:
        """All namespaces."""
        return [_identity(each) for each in self._namespaces]

    def namespace(self, wanted: NamespaceIdentity) -> NamespaceInfo:
        """Describes a namespace. Raises NotFound."""
        path = f"{wanted.path}.{wanted.name}" if wanted.path else wanted.name
        self._check(path)
        children = [_identity(each) for each in self._namespaces if each.rpartition(".")[0] == path]
        description = self._catalogue.documentation(self._services.get(path, ""))
        return NamespaceInfo(identity=_identity(path), description=description, children=children)

    def identities(self, path: str | None) -> list[CommandIdentity]:
        """The commands in a namespace, or all. Raises NotFound for an unknown namespace."""
        if path is not None:
            self._check(path)
        found = (each for each in self._services if path in (None, each))
        return [CommandIdentity(path=each, name=name) for each in found for name in self._operations(each)]

    def command(self, wanted: CommandIdentity) -> CommandInfo:
        """Describes a command. Raises NotFound."""
        found = self._operations(wanted.path).get(wanted.name)
        if found is None:
            raise NotFound(messages.NO_COMMAND(command=f"{wanted.path} {wanted.name}"))
        shown = DeclaredTypes()
        shown.add_type(found.output)
        return CommandInfo(
            identity=wanted,
            description=found.summary,
            service_id=found.service,
            operation_id=found.name,
            options=_options(found),
            output_field_list=[_output(name, fields_of(each)) for name, each in sorted(shown.structures.items())],
            formatter=FormatterType.TABLE if _is_list_of_structures(found.output) else FormatterType.SIMPLE,
        )

    def _operations(self, path: str) -> dict[str, Operation]:
        service = self._services.get(path)
        operations = {} if service is None else self._catalogue.operations(service)
        return {_hyphened(name): each for name, each in sorted(operations.items())}

    def _check(self, path: str) -> None:
        if path not in self._namespaces:
            raise NotFound(messages.NO_NAMESPACE(namespace=path))


def _path(service: str) -> str:
    return service.replace("_", "")


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _identity(path: str) -> NamespaceIdentity:
    parent, _, name = path.rpartition(".")
    return NamespaceIdentity(path=parent, name=name)


def _hyphened(name: str) -> str:
    return name.replace("_", "-")


def _options(operation: Operation) -> list[OptionInfo]:
    """An option for each value. One that another field has the name of is named by its whole path."""
    leaves = list(_leaves(operation.parameters, "", optional=False, inside=()))
    often = Counter(path.rpartition(".")[2] for path, _, _ in leaves)
    return [_option(path, declared, optional, alone=often[path.rpartition(".")[2]] == 1) for path, declared, optional in leaves]


def _leaves(
    fields: Iterable[Field], before: str, *, optional: bool, inside: tuple[object, ...]
) -> Iterator[tuple[str, Type, bool]]:
    """Path and type of each value, and whether it or what it is in may be left out; a structure in itself is a value."""
    for field in fields:
        path, left_out = before + field.name, optional or not field.required
        declared = field.type.of or field.type if field.type.kind == "optional" else field.type
        if declared.kind == "structure" and declared.python not in inside:
            inner = fields_of(declared.python)
            yield from _leaves(inner, f"{path}.", optional=left_out, inside=(*inside, declared.python))
        else:
            yield path, declared, left_out


def _option(path: str, declared: Type, optional: bool, *, alone: bool) -> OptionInfo:
    listed = declared.kind in ("list", "set")
    use = (OptionUse.NONE, OptionUse.LIST, OptionUse.OPTIONAL, OptionUse.OPTIONAL_LIST)[2 * optional + listed]
    name = path.rpartition(".")[2] if alone else path.replace(".", "-")
    kind = declared.of if listed and declared.of is not None else declared
    return OptionInfo(long_option=_hyphened(name), field_name=path, description="", type=str(kind), generic=use)


def _output(name: str, fields: Iterable[Field]) -> OutputInfo:
    shown = [OutputFieldInfo(field_name=each.name, display_name=each.name) for each in fields]
    return OutputInfo(structure_id=name, output_fields=shown)


def _is_list_of_structures(output: Type) -> bool:
    return output.kind in ("list", "set") and output.of is not None and output.of.kind == "structure"
