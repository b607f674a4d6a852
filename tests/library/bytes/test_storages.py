"""A storage that does not answer stops nothing but itself, and heals by itself."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from contentlib.library.bytes import storages as module
from contentlib.library.bytes.storages import Lane, Storages, StorageSilent
from contentlib.library.ports import StorageAway
from contentlib.library.signals import unheard
from off_loop import OffLoopBlobs
from processes import PATIENCE_SECONDS
from storages import claimed

GOOD, HUNG = "good", "nfs"


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OffLoopBlobs]:
    for name, seconds in (("_LOOK_SECONDS", 0.01), ("_DOUBT_SECONDS", 0.02), ("_PROBE_AGAIN_SECONDS", 0.1)):
        monkeypatch.setattr(module, name, seconds)
    made = claimed(OffLoopBlobs({each: tmp_path / each for each in (GOOD, HUNG)}))
    yield made
    for storage in list(made.hung):
        made.answer(storage)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0.005)


def opened(store: OffLoopBlobs, heard: list[float | None] | None = None) -> Storages:
    return Storages(store, lambda _, seconds: None if heard is None else heard.append(seconds), patience=0.05)


async def test_what_hangs_fails_by_name_and_the_next_is_refused_without_a_thread(store: OffLoopBlobs) -> None:
    storages = opened(store)
    store.hang(HUNG)
    with pytest.raises(StorageSilent, match="storage nfs has not answered for"):
        await storages.on(HUNG).run(store.stat, HUNG, "blob")
    assert storages.silent == [HUNG]
    asked = len(store.called)
    for _ in range(100):
        with pytest.raises(StorageSilent):
            await storages.on(HUNG).run(store.stat, HUNG, "blob")
    assert store.called[asked:].count("stat") == 0


async def test_however_many_calls_hang_another_storage_answers(store: OffLoopBlobs) -> None:
    storages = opened(store)
    store.hang(HUNG)
    calls = [asyncio.create_task(storages.on(HUNG).run(store.stat, HUNG, "blob")) for _ in range(50)]
    await asyncio.sleep(0)
    assert await storages.on(GOOD).run(store.stat, GOOD, "blob") is None
    failures = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(each) for each in failures} == {StorageSilent}


async def test_a_storage_that_answers_again_is_used_again_without_being_told(store: OffLoopBlobs) -> None:
    heard: list[float | None] = []
    storages = opened(store, heard)
    store.hang(HUNG)
    with pytest.raises(StorageSilent):
        await storages.on(HUNG).run(store.stat, HUNG, "blob")
    store.answer(HUNG)
    await until(lambda: not storages.silent)
    assert await storages.on(HUNG).run(store.stat, HUNG, "blob") is None
    assert heard[0] is not None
    assert heard[1:] == [None]


async def test_a_probe_that_waits_for_a_mount_that_was_replaced_is_followed_by_another(store: OffLoopBlobs) -> None:
    storages = opened(store)
    lost = store.hang(HUNG)
    with pytest.raises(StorageSilent):
        await storages.on(HUNG).run(store.stat, HUNG, "blob")
    del store.hung[HUNG]  # those that wait go on waiting, a new call does not
    await until(lambda: not storages.silent)
    assert await storages.on(HUNG).run(store.stat, HUNG, "blob") is None
    lost.set()


async def test_a_call_that_takes_long_is_waited_for_while_the_storage_answers(store: OffLoopBlobs) -> None:
    storages, done = opened(store), threading.Event()
    flushing = asyncio.create_task(storages.on(HUNG).long(done.wait))
    await until(lambda: store.called.count("probe") >= 3)
    assert storages.silent == []
    done.set()
    assert await flushing


async def test_one_call_that_never_ends_fails_alone(store: OffLoopBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CALL_SECONDS", 0.05)
    storages, done = opened(store), threading.Event()
    with pytest.raises(StorageSilent):
        await storages.on(HUNG).run(done.wait)
    assert storages.silent == []
    assert await storages.on(HUNG).run(store.stat, HUNG, "blob") is None
    done.set()


async def test_a_call_that_is_cancelled_while_the_storage_hangs_ends(store: OffLoopBlobs) -> None:
    storages = opened(store)
    store.hang(HUNG)
    call = asyncio.create_task(storages.on(HUNG).run(store.stat, HUNG, "blob"))
    await until(lambda: "stat" in store.called)
    call.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.wait({call})
    assert call.cancelled()


async def test_an_upload_that_was_opened_too_late_is_locked_by_nobody(store: OffLoopBlobs) -> None:
    storages = opened(store)
    store.hang(HUNG)
    with pytest.raises(StorageSilent):
        await storages.on(HUNG).run(store.stage, HUNG, "upload")
    store.answer(HUNG)
    await until(lambda: not storages.silent and "close" in store.called)
    await until(lambda: _is_free(store))


def _is_free(store: OffLoopBlobs) -> bool:
    try:
        store.stage(HUNG, "upload").close()
    except BlockingIOError:
        return False
    return True


async def test_bytes_that_hung_never_reach_a_file_that_was_opened_since(store: OffLoopBlobs, tmp_path: Path) -> None:
    storages = opened(store)
    lane = storages.on(HUNG)
    staged = await lane.run(store.stage, HUNG, "upload")
    store.hang(HUNG)
    with pytest.raises(StorageSilent):
        await lane.run(staged.append, b"late")
    await lane.release(staged.close)
    other = tmp_path / "other"
    with other.open("wb") as file:
        store.answer(HUNG)
        await until(lambda: not storages.silent and store.called.count("close") == 1)
        file.write(b"other")
    assert other.read_bytes() == b"other"


async def test_readiness_names_what_does_not_answer_and_waits_no_longer_than_it_may(store: OffLoopBlobs) -> None:
    storages = Storages(store)
    await storages.check([GOOD, HUNG], PATIENCE_SECONDS)
    store.hang(HUNG)
    begun = time.monotonic()
    with pytest.raises(OSError, match="storage nfs does not answer"):
        await storages.check([GOOD, HUNG], 0.05)
    assert time.monotonic() - begun < PATIENCE_SECONDS
    await storages.check([GOOD], PATIENCE_SECONDS)


def test_a_process_ends_although_a_storage_hangs(tmp_path: Path) -> None:
    program = f"""
import asyncio, threading
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.library.bytes.storages import Storages
async def main():
    storages = Storages(FilesystemBlobs({{"s": __import__("pathlib").Path({str(tmp_path)!r})}}))
    asyncio.ensure_future(storages.on("s").run(threading.Event().wait))
    await asyncio.sleep(0.05)
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
print("over")
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr


class Away:
    """Ten bytes, one by one, of a storage that goes away after each third one, so many times."""

    def __init__(self, times: int) -> None:
        self._times = times

    def read(self, start: int) -> Iterator[bytes]:
        for position in range(start, 10):
            if position == start + 3 and self._times:
                self.fail()
            yield bytes([position])

    def fail(self) -> str:
        if self._times:
            self._times -= 1
            raise StorageAway(errno.EIO, "away")
        return "back"


def away_lane(seconds: float) -> Lane:
    return Lane("datastore-1", lambda: None, unheard, 4.0, away=seconds)


async def test_reading_continues_at_its_position_when_the_storage_is_back() -> None:
    pieces = away_lane(PATIENCE_SECONDS).pieces(Away(2).read)
    assert b"".join([piece async for piece in pieces]) == bytes(range(10))


async def test_a_call_of_a_transfer_is_repeated_until_the_storage_is_back() -> None:
    assert await away_lane(PATIENCE_SECONDS).patient(Away(1).fail) == "back"


async def test_a_storage_that_stays_away_is_not_waited_for_for_ever() -> None:
    with pytest.raises(StorageAway):
        await away_lane(0).patient(Away(1).fail)
    with pytest.raises(StorageAway):
        _ = [piece async for piece in away_lane(0).pieces(Away(1).read)]


async def test_a_call_that_may_have_changed_something_is_not_repeated() -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise StorageAway(errno.EIO, "away", again=False)

    with pytest.raises(StorageAway):
        await away_lane(PATIENCE_SECONDS).patient(fail)
    assert len(calls) == 1
