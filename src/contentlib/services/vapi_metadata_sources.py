"""Implements the five services of metadata sources. The only source of each is this server itself."""

from __future__ import annotations

import builtins

from contentlib.services import messages
from contentlib.structures import metadata_sources as sources
from contentlib.structures.metadata_sources import PREFIX, MetadataSource, MetadataSourceType
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotFound, Unsupported
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_OWN = "contentlib"


def _source_service(kind: str, info: type[MetadataSource], spec: type[MetadataSource]) -> type[Service]:
    """The service of a kind of metadata. Its structures differ from those of other kinds by their names alone."""
    path = f"/api/vapi/metadata/{kind}/source"
    one = f"{path}/{{source_id}}"

    class SourceService(Service):
        """The sources of metadata: this server."""

        vapi_id = f"{PREFIX}.{kind}.source"

        def __init__(self, catalogue: Catalogue) -> None:
            self._catalogue = catalogue

        @operation(
            Route("POST", path, status=204),
            errors=(AlreadyExists, InvalidArgument, NotFound),
            beside=(Unsupported,),
            also=(VIEW,),
        )
        async def create(self, call: Call, source_id: Id, spec: MetadataSource) -> None:
            """Adds no source, because the server describes its own services only."""
            if source_id == _OWN:
                raise AlreadyExists(messages.SOURCE_EXISTS(source=source_id))
            raise Unsupported(messages.NO_OTHER_SOURCE(source=source_id))

        @operation(Route("DELETE", one, status=204), errors=(NotFound,), beside=(Unsupported,), also=(VIEW,))
        async def delete(self, call: Call, source_id: Id) -> None:
            """Removes no source: that of the server's own services stays."""
            _check(source_id)
            raise Unsupported(messages.SOURCE_STAYS(source=source_id))

        @operation(Route("GET", one), errors=(NotFound,), also=(VIEW,))
        async def get(self, call: Call, source_id: Id) -> MetadataSource:
            """Returns a source."""
            _check(source_id)
            address = f"{call.base_url}/api"
            return info(description="The services of this server.", type=MetadataSourceType.REMOTE, address=address)

        @operation(Route("GET", path), also=(VIEW,))
        async def list(self, call: Call) -> builtins.list[Id]:
            """Lists the identifiers of the sources."""
            return [_OWN]

        @operation(Route("POST", path, {"action": "reload"}, status=204), errors=(NotFound,), also=(VIEW,))
        async def reload(self, call: Call, source_id: Id | None) -> None:
            """Does nothing, because the declarations never change while the server runs."""
            _check(source_id)

        @operation(Route("POST", path, {"action": "fingerprint"}), errors=(NotFound,), also=(VIEW,))
        async def fingerprint(self, call: Call, source_id: Id | None) -> str:
            """Returns a text that changes with the declarations."""
            _check(source_id)
            return self._catalogue.checksum

    SourceService.create.__annotations__["spec"] = spec
    SourceService.get.__annotations__["return"] = info
    return SourceService


SOURCE_SERVICES = (
    _source_service("authentication", sources.AuthenticationSourceInfo, sources.AuthenticationSourceSpec),
    _source_service("cli", sources.CommandSourceInfo, sources.CommandSourceSpec),
    _source_service("metamodel", sources.MetamodelSourceInfo, sources.MetamodelSourceSpec),
    _source_service("privilege", sources.PrivilegeSourceInfo, sources.PrivilegeSourceSpec),
    _source_service("routing", sources.RoutingSourceInfo, sources.RoutingSourceSpec),
)


def _check(source: str | None) -> None:
    if source not in (None, _OWN):
        raise NotFound(messages.NO_SOURCE(source=source))
