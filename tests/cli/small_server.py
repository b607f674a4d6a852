"""A server like `contentlib serve`, around an application that answers with its worker's process id."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import typer

from contentlib.cli import lock, server
from contentlib.settings import Settings


async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    if scope["path"] == "/exit":
        os._exit(3)
    body = str(os.getpid()).encode()
    length = str(len(body) + 1).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await asyncio.sleep(float(scope["query_string"] or 0))
    await send({"type": "http.response.body", "body": b"."})


def main(data_dir: str, shutdown_seconds: str) -> None:
    settings = Settings(data_dir=Path(data_dir), shutdown_seconds=int(shutdown_seconds))
    lock.hold(settings.data_dir)
    port = server.reserve("127.0.0.1:0")
    server.run(settings, port, None, lambda: answer, lambda: typer.echo(f"listening on {port.url('http')}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
