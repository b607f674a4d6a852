"""Tests in what blocks the body of an upload is handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contentlib.http.message import Request
from contentlib.transfer.incoming import Incoming

MIB = 1 << 20


class Sent:
    """A body of pieces of half a MiB."""

    def __init__(self, size: int) -> None:
        self._left = size

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces."""
        while self._left:
            self._left -= MIB // 2
            yield bytes(MIB // 2)


@pytest.mark.parametrize(("uploads", "sizes"), [(1, [4, 4, 1]), (8, [2, 2, 2, 2, 1]), (100, [1] * 9)])
async def test_the_more_uploads_there_are_the_smaller_are_the_blocks(uploads: int, sizes: list[int]) -> None:
    incoming = Incoming(Request("PUT", "/", "", {}, "http", "", "", Sent(9 * MIB)), lambda: uploads)
    incoming.start()
    found = []
    while (block := await incoming.next()) is not None:
        found.append(sum(map(len, block)) / MIB)
    await incoming.close()
    assert found == sizes
