from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path

import msgspec
import pytest

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.model import TransferStatus
from contentlib.library.threads import Threads
from transfer.parts import BREAK, STORAGE, Client, Parts, parts_on

DATA = b"0123456789" * 10
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("headers", [{}, {"content-length": "100"}, {"content-type": "text/ovf"}])
async def test_a_file_is_ready_when_its_bytes_are_there(
    parts: Parts, client: Client, method: str, headers: dict[str, str]
) -> None:
    file, address = await parts.push(size=100)
    answered = await client.call(method, address, headers, [DATA[:40], DATA[40:]])
    told = {"name": "tiny.iso", "size": 100, "status": "READY", "checksums": {"SHA256": SHA256}}
    assert (answered.status, msgspec.json.decode(answered.body)) == (200, told)
    assert answered.headers["content-type"] == "application/json"
    ready = await parts.file(file)
    assert (ready.status, ready.received, ready.content) == ("READY", 100, Checksum(Algorithm.SHA256, SHA256))


async def test_a_file_may_be_empty(parts: Parts, client: Client) -> None:
    file, address = await parts.push(size=0)
    assert (await client.call("PUT", address, {"content-length": "0"})).status == 200
    assert (await parts.file(file)).status is TransferStatus.READY


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_a_declared_checksum_is_verified_and_told(parts: Parts, client: Client, algorithm: Algorithm) -> None:
    digits = hashlib.new(algorithm.value.lower(), DATA).hexdigest()
    file, address = await parts.push(checksum=Checksum(algorithm, digits))
    answered = await client.call("PUT", address, body=[DATA])
    assert msgspec.json.decode(answered.body)["checksums"] == {"SHA256": SHA256, algorithm.value: digits}
    assert (await parts.file(file)).content == Checksum(algorithm, digits)


async def test_a_wrong_checksum_is_told_with_both_values_and_the_file_can_be_sent_again(parts: Parts, client: Client) -> None:
    expected = hashlib.md5(DATA).hexdigest()
    file, address = await parts.push(checksum=Checksum(Algorithm.MD5, expected))
    answered = await client.call("PUT", address, body=[b"other"])
    failed = await parts.file(file)
    assert failed.status is TransferStatus.ERROR
    assert failed.fault is not None
    told = {"name": "tiny.iso", "size": 5, "status": "ERROR", "error_message": failed.fault.text}
    assert (answered.status, msgspec.json.decode(answered.body)) == (200, told)
    assert expected in failed.fault.text
    assert hashlib.md5(b"other").hexdigest() in failed.fault.text
    assert parts.store.uploads(STORAGE) == []
    assert (await client.call("PUT", address, body=[DATA])).status == 200
    assert (await parts.file(file)).status is TransferStatus.READY


@pytest.mark.parametrize(
    ("headers", "body", "status", "sentence"),
    [
        ({"content-length": "101"}, [DATA, b"x"], 400, "file 'tiny.iso' is 101 bytes, expected 100"),
        ({"content-length": "99"}, [DATA[:99]], 400, "file 'tiny.iso' is 99 bytes, expected 100"),
        ({}, [DATA[:99]], 200, "file 'tiny.iso' is 99 bytes, expected 100"),
        ({}, [DATA, b"x"], 400, "file 'tiny.iso' is larger than the expected 100 bytes"),
        ({"content-range": "bytes 0-9/99"}, [DATA[:10]], 400, "file 'tiny.iso' is 99 bytes, expected 100"),
        ({"content-range": "bytes 0-100/*"}, [DATA, b"x"], 400, "file 'tiny.iso' is 101 bytes, expected 100"),
        (
            {"content-range": "bytes 0-9/100"},
            [DATA[:9]],
            400,
            "file 'tiny.iso': Content-Range covers 10 bytes, body has 9",
        ),
        (
            {"content-range": "bytes 0-9/100"},
            [DATA],
            400,
            "file 'tiny.iso': Content-Range covers 10 bytes, body has more",
        ),
    ],
)
async def test_a_wrong_size_is_told_and_stays_with_the_file(
    parts: Parts, client: Client, headers: dict[str, str], body: list[bytes], status: int, sentence: str
) -> None:
    file, address = await parts.push(size=100)
    answered = await client.call("PUT", address, headers, body)
    told = answered.body.decode() if status == 400 else msgspec.json.decode(answered.body)["error_message"] + "\n"
    assert (answered.status, told) == (status, sentence + "\n")
    failed = await parts.file(file)
    assert (failed.status, failed.fault and failed.fault.text) == ("ERROR", sentence)
    assert (await client.call("PUT", address, body=[DATA])).status == 200


async def test_a_broken_connection_shows_at_once_and_keeps_what_came(parts: Parts, client: Client) -> None:
    file, address = await parts.push(size=100)
    await client.call("PUT", address, {"content-length": "100"}, [DATA[:60], BREAK])
    failed = await parts.file(file)
    assert (failed.status, failed.received) == ("ERROR", 60)
    assert failed.fault is not None
    assert failed.fault.text == "connection lost after 60 of 100 bytes"
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "60"


@pytest.mark.parametrize("headers", [{"content-length": "100"}, {}, {"content-range": "bytes 0-99/100"}])
async def test_a_file_over_the_limit_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    async with parts_on(tmp_path, limit=99) as parts:
        file, address = await parts.push()
        answered = await Client(parts.application()).call("PUT", address, headers, [DATA])
        assert answered.status == 413
        failed = await parts.file(file)
        assert failed.fault is not None
        assert failed.fault.text == "file 'tiny.iso' exceeds the limit of 99 bytes (upload_limit_bytes)"
        assert answered.body.decode() == failed.fault.text + "\n"


async def test_a_form_is_no_file(parts: Parts, client: Client) -> None:
    file, address = await parts.push()
    answered = await client.call("POST", address, {"content-type": "multipart/form-data; boundary=x"}, [b"--x"])
    assert (answered.status, b"-T FILE" in answered.body) == (415, True)
    assert (await parts.file(file)).status == "WAITING_FOR_TRANSFER"


async def test_a_full_storage_is_told_and_gets_its_room_back(tmp_path: Path, parts: Parts, client: Client) -> None:
    file, address = await parts.push()
    staged = tmp_path / STORAGE / "staging" / file.id
    staged.symlink_to("/dev/full")  # a device on which every write fails as on a full disk
    answered = await client.call("PUT", address, {"content-range": "bytes 0-99/100"}, [DATA])
    sentence = "could not be stored after 0 bytes: storage datastore-1 is full (No space left on device)"
    assert (answered.status, answered.body.decode()) == (507, f"file 'tiny.iso' {sentence}\n")
    failed = await parts.file(file)
    assert (failed.status, failed.fault and failed.fault.id) == ("ERROR", "upload.storage_full")
    assert parts.store.uploads(STORAGE) == []
    assert [type(failure) for failure in parts.failures] == [OSError]
    assert (await client.call("PUT", address, body=[DATA])).status == 200


@pytest.mark.parametrize("broken", ["directory", "file"])
async def test_a_storage_that_cannot_be_written_is_told(tmp_path: Path, parts: Parts, client: Client, broken: str) -> None:
    file, address = await parts.push()
    staging = tmp_path / STORAGE / "staging"
    if broken == "directory":
        staging.rmdir()
        why = "No such file or directory"
    else:
        (staging / file.id).mkdir()
        why = "Is a directory"
    answered = await client.call("PUT", address, body=[DATA])
    sentence = f"could not be stored after 0 bytes: storage datastore-1 is not writable ({why})"
    assert (answered.status, answered.body.decode()) == (400, f"file 'tiny.iso' {sentence}\n")
    assert (await parts.file(file)).status == "ERROR"
    assert len(parts.failures) == 1


async def test_a_failure_of_the_server_shows_in_the_file(parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    file, address = await parts.push()

    async def fails(*arguments: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(parts.blobs, "keep", fails)
    answered = await client.call("PUT", address, {"x-request-id": "id-7"}, [DATA])
    assert (answered.status, b"id-7" in answered.body) == (500, True)
    failed = await parts.file(file)
    assert failed.status == "ERROR"
    assert failed.fault is not None
    assert "id-7" in failed.fault.text
    assert "deep" not in failed.fault.text + answered.body.decode()


async def test_many_small_pieces_make_one_file(parts: Parts, client: Client) -> None:
    _, address = await parts.push()
    data = bytes(range(256)) * 10_000
    answered = await client.call("PUT", address, body=[data[at : at + 999] for at in range(0, len(data), 999)])
    assert msgspec.json.decode(answered.body)["checksums"]["SHA256"] == hashlib.sha256(data).hexdigest()


async def test_a_thread_that_works_on_a_file_is_waited_for_when_its_caller_is_cancelled() -> None:
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        go_on.wait(5)
        ended.set()

    task = asyncio.create_task(Threads(1).run(work))
    await asyncio.to_thread(began.wait)
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
