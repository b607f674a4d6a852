"""Selects the wire form of a request."""

from __future__ import annotations

from functools import cached_property

from contentlib.http.bodies import Bodies
from contentlib.http.failures import Report
from contentlib.http.message import Request, Response
from contentlib.vapi.registry import Gate, Registry, Submit
from contentlib.wire.api import Api, error_response
from contentlib.wire.calls import Calls, WireOptions
from contentlib.wire.dispatch import unsupported_method
from contentlib.wire.hints import Hints
from contentlib.wire.jsonrpc import JsonRpc
from contentlib.wire.openapi import document
from contentlib.wire.rest import Rest
from contentlib.wire.tasked import Tasked, no_tasks
from contentlib.wire.upstream import AbsentServices

_KEPT_BY_NOBODY = ("cache-control", "no-store")


class Wire:
    """Handles all services of a registry in all forms.

    `report` receives the request, the operation's identifier (or the path, if unknown) and the error; the caller receives the
    request id.
    """

    def __init__(
        self,
        registry: Registry,
        gate: Gate,
        *,
        bodies: Bodies,
        report: Report,
        submit: Submit = no_tasks,
        options: WireOptions | None = None,
    ) -> None:
        options = options or WireOptions()
        calls = Calls(gate, bodies=bodies, report=report, options=options)
        tasked = Tasked(registry, gate, submit)
        self.perform = tasked.perform
        self.kept_result = tasked.result
        self._registry = registry
        self._rest = Rest(registry, calls, tasked)
        self._api = Api(registry, calls, tasked, strict=options.strict)
        addresses = (self._api.addresses, self._rest.addresses)
        self._hints = Hints(["/api", *(each for found in addresses for each in found.known)])
        self._api.addresses.hints = self._rest.addresses.aliases.hints = self._hints
        absent = AbsentServices(registry.services())
        self._api.addresses.absent = self._rest.addresses.aliases.absent = absent
        self._jsonrpc = JsonRpc(registry, calls, tasked, absent)

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path.startswith(("/rest/", "/api/")) or path == "/api"

    def nearest(self, path: str) -> str | None:
        """Suggests an address for an unknown path."""
        return self._hints.nearest(path)

    async def handle(self, request: Request) -> Response:
        """The answer to a request, which no cache may keep; raises nothing but Disconnected."""
        path = request.path
        if path.startswith("/rest/"):
            response = await self._rest.handle(request)
        elif path != "/api":
            response = await self._api.handle(request)
        elif request.method == "POST":
            response = await self._jsonrpc.handle(request)
        else:
            response = error_response(unsupported_method(request.method, path, ["POST"]))
        response.headers.append(_KEPT_BY_NOBODY)
        return response

    def openapi(self) -> bytes:
        """The OpenAPI document of `/api` and `/rest` JSON; made once, when it is first asked for."""
        return self._document

    @cached_property
    def _document(self) -> bytes:
        return document(self._registry)
