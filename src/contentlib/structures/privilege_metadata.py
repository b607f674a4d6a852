"""Defines the structures that describe the privileges of operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from contentlib.vapi.declare import Operation
from contentlib.vapi.types import Id, Structure

PREFIX = "com.vmware.vapi.metadata.privilege"


class PrivilegeInfo(Structure):
    """The privileges that an operation needs on the thing that a parameter, or a field of one, names."""

    vapi_name: ClassVar[str] = f"{PREFIX}.privilege_info"
    property_path: str
    privileges: list[str]


class OperationInfo(Structure):
    """The privileges that an operation needs on everything, and on things that its parameters name."""

    vapi_name: ClassVar[str] = f"{PREFIX}.operation_info"
    privileges: list[str]
    privilege_info: list[PrivilegeInfo]


class ServiceInfo(Structure):
    """The privileges of a service's operations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.service_info"
    operations: dict[Id, OperationInfo]


class PackageInfo(Structure):
    """The privileges of a package's services; there are none that hold for all of its operations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.package_info"
    privileges: list[str]
    services: dict[Id, ServiceInfo]


class ComponentInfo(Structure):
    """The privileges of a component's packages."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_info"
    packages: dict[Id, PackageInfo]


class ComponentData(Structure):
    """The privileges of a component, and a fingerprint that changes with its declarations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_data"
    info: ComponentInfo
    fingerprint: str


def operation_privileges(operation: Operation) -> OperationInfo:
    """The privileges of an operation."""
    paths: dict[str, list[str]] = {}
    for each in operation.privileges:
        if each.on is not None:
            paths.setdefault(each.on, []).append(each.name)
    on_things = [PrivilegeInfo(property_path=path, privileges=names) for path, names in paths.items()]
    return OperationInfo(privileges=[each.name for each in operation.privileges if each.on is None], privilege_info=on_things)


def service_privileges(operations: Mapping[str, Operation]) -> ServiceInfo:
    """The privileges of the operations that need any."""
    return ServiceInfo(operations={name: operation_privileges(each) for name, each in operations.items() if each.privileges})


def package_privileges(services: Iterable[tuple[str, Mapping[str, Operation]]]) -> PackageInfo:
    """The privileges of services."""
    return PackageInfo(privileges=[], services={name: service_privileges(operations) for name, operations in services})
