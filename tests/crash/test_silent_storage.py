"""A storage whose mount hangs stops nothing but itself: other storages, logins, health checks and the end of the server."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from crash.clients import Client
from crash.conftest import Start
from crash.journeys import add, complete, fill, new_item, new_update, put, read
from processes import PATIENCE_SECONDS

HUNG, GOOD = "datastore-1", "datastore-2"
_SHUTDOWN_SECONDS = 5
_COMPILER = shutil.which("cc")
pytestmark = pytest.mark.skipif(_COMPILER is None, reason="a mount that hangs is made by a C library, and there is no compiler")


class Mount:
    """A storage that hangs and answers again."""

    def __init__(self, directory: Path) -> None:
        self._control = directory / "hangs"
        library = directory / "hang.so"
        source = Path(__file__).with_name("hang.c")
        command = [str(_COMPILER), "-shared", "-fPIC", "-w", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self.environment = {
            "LD_PRELOAD": str(library),
            "HANG_PATH": f"{directory}/{HUNG}",
            "HANG_WHILE": str(self._control),
        }

    def hangs(self) -> None:
        self._control.touch()

    def answers(self) -> None:
        self._control.unlink()


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path)


async def healthy(client: Client) -> None:
    """Health checks answer in a second, with a margin for a machine that is busy; readiness says which storage hangs."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert (await client.raw("GET", "/healthz")).status_code == 200
        ready = await client.raw("GET", "/readyz")
    assert (ready.status_code, HUNG in ready.text) == (503, True)


async def test_a_mount_that_hangs_stops_nothing_but_itself_and_heals(start: Start, mount: Mount) -> None:
    server, client = await start(environment=mount.environment, shutdown_seconds=_SHUTDOWN_SECONDS)
    silent, other = await new_item(client, storage=HUNG), await new_item(client, storage=GOOD)
    await fill(client, silent, old=b"old")
    await fill(client, other, there=b"there")
    session = await new_update(client, silent)
    addresses = [await add(client, session, f"{number}") for number in range(12)]
    mount.hangs()
    uploads = [asyncio.create_task(put(client, each, b"new")) for each in addresses]
    await healthy(client)
    assert await client.log_in()
    assert await read(client, other, "there") == b"there"
    await fill(client, other, more=b"more")
    answers = await asyncio.gather(*uploads)
    assert {each.status_code for each in answers} == {503}
    assert all("datastore-1 has not answered for" in each.text for each in answers)
    assert all(each.headers["retry-after"] for each in answers)
    assert (await put(client, addresses[0], b"new")).status_code == 503
    await healthy(client)
    mount.answers()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.raw("GET", "/readyz")).status_code != 200:  # noqa: ASYNC110 - no mount tells that it answers
            await asyncio.sleep(0.1)
    for address in addresses:
        assert (await put(client, address, b"new")).status_code == 200
    await complete(client, session)
    assert await read(client, silent, "old") == b"old"
    mount.hangs()
    await healthy(client)
    await server.leave(PATIENCE_SECONDS)
