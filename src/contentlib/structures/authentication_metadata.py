"""Defines the structures that describe the authentication of operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from contentlib.vapi.declare import Operation
from contentlib.vapi.types import Enumeration, Id, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.vapi.metadata.authentication"
_SECURITY = "com.vmware.vapi.std.security."


@enumeration(f"{PREFIX}.authentication_info.scheme_type")
class SchemeType(Enumeration):
    """Whether a caller logs in once, or authenticates each call."""

    SESSIONLESS = "SESSIONLESS"
    SESSION_AWARE = "SESSION_AWARE"


class AuthenticationInfo(Structure):
    """An authentication scheme, and the service that manages its sessions."""

    vapi_name: ClassVar[str] = f"{PREFIX}.authentication_info"
    unions = (TaggedUnion("scheme_type", {"SESSIONLESS": {}, "SESSION_AWARE": {"session_manager": True}}),)
    scheme_type: SchemeType
    scheme: str
    session_manager: str | None = None


class OperationInfo(Structure):
    """The schemes of an operation."""

    vapi_name: ClassVar[str] = f"{PREFIX}.operation_info"
    schemes: list[AuthenticationInfo]


class ServiceInfo(Structure):
    """The schemes of a service, and of its operations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.service_info"
    schemes: list[AuthenticationInfo]
    operations: dict[Id, OperationInfo]


class PackageInfo(Structure):
    """The schemes of a package, and of its services."""

    vapi_name: ClassVar[str] = f"{PREFIX}.package_info"
    schemes: list[AuthenticationInfo]
    services: dict[Id, ServiceInfo]


class ComponentInfo(Structure):
    """The schemes of a component's packages."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_info"
    packages: dict[Id, PackageInfo]


class ComponentData(Structure):
    """The schemes of a component, and a fingerprint that changes with its declarations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.component_data"
    info: ComponentInfo
    fingerprint: str


_SESSION = AuthenticationInfo(
    scheme_type=SchemeType.SESSION_AWARE, scheme=f"{_SECURITY}session_id", session_manager="com.vmware.cis.session"
)
_LOGIN = [
    AuthenticationInfo(scheme_type=SchemeType.SESSIONLESS, scheme=f"{_SECURITY}{each}")
    for each in ("user_pass", "saml_bearer_token", "saml_hok_token")
]


def operation_authentication(operation: Operation) -> OperationInfo:
    """The schemes of an operation; the only one without a session is the login."""
    return OperationInfo(schemes=_LOGIN if operation.anonymous else [_SESSION])


def service_authentication(operations: Mapping[str, Operation]) -> ServiceInfo:
    """The schemes of a service's operations."""
    return ServiceInfo(
        schemes=[_SESSION], operations={name: operation_authentication(each) for name, each in operations.items()}
    )


def package_authentication(services: Iterable[tuple[str, Mapping[str, Operation]]]) -> PackageInfo:
    """The schemes of services."""
    return PackageInfo(schemes=[_SESSION], services={name: service_authentication(operations) for name, operations in services})
