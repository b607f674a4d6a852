from __future__ import annotations

from whole import Whole


async def test_the_main_job(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    assert await app.content(item) == {"tiny.iso": b"bytes"}
