from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contentlib.http.message import BodyTooLarge, Request


class Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.taken = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece


def request(stream: Pieces, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/", "", named, "https", "192.0.2.1", "r-1", stream)


@pytest.mark.parametrize("pieces", [(), (b"",), (b"abcde",), (b"abc", b"de")])
async def test_a_body_up_to_the_limit_is_whole(pieces: tuple[bytes, ...]) -> None:
    assert await request(Pieces(*pieces)).body(5) == b"".join(pieces)


@pytest.mark.parametrize("length", ["6", "9" * 19, "9" * 5000])
async def test_a_body_that_says_that_it_is_over_the_limit_is_not_read(length: str) -> None:
    stream = Pieces(b"abcdef")
    with pytest.raises(BodyTooLarge, match="the body is longer than 5 bytes"):
        await request(stream, content_length=length).body(5)
    assert stream.taken == 0


async def test_no_more_than_the_limit_is_kept_of_a_body() -> None:
    stream = Pieces(b"abc", b"def", b"ghi")
    with pytest.raises(BodyTooLarge):
        await request(stream).body(5)
    assert stream.taken == 2


@pytest.mark.parametrize("length", ["-1", "x", "\u0663", ""])
async def test_a_length_that_is_no_number_is_left_to_the_server(length: str) -> None:
    assert await request(Pieces(b"abc"), content_length=length).body(5) == b"abc"
