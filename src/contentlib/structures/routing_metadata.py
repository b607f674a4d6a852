"""Defines the structures that describe where calls are routed: every call of this server is answered by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from contentlib.vapi.declare import Operation
from contentlib.vapi.types import Id, Structure

PREFIX = "com.vmware.vapi.metadata.routing"


class RoutingInfo(Structure):
    """The strategy that chooses a server, and the parameters that it looks at."""

    vapi_name: ClassVar[str] = f"{PREFIX}.routing_info"
    routing_path: str
    routing_strategy: str
    operation_hints: list[str]
    id_types: dict[str, str]


class OperationInfo(Structure):
    """The routes of an operation."""

    vapi_name: ClassVar[str] = f"{PREFIX}.operation_info"
    routing_info: RoutingInfo


class ServiceInfo(Structure):
    """The routes of a service's operations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.service_info"
    routing_info: RoutingInfo
    operations: dict[Id, OperationInfo]


class PackageInfo(Structure):
    """The routes of a package's services."""

    vapi_name: ClassVar[str] = f"{PREFIX}.package_info"
    routing_info: RoutingInfo
    services: dict[Id, ServiceInfo]


class ComponentInfo(Structure):
    """The routes of a component's packages."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_info"
    packages: dict[Id, PackageInfo]


class ComponentData(Structure):
    """The routes of a component, and a fingerprint that changes with its declarations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_data"
    info: ComponentInfo
    fingerprint: str


_LOCAL = RoutingInfo(routing_path="", routing_strategy="LOCAL", operation_hints=[], id_types={})
OPERATION_ROUTES = OperationInfo(routing_info=_LOCAL)
"""The routes of every operation."""


def service_routes(operations: Iterable[str]) -> ServiceInfo:
    """The routes of a service's operations."""
    return ServiceInfo(routing_info=_LOCAL, operations=dict.fromkeys(operations, OPERATION_ROUTES))


def package_routes(services: Iterable[tuple[str, Mapping[str, Operation]]]) -> PackageInfo:
    """The routes of services."""
    return PackageInfo(routing_info=_LOCAL, services={name: service_routes(operations) for name, operations in services})
