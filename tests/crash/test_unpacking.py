"""An archive that is sent and unpacked while the server is killed changes nothing, and goes on or is sent again."""

from __future__ import annotations

import asyncio

import pytest

from crash.clients import Refused
from crash.conftest import Start
from crash.journeys import add, again, arrives, complete, fill, new_item, new_update, put, read, slowly
from crash.worlds import ITEMS, UPDATE_FILES, UPDATES
from packages import archive, package

OLD, NEW = package(b"old " * 1000), package(bytes(range(256)) * 4096 * 8)


@pytest.mark.parametrize("goes_on", [True, False], ids=["rest", "whole"])
async def test_an_archive_whose_server_is_killed_goes_on_or_is_sent_again(start: Start, goes_on: bool) -> None:
    server, client = await start(collect_grace_seconds=1)
    item = await new_item(client)
    await fill(client, item, **OLD)
    session = await new_update(client, item)
    address, data = await add(client, session, "new.ova"), archive(NEW)
    sending = asyncio.create_task(client.raw("PUT", address, content=slowly(data, asyncio.Event(), 30)))
    await arrives(server.unfinished, len(data) // 2 - (1 << 20))
    server.kill()
    sending.cancel()
    async with again(server, client) as later:
        assert {name: await read(later, item, name) for name in OLD} == OLD
        listed = await later.call("GET", f"{UPDATE_FILES}?update_session_id={session}")
        assert (await later.call("GET", f"{UPDATES}/id:{session}"))["state"] == "ACTIVE"
        ready = {file["name"] for file in listed if file["status"] == "READY"}
        assert "disk1.vmdk" not in ready
        with pytest.raises(Refused, match="not ready"):
            await complete(later, session)
        there = int((await later.raw("HEAD", address)).headers["upload-offset"])
        assert len(data) // 2 - (1 << 20) <= there <= len(data) // 2
        if goes_on:
            headers = {"content-range": f"bytes {there}-{len(data) - 1}/{len(data)}"}
            assert (await later.raw("PUT", address, content=data[there:], headers=headers)).status_code == 200
        else:
            assert (await put(later, address, data)).status_code == 200
        await complete(later, session)
        assert {name: await read(later, item, name) for name in NEW} == NEW
        files = await later.call("GET", f"{ITEMS}/file?library_item_id={item}")
        assert {file["name"]: file["size"] for file in files} == {name: len(each) for name, each in NEW.items()}
