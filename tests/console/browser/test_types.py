"""The source of the console agrees with the API of this server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from clients.program import locked
from whole import Whole

_ROOT = Path(__file__).parents[3]


async def test_the_console_fits_the_api(app: Whole) -> None:
    document = _ROOT / "console" / ".cache" / "openapi.json"
    with locked(document.with_name("build.lock")):
        document.write_bytes((await app.client.get("/openapi.json")).content)
        command = [str(_ROOT / "scripts" / "build-console.sh"), sys.executable, "types", "check"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
