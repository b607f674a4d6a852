"""A client of `Wire.handle` without a socket, and the parts that a `Wire` needs in a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from contentlib.http.bodies import Bodies
from contentlib.http.message import Disconnected, Request, Response
from contentlib.vapi.declare import Operation
from contentlib.vapi.registry import Call, Gate, Registry
from contentlib.wire import Wire, WireOptions
from wire import sample_services

LIMIT = 1 << 21


class Pieces:
    """A body that comes in pieces; None among them is a client that breaks off."""

    def __init__(self, *pieces: bytes | None) -> None:
        self._pieces = pieces
        self.taken = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if piece is None:
                raise Disconnected
            self.taken += 1
            yield piece


class OpenGate:
    """Lets everybody in, and remembers the calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def authenticate(self, call: Call) -> None:
        call.user = "robin"

    async def sift(self, call: Call, operation: Operation, answer: Any) -> Any:
        return answer

    async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
        self.calls.append(call)
        call.user = "robin"  # also of an anonymous call


class Client:
    """Sends requests to a `Wire`; what it could not foresee is in `failures`."""

    def __init__(
        self,
        registry: Registry | None = None,
        *,
        gate: Gate | None = None,
        limit: int = LIMIT,
        bodies: Bodies | None = None,
        public_url: str | None = None,
        strict: bool = False,
    ) -> None:
        self.failures: list[BaseException] = []
        self.gate = OpenGate()
        self.wire = Wire(
            registry or sample_services.registry(),
            gate or self.gate,
            bodies=bodies or Bodies(limit),
            report=lambda _request, _operation, error: self.failures.append(error),
            options=WireOptions(public_url, check_answers=True, strict=strict),
        )

    async def send(
        self,
        method: str,
        target: str,
        body: bytes | str | Pieces = b"",
        headers: Mapping[str, str] | None = None,
        scheme: str = "https",
    ) -> Response:
        path, _, query = target.partition("?")
        raw = body.encode() if isinstance(body, str) else body
        given = {"host": "lib.example", **{name.lower(): value for name, value in (headers or {}).items()}}
        stream = raw if isinstance(raw, Pieces) else Pieces(raw)
        return await self.wire.handle(Request(method, path, query, given, scheme, "192.0.2.1", "req-1", stream))

    async def value(
        self, method: str, target: str, body: bytes | str | Pieces = b"", headers: Mapping[str, str] | None = None
    ) -> Any:
        """What a request is answered with on `/rest`, where it is answered at all."""
        response = await self.send(method, target, body, headers)
        assert response.status == 200, response
        return json.loads(response.body)["value"]


def at_once(coroutine: Coroutine[Any, Any, Response]) -> Response:
    """The answer of a request that waits for nothing."""

    async def run() -> Response:
        task = asyncio.ensure_future(coroutine)
        await asyncio.sleep(0)
        assert task.done(), "the request waits"
        return task.result()

    return asyncio.run(run())


def said(response: Response) -> str:
    """The first message of an error, on `/rest` or `/api`."""
    body = json.loads(response.body)
    return str(body.get("value", body)["messages"][0]["default_message"])


def error_type(response: Response) -> str:
    """The type of an error, on `/rest` or `/api`."""
    body = json.loads(response.body)
    return str(body.get("value", body)["error_type"])
