"""The one-line ASGI application that the server is compared with: a ready body for every GET, another for every POST."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

GET_BYTES = "BENCH_GET_BYTES"
POST_BYTES = "BENCH_POST_BYTES"

Send = Callable[[dict[str, Any]], Awaitable[None]]


def create() -> Callable[..., Awaitable[None]]:
    """The application, with answers as long as the environment says."""
    answers = {"GET": _json(int(os.environ[GET_BYTES])), "POST": _json(int(os.environ[POST_BYTES]))}
    headers = {
        method: [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        for method, body in answers.items()
    }

    async def application(scope: Mapping[str, Any], _receive: object, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])  # how ASGI says that there is no lifespan
        await send({"type": "http.response.start", "status": 200, "headers": headers[scope["method"]]})
        await send({"type": "http.response.body", "body": answers[scope["method"]]})

    return application


def _json(size: int) -> bytes:
    frame = b'{"value":"%b"}'
    return frame % (b"x" * (size - len(frame % b"")))
