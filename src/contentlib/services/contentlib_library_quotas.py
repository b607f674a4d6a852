"""Implements contentlib.library.quotas: how much a library holds and may hold.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins

from contentlib.access.roles import MODIFY_USERS
from contentlib.library.catalog.quotas import Quotas
from contentlib.structures.privileges import LIBRARY, READ, on_library
from contentlib.structures.quotas import QuotaInfo, QuotaSpec, limits_of, quota_info
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/contentlib/library/{library_id}/quota"


class LibraryQuotasService(Service):
    """Quotas of libraries. Users who may read a library read its quota; administrators of everything set it."""

    vapi_id = "contentlib.library.quotas"

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    @operation(Route("GET", "/api/contentlib/library/quotas"), privileges=(READ,), shows=LIBRARY)
    async def list(self, call: Call) -> builtins.list[QuotaInfo]:
        """Lists the quotas of all libraries that the caller may read."""
        return [quota_info(library, quota) for library, quota in (await self._quotas.of_libraries()).items()]

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(on_library("System.Read"),))
    async def get(self, call: Call, library_id: Id) -> QuotaInfo:
        """Returns what a library holds, and its limits."""
        return quota_info(library_id, await self._quotas.of_library(library_id))

    @operation(
        Route("PUT", _PATH, body="spec", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=(on_library("System.Read"), Privilege(MODIFY_USERS)),
    )
    async def set(self, call: Call, library_id: Id, spec: QuotaSpec) -> None:
        """Sets the limits of a library. Existing content stays if it is more; only growth is refused."""
        await self._quotas.limit_library(library_id, limits_of(spec))
