"""Serves managed objects of services beside the Web Services: methods by name, over SOAP in a namespace of their own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from contentlib.access.refusals import OnRefusal, unnoticed
from contentlib.http.bodies import STRANGER_BYTES, Bodies
from contentlib.http.failures import unforeseen
from contentlib.http.message import BodyRefused, Headers, Request, Response, method_not_allowed
from contentlib.library.actors import set_actor
from contentlib.library.model import Actor
from contentlib.safe_xml import local
from contentlib.vim.envelopes import XML, fault_of, method_in, result_of
from contentlib.vim.faults import VimFault, invalid_request, not_supported
from contentlib.vim.messages import NOT_SUPPORTED
from contentlib.vim.values import Data, Value

_HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")

_REFUSALS = ("SsoFaultInvalidCredentials", "SsoFaultNotAuthenticated")


@dataclass(frozen=True, slots=True)
class ManagedCall:
    """A request, the element in its envelope that names the method, and headers to add to the response."""

    request: Request
    method: etree._Element
    headers: Headers = field(default_factory=list)


Methods = Mapping[str, Callable[[ManagedCall], Awaitable[Value | None]]]
"""Name of a method -> what performs it."""


class ManagedService:
    """Speaks SOAP in a namespace."""

    def __init__(self, space: str, methods: Methods, bodies: Bodies, refused: OnRefusal = unnoticed) -> None:
        self._space = space
        self._methods = methods
        self._bodies = bodies
        self._refused = refused

    async def handle(self, request: Request) -> Response:
        """Answers a request."""
        if request.method != "POST":
            return method_not_allowed(request.method, ("POST",))
        try:
            body = await self._bodies.read(request, known=False, limit=STRANGER_BYTES)
            call = ManagedCall(request, method_in(body))
            name = local(call.method)
            set_actor(lambda: Actor(address=request.client, operation=f"{self._space[4:]}.{name}", request=request.request_id))
            run = self._methods.get(name)
            if run is None:
                raise not_supported(NOT_SUPPORTED(method=name[:80]))
            return Response(200, result_of(name, await run(call), self._space), XML, call.headers)
        except VimFault as fault:
            if fault.detail.type in _REFUSALS:
                await self._refused("unauthenticated")
            return fault_of(fault, self._space)
        except BodyRefused as error:
            answer = fault_of(invalid_request(error.fault), self._space)
            answer.status = error.status
            return answer

    def failed(self, request: Request, _: Exception) -> Response:
        """Returns the fault for a failure of the server."""
        text = unforeseen(request).text
        return fault_of(VimFault(text, Data("SystemError", {"reason": text})), self._space)


def base_url(request: Request, public_url: str | None) -> str:
    """Where the caller reaches the server."""
    host = request.headers.get("host", "")
    return (public_url or f"{request.scheme}://{host if _HOST.fullmatch(host) else 'localhost'}").rstrip("/")
