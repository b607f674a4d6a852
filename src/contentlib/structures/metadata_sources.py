"""Defines the structures of metadata sources, which each kind of metadata has under its own name."""

from __future__ import annotations

from typing import ClassVar

from contentlib.vapi.types import Enumeration, Structure, Uri, enumeration
from contentlib.vapi.unions import TaggedUnion

PREFIX = "com.vmware.vapi.metadata"


@enumeration(f"{PREFIX}.source_type")
class MetadataSourceType(Enumeration):
    """Whether a source is a file or a server."""

    FILE = "FILE"
    REMOTE = "REMOTE"


class MetadataSource(Structure):
    """A source of metadata: a file on the server, or the address of a server."""

    unions = (TaggedUnion("type", {"FILE": {"filepath": True}, "REMOTE": {"address": True}}),)
    description: str
    type: MetadataSourceType
    filepath: str | None = None
    address: Uri | None = None


class AuthenticationSourceInfo(MetadataSource):
    """A source of the authentication of operations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.authentication.source.info"


class AuthenticationSourceSpec(MetadataSource):
    """A new source of the authentication of operations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.authentication.source.create_spec"


class CommandSourceInfo(MetadataSource):
    """A source of commands."""

    vapi_name: ClassVar[str] = f"{PREFIX}.cli.source.info"


class CommandSourceSpec(MetadataSource):
    """A new source of commands."""

    vapi_name: ClassVar[str] = f"{PREFIX}.cli.source.create_spec"


class MetamodelSourceInfo(MetadataSource):
    """A source of declarations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.metamodel.source.info"


class MetamodelSourceSpec(MetadataSource):
    """A new source of declarations."""

    vapi_name: ClassVar[str] = f"{PREFIX}.metamodel.source.create_spec"


class PrivilegeSourceInfo(MetadataSource):
    """A source of privileges."""

    vapi_name: ClassVar[str] = f"{PREFIX}.privilege.source.info"


class PrivilegeSourceSpec(MetadataSource):
    """A new source of privileges."""

    vapi_name: ClassVar[str] = f"{PREFIX}.privilege.source.create_spec"


class RoutingSourceInfo(MetadataSource):
    """A source of routes."""

    vapi_name: ClassVar[str] = f"{PREFIX}.routing.source.info"


class RoutingSourceSpec(MetadataSource):
    """A new source of routes."""

    vapi_name: ClassVar[str] = f"{PREFIX}.routing.source.create_spec"
