"""What is sent in the place of a file: an encoding of it, a form with it, a page that says that it is not there."""

from __future__ import annotations

import base64
import gzip
import zlib

import msgspec
import pytest

from contentlib.library.errors import NotReady
from packages import archive, package
from transfer.parts import BREAK, STORAGE, Client, Parts

ISO = bytes(0x8001) + b"CD001" + bytes(5000)
GZIP = gzip.compress(ISO, mtime=0)
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>404</title></head></html>"
FORM = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.iso"\r\n\r\n' + ISO + b"\r\n--xyz--\r\n"


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("tiny.iso", FORM, "was sent as a multipart form; send its bytes as the body (curl: -T FILE, not -F)"),
        ("tiny", FORM, "was sent as a multipart form"),
        ("tiny.iso", PAGE, "is a web page (HTML), possibly an error page of its source; send the file itself"),
        ("tiny.OVF", b'<?xml version="1.0"?><html>' + PAGE, "is a web page (HTML)"),
        ("tiny.ova", PAGE, "is a web page (HTML)"),
        ("tiny.ova", PAGE * 20, "is a web page (HTML)"),
        ("tiny.iso", base64.b64encode(ISO), "is base64 text of an ISO image; send the bytes without encoding"),
        ("tiny.iso", base64.encodebytes(ISO), "is base64 text of an ISO image"),
        ("tiny.iso", b"data:application/octet-stream;base64," + base64.b64encode(ISO), "is base64 text of an ISO image"),
        ("tiny.ova", base64.b64encode(archive(package())), "is base64 text of a tar archive"),
        ("tiny.ova", base64.b64encode(b"KDMV" * 30), "is base64 text of a VMDK disk image"),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "parts"])
async def test_what_is_not_the_file_is_refused_with_how_to_send_it(
    parts: Parts, client: Client, name: str, data: bytes, told: str, whole: bool
) -> None:
    file, address = await parts.push(name)
    for start, end in [(0, len(data))] if whole else [(0, 50), (50, len(data))]:
        headers = {} if whole else {"content-range": f"bytes {start}-{end - 1}/{len(data)}"}
        answered = await client.call("PUT", address, headers, [data[start:end]])
    assert msgspec.json.decode(answered.body)["status"] == "ERROR"
    failed = await parts.file(file)
    assert failed.fault is not None
    assert told in failed.fault.text
    with pytest.raises(NotReady):
        await parts.completion.complete(file.session)
    assert parts.store.uploads(STORAGE) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("index.html", PAGE),
        ("notes.txt", PAGE),
        ("notes.txt", base64.b64encode(ISO)),
        ("a.b64", base64.encodebytes(ISO)),
        ("tiny.vmdk", b"A" * 70_000),
        ("tiny.iso", b"--not a form\r\nat all"),
        ("tiny.iso", b""),
        ("key.pem", b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(300))),
    ],
)
async def test_what_may_be_meant_is_kept(parts: Parts, client: Client, name: str, data: bytes) -> None:
    file, address = await parts.push(name)
    assert (await client.call("PUT", address, body=[data])).status == 200
    assert (await parts.file(file)).status == "READY"
    await parts.completion.complete(file.session)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", GZIP),
        ("X-Gzip", gzip.compress(ISO[:9], mtime=0) + gzip.compress(ISO[9:], mtime=0) + bytes(20)),
        ("deflate", zlib.compress(ISO)),
        ("identity", ISO),
    ],
)
@pytest.mark.parametrize("step", [7, 1 << 20])
async def test_a_compressed_body_is_decoded(parts: Parts, client: Client, encoding: str, data: bytes, step: int) -> None:
    file, address = await parts.push("tiny.iso", size=len(ISO))
    body = [data[at : at + step] for at in range(0, len(data), step)] if len(data) < 5000 else [data]
    answered = await client.call("PUT", address, {"content-encoding": encoding, "content-length": str(len(data))}, body)
    assert answered.status == 200, answered.body
    ready = await parts.file(file)
    assert (ready.status, ready.received) == ("READY", len(ISO))


async def test_a_compressed_archive_is_unpacked(parts: Parts, client: Client) -> None:
    file, address = await parts.push("tiny.ova")
    data = gzip.compress(archive(package()))
    assert (await client.call("PUT", address, {"content-encoding": "gzip"}, [data])).status == 200
    await parts.completion.complete(file.session)


@pytest.mark.parametrize("data", [ISO, GZIP[:-9], GZIP + b"junk"], ids=["plain", "cut", "junk"])
async def test_a_body_that_is_not_compressed_as_it_says_is_told(parts: Parts, client: Client, data: bytes) -> None:
    file, address = await parts.push("tiny.iso")
    answered = await client.call("PUT", address, {"content-encoding": "gzip"}, [data])
    assert answered.status == 400
    assert b"was sent with Content-Encoding gzip, but it" in answered.body
    assert (await parts.file(file)).status == "ERROR"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"content-encoding": "br"}, b"unsupported Content-Encoding 'br'"),
        ({"content-transfer-encoding": "base64"}, b"unsupported Content-Transfer-Encoding 'base64'"),
        ({"content-encoding": "gzip", "content-range": "bytes 0-9/20"}, b"cannot be combined"),
    ],
)
async def test_an_encoding_that_is_not_decoded_is_refused(
    parts: Parts, client: Client, headers: dict[str, str], told: bytes
) -> None:
    _, address = await parts.push("tiny.iso")
    answered = await client.call("PUT", address, headers, [b"0123456789"])
    assert answered.status == 415
    assert told in answered.body


async def test_a_compressed_body_that_grows_beyond_what_was_declared_ends_there(parts: Parts, client: Client) -> None:
    file, address = await parts.push("tiny.iso", size=1000)
    answered = await client.call("PUT", address, {"content-encoding": "gzip"}, [gzip.compress(bytes(64 << 20)), BREAK])
    assert answered.status == 400
    failed = await parts.file(file)
    assert failed.fault is not None
    assert failed.fault.text == "file 'tiny.iso' is larger than the expected 1000 bytes"
