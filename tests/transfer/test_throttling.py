"""Uploads that keep to a limit of bandwidth."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from contentlib.library.model import TransferStatus, UpdateFile
from following import until
from packages import archive, package
from processes import PATIENCE_SECONDS
from transfer.parts import Client, Parts, parts_on
from whole import HandClock

HALF_A_MEGABYTE = bytes(500_000)


async def begun(parts: Parts, file: UpdateFile) -> None:
    """Returns when the bytes of a file have begun to come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await parts.file(file)).status is not TransferStatus.TRANSFERRING:  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("pieces", [1, 50])
async def test_an_upload_takes_its_time(parts: Parts, client: Client, pieces: int) -> None:
    parts.throttle.limit = 16
    file, address = await parts.push()
    begun = time.monotonic()
    assert (await client.call("PUT", address, body=[HALF_A_MEGABYTE[::pieces]] * pieces)).status == 200
    assert time.monotonic() - begun > 0.12  # half a megabyte at 2 MB/s, but for the last turn
    assert (await parts.file(file)).status is TransferStatus.READY


async def test_an_archive_takes_its_time(parts: Parts, client: Client) -> None:
    parts.throttle.limit = 0.1
    data = archive(package())
    _, address = await parts.push("tiny.ova")
    begun = time.monotonic()
    answered = await client.call("PUT", address, body=[data])
    assert time.monotonic() - begun > (len(data) - (1 << 14)) / 12_500 - 0.01
    assert msgspec.json.decode(answered.body)["status"] == "READY"


async def test_a_small_upload_does_not_wait_for_a_large_one(parts: Parts, client: Client) -> None:
    parts.throttle.limit = 1
    large, large_address = await parts.push("large.iso")
    small, small_address = await parts.push("small.iso")
    uploading = asyncio.create_task(client.call("PUT", large_address, body=[HALF_A_MEGABYTE * 20]))  # more than a minute
    await begun(parts, large)
    assert (await client.call("PUT", small_address, body=[b"small"])).status == 200
    assert (await parts.file(small)).status is TransferStatus.READY
    assert not uploading.done()
    parts.throttle.limit = 0
    assert (await uploading).status == 200


async def test_a_session_lives_while_its_upload_waits(tmp_path: Path) -> None:
    clock = HandClock()
    async with parts_on(tmp_path, lease=1200, clock=clock) as parts:
        parts.throttle.limit = 1
        file, address = await parts.push()
        session = await parts.updates.get(file.session)
        uploading = asyncio.create_task(Client(parts.application()).call("PUT", address, body=[HALF_A_MEGABYTE * 20]))
        for _ in range(3):
            clock.pass_seconds(1)
            await until(lambda: parts.leases.last(session) == clock.now())
        parts.throttle.limit = 0
        assert (await uploading).status == 200
        assert (await parts.file(file)).status is TransferStatus.READY
        await parts.completion.complete(file.session)


async def test_an_upload_that_waits_ends_with_its_session(parts: Parts, client: Client) -> None:
    parts.throttle.limit = 0.1
    file, address = await parts.push()
    uploading = asyncio.create_task(client.call("PUT", address, body=[HALF_A_MEGABYTE]))
    await begun(parts, file)
    await parts.updates.cancel(file.session)
    assert (await asyncio.wait_for(uploading, PATIENCE_SECONDS)).status == 404
