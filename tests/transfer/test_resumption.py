from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.model import UpdateFile
from contentlib.library.sessions.file_transfers import UploadTarget
from contentlib.transfer import uploads
from following import until
from processes import PATIENCE_SECONDS
from transfer.parts import BREAK, STORAGE, Answered, Client, Parts, parts_on
from whole import HandClock

DATA = b"0123456789" * 10
SHA256 = hashlib.sha256(DATA).hexdigest()


async def part(client: Client, address: str, first: int, last: int, total: str = "100") -> Answered:
    """The answer to the bytes from `first` to `last`."""
    headers = {"content-range": f"bytes {first}-{last}/{total}", "content-length": str(last - first + 1)}
    return await client.call("PUT", address, headers, [DATA[first : last + 1]])


async def test_the_offset_grows_with_the_bytes_that_are_there(parts: Parts, client: Client) -> None:
    _, address = await parts.push(size=100)
    seen = []
    for first, last in ((0, 9), (10, 59), (60, 99)):
        before = (await client.call("HEAD", address)).headers
        answered = await part(client, address, first, last)
        seen.append((before["upload-offset"], before["upload-length"], answered.status, answered.headers["upload-offset"]))
    assert seen == [("0", "100", 200, "10"), ("10", "100", 200, "60"), ("60", "100", 200, "100")]
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "100"


@pytest.mark.parametrize("algorithm", [Algorithm.SHA256, Algorithm.MD5])
async def test_a_file_sent_in_parts_is_hashed_as_a_whole(tmp_path: Path, algorithm: Algorithm) -> None:
    async with parts_on(tmp_path) as parts:
        client = Client(parts.application())
        file, address = await parts.push(checksum=Checksum(algorithm, hashlib.new(algorithm.value, DATA).hexdigest()))
        assert (await part(client, address, 0, 9)).status == 200
        assert (await parts.file(file)).status == "TRANSFERRING"
        answered = await part(client, address, 10, 99)
        assert msgspec.json.decode(answered.body)["checksums"]["SHA256"] == SHA256
        assert (await parts.file(file)).status == "READY"


async def test_what_a_process_has_hashed_it_does_not_read_again(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = await parts.push()
    await part(client, address, 0, 9)
    monkeypatch.setattr(parts.store, "staged_bytes", None)
    answered = await part(client, address, 10, 99)
    assert msgspec.json.decode(answered.body)["checksums"]["SHA256"] == SHA256


async def test_what_another_process_has_received_meanwhile_is_read_again(tmp_path: Path, parts: Parts, client: Client) -> None:
    """As at a reload: the old worker remembers ten bytes, the new one has taken ten others instead."""
    _, address = await parts.push()
    await part(client, address, 0, 9)
    async with parts_on(tmp_path) as others:
        other = Client(others.application())
        await other.call("PUT", address, body=[b"other bytes"[:10], BREAK])
    answered = await part(client, address, 10, 99)
    assert msgspec.json.decode(answered.body)["checksums"]["SHA256"] == hashlib.sha256(b"other byte" + DATA[10:]).hexdigest()


@pytest.mark.parametrize("declared", [100, None])
async def test_a_part_may_leave_the_size_of_the_file_open(parts: Parts, client: Client, declared: int | None) -> None:
    file, address = await parts.push(size=declared)
    await part(client, address, 0, 49, "*")
    await part(client, address, 50, 98, "*")
    assert "upload-length" not in (await client.call("HEAD", address)).headers or declared
    assert (await part(client, address, 99, 99, "*" if declared else "100")).status == 200
    assert (await parts.file(file)).status == "READY"


async def test_a_broken_upload_goes_on_where_it_broke_after_a_restart(tmp_path: Path) -> None:
    async with parts_on(tmp_path) as parts:
        file, address = await parts.push(size=100)
        await Client(parts.application()).call("PUT", address, body=[DATA[:60], BREAK])
    async with parts_on(tmp_path) as parts:
        client = Client(parts.application())
        assert (await client.call("HEAD", address)).headers["upload-offset"] == "60"
        answered = await part(client, address, 60, 99)
        assert msgspec.json.decode(answered.body)["checksums"]["SHA256"] == SHA256
        assert (await parts.file(file)).status == "READY"


async def test_a_plain_upload_starts_again_from_the_first_byte(parts: Parts, client: Client) -> None:
    _, address = await parts.push()
    await client.call("PUT", address, body=[b"something else", BREAK])
    answered = await client.call("PUT", address, body=[DATA])
    assert msgspec.json.decode(answered.body)["checksums"]["SHA256"] == SHA256


@pytest.mark.parametrize(
    ("content_range", "length", "status", "sentence"),
    [
        ("bytes 20-29/100", 10, 409, "file 'tiny.iso' must continue at byte 10, not 20"),
        ("bytes 0-9/100", 10, 409, "file 'tiny.iso' must continue at byte 10, not 0"),
        ("bytes 10-19/100", 9, 400, "Content-Range covers 10 bytes, body has 9"),
        ("bytes 19-10/100", 10, 400, "Content-Range 'bytes 19-10/100' is outside the file"),
        ("bytes 10-100/100", 91, 400, "Content-Range 'bytes 10-100/100' is outside the file"),
        ("bytes */100", 0, 400, "Content-Range must be bytes FIRST-LAST/SIZE, not 'bytes */100'"),
        ("items 1-2/3", 2, 400, "Content-Range must be bytes FIRST-LAST/SIZE, not 'items 1-2/3'"),
    ],
)
async def test_a_part_that_does_not_fit_changes_nothing(
    parts: Parts, client: Client, content_range: str, length: int, status: int, sentence: str
) -> None:
    file, address = await parts.push(size=100)
    await part(client, address, 0, 9)
    before = await parts.file(file)
    answered = await client.call(
        "PUT", address, {"content-range": content_range, "content-length": str(length)}, [b"x" * length]
    )
    assert (answered.status, answered.body.decode()) == (status, sentence + "\n")
    assert answered.headers.get("upload-offset") == ("10" if status == 409 else None)
    assert await parts.file(file) == before
    assert (await part(client, address, 10, 99)).status == 200


class Waiting:
    """A client that sends something and then says nothing, until it goes away."""

    def __init__(self, client: Client, address: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.leave = asyncio.Event()
        self._data = data
        self.answer = asyncio.create_task(client.call("PUT", address, headers, self._body()))

    async def _body(self) -> AsyncIterator[bytes]:
        yield self._data
        await self.leave.wait()
        yield BREAK


async def transferring(parts: Parts, file: UpdateFile) -> None:
    """Returns when the first byte is there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await parts.file(file)).status != "TRANSFERRING":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.002)


async def test_a_second_writer_is_told_that_there_is_another(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_STALLED_SECONDS", 3600.0)
    file, address = await parts.push()
    first = Waiting(client, address, b"first")
    await transferring(parts, file)
    answered = await client.call("PUT", address, body=[DATA])
    assert (answered.status, answered.body) == (409, b"another request is already sending file 'tiny.iso'\n")
    first.leave.set()
    await first.answer
    assert (await client.call("PUT", address, body=[DATA])).status == 200


async def test_a_writer_who_says_nothing_gives_way(parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_STALLED_SECONDS", 0.0)
    file, address = await parts.push()
    first = Waiting(client, address, b"first")
    await transferring(parts, file)
    assert (await client.call("PUT", address, body=[DATA])).status == 200
    answered = await first.answer
    assert (answered.status, answered.body) == (409, b"another request is now sending the bytes of the file\n")
    assert (await parts.file(file)).status == "READY"


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("cancel", "update session {session} is CANCELED and cannot be changed"),
        ("replace", "upload '{file}' does not exist"),
    ],
)
async def test_an_upload_stops_when_its_session_or_file_is_over(parts: Parts, client: Client, end: str, sentence: str) -> None:
    file, address = await parts.push()
    sending = Waiting(client, address, b"first")
    await transferring(parts, file)
    if end == "replace":
        await parts.files.remove(file.session, file.name)
    else:
        await parts.updates.cancel(file.session)
    answered = await asyncio.wait_for(sending.answer, PATIENCE_SECONDS)
    assert (answered.status, answered.body.decode()) == (404, sentence.format(session=file.session, file=file.id) + "\n")
    assert parts.store.uploads(STORAGE) == []


async def test_an_upload_stops_soon_when_another_process_ends_its_session(tmp_path: Path, parts: Parts, client: Client) -> None:
    file, address = await parts.push()

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.05)

    sending = asyncio.create_task(client.call("PUT", address, body=trickle()))
    await transferring(parts, file)
    async with parts_on(tmp_path) as other:
        await other.updates.cancel(file.session)
    answered = await asyncio.wait_for(sending, PATIENCE_SECONDS)
    assert answered.status == 404
    assert b"is CANCELED" in answered.body
    assert parts.store.uploads(STORAGE) == []


async def test_an_upload_that_says_nothing_for_a_whole_lease_is_ended_and_can_go_on(tmp_path: Path) -> None:
    async with parts_on(tmp_path, lease=3_600_000, clock=HandClock()) as parts:
        client = Client(parts.application())
        file, address = await parts.push(size=100)
        sending = Waiting(client, address, DATA[:60])
        await transferring(parts, file)
        await parts.transfers.touch_running()
        assert not sending.answer.done()
        parts.leases.milliseconds = 2500
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not sending.answer.done():
                await asyncio.sleep(0.05)
                await parts.transfers.touch_running()
        assert (await sending.answer).status == 408
        failed = await parts.file(file)
        assert failed.fault is not None
        assert failed.fault.text == "no data received for 2 seconds after 60 bytes"
        assert (await part(client, address, 60, 99)).status == 200


async def test_a_part_that_comes_again_after_the_last_one_is_told_that_the_file_is_complete(
    parts: Parts, client: Client
) -> None:
    file, address = await parts.push(size=100)
    await part(client, address, 0, 9)
    await part(client, address, 10, 99)
    answered = await part(client, address, 10, 99)
    told = (409, "100", b"file 'tiny.iso' is already complete (100 bytes)\n")
    assert (answered.status, answered.headers["upload-offset"], answered.body) == told
    assert (await parts.file(file)).status == "READY"


async def having_bytes(parts: Parts, file: UpdateFile) -> None:
    """Returns when it is told that bytes of a file have come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if (await parts.file(file)).received:
                return
            await asyncio.sleep(0.01)


async def test_what_came_of_a_slow_upload_is_seen_and_keeps_session_and_login_alive(tmp_path: Path) -> None:
    clock, over = HandClock(), asyncio.Event()
    async with parts_on(tmp_path, clock=clock) as parts:
        file, address = await parts.push()
        session = await parts.updates.get(file.session)

        async def slow() -> AsyncIterator[bytes]:
            while not over.is_set():
                yield b"x"
                await asyncio.sleep(0.05)

        sending = asyncio.create_task(Client(parts.application()).call("PUT", address, body=slow()))
        await transferring(parts, file)
        clock.pass_seconds(100)
        await until(lambda: parts.leases.last(session) == clock.now())
        assert parts.leases.last_login(session.login, 0) == clock.now()
        await having_bytes(parts, file)
        over.set()
        assert (await sending).status == 200


@pytest.mark.parametrize("name", ["image.iso", "machine.ova"])
async def test_a_whole_file_that_was_sent_before_a_part_does_not_undo_it(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A request that its client gave up may have to wait for the one that took its place."""
    file, address = await parts.push(name)
    early = await parts.file_transfers.target(file.session, file.id)
    assert (await part(client, address, 0, 9)).status == 200

    async def as_read_early(*_: str) -> UploadTarget:
        return early

    with monkeypatch.context() as late:
        late.setattr(parts.file_transfers, "target", as_read_early)
        answered = await client.call("PUT", address, {"content-length": "100"}, [DATA])
    said = f"file '{name}' was continued by another request, and has 10 bytes now"
    assert (answered.status, answered.body.decode()) == (409, f"{said}\n")
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "10"
    assert (await part(client, address, 10, 99)).status == 200
