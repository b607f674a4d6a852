from __future__ import annotations

import hashlib

import msgspec
import pytest

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.model import TransferStatus
from transfer.parts import BREAK, STORAGE, Client, Parts

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
    assert answered.status == 400
    assert failed.status is TransferStatus.ERROR
    assert failed.fault is not None
    assert answered.body.decode() == failed.fault.text + "\n"
    assert expected in failed.fault.text
    assert hashlib.md5(b"other").hexdigest() in failed.fault.text
    assert parts.store.uploads(STORAGE) == []
    assert (await client.call("PUT", address, body=[DATA])).status == 200
    assert (await parts.file(file)).status is TransferStatus.READY


@pytest.mark.parametrize(
    ("headers", "body", "sentence"),
    [
        ({"content-length": "101"}, [DATA, b"x"], "file 'tiny.iso' has 101 bytes, expected were 100"),
        ({"content-length": "99"}, [DATA[:99]], "file 'tiny.iso' has 99 bytes, expected were 100"),
        ({}, [DATA[:99]], "file 'tiny.iso' has 99 bytes, expected were 100"),
        ({}, [DATA, b"x"], "file 'tiny.iso' has more than 100 bytes, expected were 100"),
        ({"content-range": "bytes 0-9/99"}, [DATA[:10]], "file 'tiny.iso' has 99 bytes, expected were 100"),
        ({"content-range": "bytes 0-100/*"}, [DATA, b"x"], "file 'tiny.iso' has 101 bytes, expected were 100"),
        (
            {"content-range": "bytes 0-9/100"},
            [DATA[:9]],
            "file 'tiny.iso': the header Content-Range names 10 bytes, the body has 9",
        ),
        (
            {"content-range": "bytes 0-9/100"},
            [DATA],
            "file 'tiny.iso': the header Content-Range names 10 bytes, the body has more",
        ),
    ],
)
async def test_a_wrong_size_is_told_and_stays_with_the_file(
    parts: Parts, client: Client, headers: dict[str, str], body: list[bytes], sentence: str
) -> None:
    file, address = await parts.push(size=100)
    answered = await client.call("PUT", address, headers, body)
    assert (answered.status, answered.body.decode()) == (400, sentence + "\n")
    failed = await parts.file(file)
    assert (failed.status, failed.fault and failed.fault.text) == ("ERROR", sentence)
    assert (await client.call("PUT", address, body=[DATA])).status == 200


async def test_a_broken_connection_shows_at_once_and_keeps_what_came(parts: Parts, client: Client) -> None:
    file, address = await parts.push(size=100)
    await client.call("PUT", address, {"content-length": "100"}, [DATA[:60], BREAK])
    failed = await parts.file(file)
    assert (failed.status, failed.received) == ("ERROR", 60)
    assert failed.fault is not None
    assert failed.fault.text == "the connection broke after 60 of 100 bytes"
    assert (await client.call("HEAD", address)).headers["upload-offset"] == "60"
