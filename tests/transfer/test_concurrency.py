"""Tests the limit of transfers of one user at the same time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contentlib.nodes.places import LockedPlaces
from contentlib.transfer import concurrency
from contentlib.transfer.answers import RequestRefused
from contentlib.transfer.concurrency import TransfersOfUsers
from processes import PATIENCE_SECONDS
from whole import TOKEN, HandClock, copied, whole


async def _full(users: TransfersOfUsers, user: str = "ann") -> bool:
    try:
        await users.make_room(user)
    except RequestRefused as refused:
        assert refused.status == 429
        assert dict(refused.headers or [])["retry-after"].isdecimal()
        return True
    return False


async def _sent(users: TransfersOfUsers, path: Path) -> None:
    async with users.download("ann") as begun:
        begun.sends(path.name)


async def test_uploads_count_while_they_run() -> None:
    users = TransfersOfUsers(lambda: 2)
    with users.upload("ann"):
        assert not await _full(users)
        with users.upload("ann"):
            assert await _full(users)
            assert not await _full(users, "bob")
        assert not await _full(users)
    assert users._users == {}


async def test_downloads_count_while_their_file_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "_YOUNG_SECONDS", 0.0)
    users, path = TransfersOfUsers(lambda: 2), tmp_path / "some-blob"
    path.write_bytes(b"1")
    with path.open("rb"):
        await _sent(users, path)
        with path.open("rb"):
            await _sent(users, path)
            assert await _full(users)
        assert not await _full(users)
        await _sent(users, path)
        with path.open("rb"):
            assert await _full(users)
    await users.look()
    assert users._users == {}


async def test_a_download_that_just_began_counts_although_its_file_is_not_open(tmp_path: Path) -> None:
    users = TransfersOfUsers(lambda: 1)
    await _sent(users, tmp_path / "not-open-yet")
    assert await _full(users)


async def test_a_download_counts_before_its_answer_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "_YOUNG_SECONDS", 0.0)
    users = TransfersOfUsers(lambda: 1)
    async with users.download("ann"):
        assert await _full(users)
    assert users._users == {}


async def test_a_stream_counts_once_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    users = TransfersOfUsers(lambda: 1)
    async with users.download("ann") as begun:
        begun.sends()
    assert await _full(users)
    users.end(begun)
    with users.upload("ann"):
        users.end(begun)
        assert await _full(users)
    async with users.download("ann") as begun:
        begun.sends()
    monkeypatch.setattr(concurrency, "_YOUNG_SECONDS", 0.0)
    assert not await _full(users)  # it did not start, because its client was gone


async def test_transfers_of_all_processes_count_together(tmp_path: Path) -> None:
    users, path = TransfersOfUsers(lambda: 2, LockedPlaces(tmp_path / "places.lock")), tmp_path / "blob"
    with other_process(tmp_path / "places.lock", "transfers of ann"):
        assert not await _full(users)
        with users.upload("ann"):
            assert await _full(users)
            assert not await _full(users, "bob")
        await _sent(users, path)
        assert await _full(users)
    assert not await _full(users)  # the place of a process that was killed is free


async def test_a_download_gives_its_place_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "_YOUNG_SECONDS", 0.0)
    places = LockedPlaces(tmp_path / "places.lock")
    users = TransfersOfUsers(lambda: 1, places)
    await _sent(users, tmp_path / "closed")
    assert places.take("transfers of ann", 1) is None
    await users.look()
    assert places.take("transfers of ann", 1) is not None


@contextmanager
def other_process(path: Path, kind: str) -> Iterator[None]:
    """A process that has a place of a kind, and is killed."""
    program = f"""if True:
        import sys
        from pathlib import Path
        from contentlib.nodes.places import LockedPlaces
        assert LockedPlaces(Path({str(path)!r})).take({kind!r}, 1) is not None
        print("here", flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        try:
            yield
        finally:
            process.kill()


async def test_without_a_limit_nothing_is_counted(tmp_path: Path) -> None:
    users = TransfersOfUsers(lambda: 0)
    await _sent(users, tmp_path / "blob")
    with users.upload("ann"):
        assert not await _full(users)
    assert users._users == {}


async def test_an_upload_too_many_is_refused_and_can_be_sent_later(template: Path, tmp_path: Path, clock: HandClock) -> None:
    async with whole(copied(template, tmp_path / "data"), clock, transfers_per_user=1) as app:
        session = await app.session(await app.item())
        first, second = [(await app.add(session, name))["upload_endpoint"]["uri"] for name in ("a", "b")]
        begun, go = asyncio.Event(), asyncio.Event()

        async def pieces() -> AsyncIterator[bytes]:
            yield b"1"
            begun.set()
            await go.wait()
            yield b"2"

        running = asyncio.create_task(app.client.put(first, content=pieces(), headers={TOKEN: ""}))
        await begun.wait()
        refused = await app.client.put(second, content=b"3", headers={TOKEN: ""})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert "already runs 1 transfers, the limit (transfers_per_user)" in refused.text
        go.set()
        assert (await running).status_code == 200
        assert (await app.client.put(second, content=b"3", headers={TOKEN: ""})).status_code == 200
        await app.complete(session)


async def test_downloads_that_begin_together_are_counted_together(
    template: Path, tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency, "_YOUNG_SECONDS", PATIENCE_SECONDS)
    async with whole(copied(template, tmp_path / "data"), clock, transfers_per_user=2) as app:
        item = await app.item()
        await app.fill(item, a_bin=b"1")
        session = await app.download_session(item)
        address = (await app.prepare(session, "a.bin"))["download_endpoint"]["uri"]
        answers = await asyncio.gather(*(app.client.get(address, headers={TOKEN: ""}) for _ in range(8)))
        assert sorted(each.status_code for each in answers) == [200] * 2 + [429] * 6
