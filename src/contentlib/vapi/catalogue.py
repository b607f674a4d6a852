"""Lists the declared services and operations by service, package and component."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from contentlib.vapi import messages
from contentlib.vapi.declare import Operation, Service, operations_of
from contentlib.vapi.errors import NotFound


class Catalogue:
    """The operations of services."""

    def __init__(self, services: Iterable[type[Service]]) -> None:
        services = list(services)
        self._documentation = {each.vapi_id: inspect.cleandoc(each.__doc__ or "") for each in services}
        self._services = {each.vapi_id: {found.name: found for found in operations_of(each)} for each in services}

    def privileged(self) -> list[str]:
        """The identifiers of the services with an operation that needs a privilege, in alphabetical order."""
        return sorted(name for name, found in self._services.items() if any(each.privileges for each in found.values()))

    def all(self) -> list[str]:
        """The identifiers of all services, in alphabetical order."""
        return sorted(self._services)

    @property
    def services(self) -> set[str]:
        """The identifiers of all services."""
        return set(self._services)

    def operations(self, service: str) -> Mapping[str, Operation]:
        """Returns the operations of a service by identifier. Raises NotFound for an unknown service."""
        found = self._services.get(service)
        if found is None:
            raise NotFound(messages.NO_SERVICE(service=service))
        return found

    def documentation(self, service: str) -> str:
        """What a service is; empty for an unknown one."""
        return self._documentation.get(service, "")

    def operation(self, service: str, name: str) -> Operation:
        """Returns an operation. Raises NotFound if the service or the operation does not exist."""
        found = self.operations(service).get(name)
        if found is None:
            raise NotFound(messages.NO_OPERATION(service=service, operation=name))
        return found

    @cached_property
    def resources(self) -> Mapping[str, set[str]]:
        """The types of resources that operations work on, each with the structures that `get` operations return about one."""
        found: dict[str, set[str]] = {}
        for operation in (each for operations in self._services.values() for each in operations.values()):
            for kind in _resources_of(operation):
                models = found.setdefault(kind, set())
                if operation.name == "get" and operation.output.kind == "structure":
                    models.add(str(operation.output))
        return found

    @cached_property
    def checksum(self) -> str:
        """Changes when a declaration does."""
        lines = (
            f"{operation.id}({', '.join(f'{each.name}: {each.type}' for each in operation.parameters)}) -> {operation.output}"
            for operations in self._services.values()
            for operation in operations.values()
        )
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


class ServiceGroups:
    """Some services of a catalogue, by package and component."""

    def __init__(self, catalogue: Catalogue, services: Sequence[str]) -> None:
        self._catalogue = catalogue
        self.services = services

    def packages(self, component: str | None = None) -> list[str]:
        """The packages of the services, of one component or of all, in alphabetical order."""
        return sorted({package_of(each) for each in self.services if component in (None, component_of(each))})

    def components(self) -> list[str]:
        """The components of the services, in alphabetical order."""
        return sorted({component_of(each) for each in self.services})

    def of_component(self, component: str) -> list[str]:
        """Returns the packages of a component. Raises NotFound if no service is in it."""
        if component not in self.components():
            raise NotFound(messages.NO_COMPONENT(component=component))
        return self.packages(component)

    def of_package(self, package: str) -> Sequence[tuple[str, Mapping[str, Operation]]]:
        """Returns the services of a package with their operations. Raises NotFound if no service is in it."""
        found = [(each, self._catalogue.operations(each)) for each in self.services if package_of(each) == package]
        if not found:
            raise NotFound(messages.NO_PACKAGE(package=package))
        return found


def _resources_of(operation: Operation) -> set[str]:
    """The types of resources that an operation's privileges are asked on. Names without a package are not of the contract."""
    named = (*operation.privileges, *operation.also, *(() if operation.about is None else (operation.about,)))
    return {each.resource for each in named if each.resource is not None and "." in each.resource}


def package_of(service: str) -> str:
    """The package of a service: its name without the last part."""
    return service.rpartition(".")[0]


def component_of(service: str) -> str:
    """The component of a service: the first parts of its name, of VMware's services three."""
    parts = service.split(".")
    return ".".join(parts[: 3 if parts[0] == "com" else 1])
