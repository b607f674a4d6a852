"""A server like `contentlib serve`, around an application that answers with its worker's process id."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import typer

from contentlib.cli import lock, server
from contentlib.http.asgi import Application
from contentlib.http.message import Request, StreamResponse
from contentlib.settings import Settings

_made: list[object] = []


async def answer(request: Request) -> StreamResponse:
    if request.path == "/exit":
        os._exit(3)
    body = str(os.getpid()).encode()
    if request.path == "/spared":
        body = str(not any(each is _made[0] for each in gc.get_objects())).encode()
    return StreamResponse(200, _pieces(body, float(request.query or 0)), [("content-length", str(len(body) + 1))])


async def _pieces(body: bytes, pause: float) -> AsyncGenerator[bytes, None]:
    yield body
    await asyncio.sleep(pause)
    yield b"."


async def _start() -> None:
    """Makes what a worker is made of."""
    _made.append([])


async def _stop() -> None:
    """The end has nothing to do."""


def _create() -> Application:
    return Application(answer, _start, _stop)


def main(data_dir: str, shutdown_seconds: str) -> None:
    settings = Settings(data_dir=Path(data_dir), workers=1, shutdown_seconds=int(shutdown_seconds))
    lock.hold(settings.data_dir)
    port = server.reserve("127.0.0.1:0")
    server.run(settings, port, None, _create, lambda: typer.echo(f"listening on {port.url('http')}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
