from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from contentlib.http import bodies
from contentlib.http.bodies import STRANGER_BYTES, Bodies, BodyTooSlow, TooManyBodies
from contentlib.http.message import BodyTooLarge, Request
from processes import PATIENCE_SECONDS

MIB = 1 << 20


class Pieces:
    """A body in pieces; it ends, or stays open until `rest` is set."""

    def __init__(self, *pieces: bytes, open_end: bool = False) -> None:
        self._pieces = pieces
        self.taken = 0
        self.waits = asyncio.Event()
        self.rest = asyncio.Event()
        if not open_end:
            self.rest.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece
        self.waits.set()
        await self.rest.wait()


def request(stream: Pieces, client: str = "192.0.2.1", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/", "", named, "https", client, "r-1", stream)


@pytest.mark.parametrize("pieces", [(), (b"",), (b"abcde",), (b"abc", b"de")])
async def test_a_body_up_to_the_limit_is_whole(pieces: tuple[bytes, ...]) -> None:
    assert await Bodies(5).read(request(Pieces(*pieces)), known=True) == b"".join(pieces)


@pytest.mark.parametrize("length", ["6", "9" * 19, "9" * 5000])
async def test_a_body_that_says_that_it_is_over_the_limit_is_not_read(length: str) -> None:
    stream = Pieces(b"abcdef")
    with pytest.raises(BodyTooLarge, match="request body is larger than 5 bytes"):
        await Bodies(5).read(request(stream, content_length=length), known=True)
    assert stream.taken == 0


async def test_no_more_than_the_limit_is_kept_of_a_body() -> None:
    stream = Pieces(b"abc", b"def", b"ghi")
    with pytest.raises(BodyTooLarge):
        await Bodies(5).read(request(stream), known=True)
    assert stream.taken == 2


@pytest.mark.parametrize("length", ["-1", "x", "\u0663", ""])
async def test_a_length_that_is_no_number_is_left_to_the_server(length: str) -> None:
    assert await Bodies(5).read(request(Pieces(b"abc"), content_length=length), known=True) == b"abc"


async def test_a_caller_can_have_a_smaller_limit() -> None:
    with pytest.raises(BodyTooLarge, match="larger than 2 bytes"):
        await Bodies(5).read(request(Pieces(b"abc")), known=True, limit=2)


async def test_a_stranger_may_send_less() -> None:
    long = b"x" * (STRANGER_BYTES + 1)
    assert await Bodies(MIB).read(request(Pieces(long[1:])), known=False) == long[1:]
    with pytest.raises(BodyTooLarge, match=f"larger than {STRANGER_BYTES} bytes"):
        await Bodies(MIB).read(request(Pieces(long)), known=False)
    assert await Bodies(MIB).read(request(Pieces(long)), known=True) == long


@pytest.mark.parametrize("live", [True, False])
async def test_who_says_in_the_body_who_it_is_is_asked_for_once_its_body_is_long(live: bool) -> None:
    asked: list[int] = []

    async def vouch(start: bytes) -> bool:
        asked.append(len(start))
        return live

    long = [b"x" * STRANGER_BYTES, b"y", b"z"]
    reading = Bodies(MIB).read(request(Pieces(*long)), known=False, vouch=vouch)
    if live:
        assert await reading == b"".join(long)
    else:
        with pytest.raises(BodyTooLarge):
            await reading
    assert asked == [STRANGER_BYTES + 1]
    await Bodies(MIB).read(request(Pieces(b"short")), known=False, vouch=vouch)
    assert len(asked) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_a_body_that_lacks_its_last_byte_is_given_up(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.01)
    monkeypatch.setattr(bodies, "_LOOK_SECONDS", 0.01)
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(BodyTooSlow, match="at least 1024 bytes per second"):
            await Bodies(5).read(request(Pieces(b"abcd", open_end=True)), known=known)


async def test_a_body_that_comes_fast_enough_has_the_time_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "_LOOK_SECONDS", 0.01)
    stream = Pieces(b"x" * 1024 * 3600, open_end=True)
    reading = asyncio.create_task(Bodies(8 * MIB).read(request(stream), known=True))
    done, _ = await asyncio.wait({reading}, timeout=0.2)
    assert not done
    stream.rest.set()
    assert len(await reading) == 1024 * 3600


async def test_only_the_body_that_is_late_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "_LOOK_SECONDS", 0.01)
    reader, late, fast = Bodies(8 * MIB), Pieces(b"a", open_end=True), Pieces(b"x" * 1024 * 3600, open_end=True)
    reading = asyncio.create_task(reader.read(request(fast), known=True))
    for _ in range(2):  # the second one is late when nothing else has come for a while
        with pytest.raises(BodyTooSlow):
            await reader.read(request(late), known=True)
    fast.rest.set()
    assert len(await reading) == 1024 * 3600


async def test_a_task_that_is_cancelled_while_its_body_is_late_stays_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.0)
    stream = Pieces(b"a", open_end=True)
    reader = Bodies(5)
    reading = asyncio.create_task(reader.read(request(stream), known=True))
    await stream.waits.wait()
    reader._overseer._look(asyncio.get_running_loop())
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


class Held:
    """Bodies that are being received, each without its last byte."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.streams: list[Pieces] = []
        self.tasks: list[asyncio.Task[bytes]] = []

    async def begin(self, size: int, *, known: bool, client: str = "192.0.2.1") -> None:
        """Begins a body; raises what refuses it."""
        stream = Pieces(b"x" * size, open_end=True)
        task = asyncio.create_task(self.bodies.read(request(stream, client), known=known))
        waits = asyncio.create_task(stream.waits.wait())
        await asyncio.wait({task, waits}, return_when=asyncio.FIRST_COMPLETED)
        waits.cancel()
        if task.done():
            task.result()
        self.streams.append(stream)
        self.tasks.append(task)

    async def end(self) -> None:
        for stream in self.streams:
            stream.rest.set()
        await asyncio.gather(*self.tasks)


async def test_bodies_are_refused_when_too_many_are_being_received_and_taken_again_afterwards() -> None:
    held = Held(Bodies(4 * MIB))
    for _ in range(16):
        await held.begin(4 * MIB, known=True)
    with pytest.raises(TooManyBodies) as refused:
        await held.begin(4 * MIB, known=True)
    assert (refused.value.status, refused.value.retry_after) == (503, 1)
    await held.end()
    await held.begin(4 * MIB, known=True)
    await held.end()


async def test_strangers_take_no_room_of_users_and_one_address_not_all_of_the_strangers() -> None:
    held = Held(Bodies(4 * MIB))
    with pytest.raises(TooManyBodies):
        for _ in range(1000):
            await held.begin(STRANGER_BYTES, known=False)
    assert 30 <= len(held.tasks) < 100
    await held.begin(STRANGER_BYTES, known=False, client="192.0.2.2")
    await held.begin(4 * MIB, known=True)
    await held.begin(1024, known=False)  # a call of the usual size is never one too many
    await held.end()


async def test_a_limit_over_the_budget_still_lets_one_such_body_in() -> None:
    size = 65 * MIB
    assert len(await Bodies(size).read(request(Pieces(b"x" * size)), known=True)) == size
