from __future__ import annotations

import base64
import errno
import hashlib
import os
import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from contentlib.http.files import disposition
from transfer.parts import LOGIN, STORAGE, Client, Parts

DATA = b"0123456789" * 10
SHA256 = hashlib.sha256(DATA)
TAG = f'"{SHA256.hexdigest()}"'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_file_is_sent_with_all_that_is_known_of_it(parts: Parts, client: Client, method: str) -> None:
    _, address = await parts.stored(DATA)
    answered = await client.call(method, address)
    assert answered.status == 200
    assert answered.body == (DATA if method == "GET" else b"")
    assert parsedate_to_datetime(answered.headers.pop("last-modified")) <= datetime.now(UTC)
    assert answered.headers.pop("x-request-id")
    assert answered.headers == {
        "content-type": "application/octet-stream",
        "content-length": "100",
        "etag": TAG,
        "accept-ranges": "bytes",
        "content-disposition": "attachment; filename=\"tiny.iso\"; filename*=UTF-8''tiny.iso",
        "repr-digest": f"sha-256=:{base64.b64encode(SHA256.digest()).decode()}:",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-transform",
        "strict-transport-security": "max-age=31536000",
    }


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-"}, {"range": "bytes=-5"}])
async def test_an_empty_file_is_sent_as_one(parts: Parts, client: Client, headers: dict[str, str]) -> None:
    _, address = await parts.stored(b"")
    answered = await client.call("GET", address, headers)
    assert (answered.status, answered.headers["content-length"], answered.body) == (200, "0", b"")


RANGES = [
    ("bytes=0-9", 206, "bytes 0-9/100", DATA[:10]),
    ("bytes=0-0", 206, "bytes 0-0/100", DATA[:1]),
    ("bytes=90-", 206, "bytes 90-99/100", DATA[90:]),
    ("bytes=95-1000", 206, "bytes 95-99/100", DATA[95:]),
    ("bytes=-7", 206, "bytes 93-99/100", DATA[93:]),
    ("bytes=-1000", 206, "bytes 0-99/100", DATA),
    ("bytes=0-", 206, "bytes 0-99/100", DATA),
    ("Bytes = 0-9", 206, "bytes 0-9/100", DATA[:10]),
    ("bytes=100-", 416, "bytes */100", b"requested range is outside the file (100 bytes)\n"),
    ("bytes=-0", 416, "bytes */100", b"requested range is outside the file (100 bytes)\n"),
    ("bytes=0-9,20-29", 200, None, DATA),
    ("bytes=9-0", 200, None, DATA),
    ("bytes=", 200, None, DATA),
    ("bytes=-", 200, None, DATA),
    ("bytes=a-b", 200, None, DATA),
    ("bytes=" + "9" * 5000 + "-", 200, None, DATA),
    ("items=0-9", 200, None, DATA),
]


@pytest.mark.parametrize(("header", "status", "content_range", "body"), RANGES)
async def test_a_range_is_served_as_the_clause_says(
    parts: Parts, client: Client, header: str, status: int, content_range: str | None, body: bytes
) -> None:
    _, address = await parts.stored(DATA)
    answered = await client.call("GET", address, {"range": header})
    assert (answered.status, answered.headers.get("content-range"), answered.body) == (status, content_range, body)
    assert answered.headers["content-length"] == str(len(body))
    head = await client.call("HEAD", address, {"range": header})  # a range is of GET only
    assert (head.status, head.headers["content-length"]) == (200, "100")


OLD, NEW = "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-none-match": TAG}, 304),
        ({"if-none-match": f'"a", W/{TAG}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"a"'}, 200),
        ({"if-none-match": '"a"', "if-modified-since": NEW}, 200),
        ({"if-modified-since": NEW}, 304),
        ({"if-modified-since": OLD}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-match": TAG}, 200),
        ({"if-match": f'"a", {TAG}'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": f"W/{TAG}"}, 412),
        ({"if-match": '"a"'}, 412),
        ({"if-match": TAG, "if-unmodified-since": OLD}, 200),
        ({"if-match": TAG, "if-none-match": TAG}, 304),
        ({"if-unmodified-since": OLD}, 412),
        ({"if-unmodified-since": NEW}, 200),
        ({"range": "bytes=0-9", "if-range": TAG}, 206),
        ({"range": "bytes=0-9", "if-range": f"W/{TAG}"}, 200),
        ({"range": "bytes=0-9", "if-range": '"a"'}, 200),
        ({"range": "bytes=0-9", "if-range": OLD}, 200),
        ({"range": "bytes=500-", "if-range": '"a"'}, 200),
        ({"range": "bytes=0-9", "if-none-match": TAG}, 304),
    ],
)
async def test_a_condition_is_looked_at_in_the_order_of_the_clause(
    parts: Parts, client: Client, headers: dict[str, str], status: int
) -> None:
    _, address = await parts.stored(DATA)
    answered = await client.call("GET", address, headers)
    assert answered.status == status
    assert answered.headers["etag"] == TAG
    assert "last-modified" in answered.headers
    assert ("content-length" in answered.headers) is (status != 304)


async def test_a_range_may_be_held_to_the_date_that_was_told(parts: Parts, client: Client) -> None:
    _, address = await parts.stored(DATA)
    modified = (await client.call("HEAD", address)).headers["last-modified"]
    assert modified == format_datetime(parsedate_to_datetime(modified), usegmt=True)
    assert (await client.call("GET", address, {"range": "bytes=0-9", "if-range": modified})).status == 206
    assert (await client.call("GET", address, {"if-modified-since": modified})).status == 304


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("a b.iso", "a b.iso", "a%20b.iso"),
        ('say "x".iso', "say _x_.iso", "say%20%22x%22.iso"),
        ("größe 100%.ovf", "gr__e 100%.ovf", "gr%C3%B6%C3%9Fe%20100%25.ovf"),
        ("a%20b", "a_20b", "a%2520b"),
        ("x;y,z'(1)*.iso", "x;y,z'(1)*.iso", "x%3By%2Cz%27%281%29%2A.iso"),
        ("日本.iso", "__.iso", "%E6%97%A5%E6%9C%AC.iso"),
    ],
)
def test_any_name_is_safe_in_a_header(name: str, plain: str, encoded: str) -> None:
    assert disposition(name) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    assert disposition(name).isascii()


async def test_a_download_dies_with_its_session(parts: Parts, client: Client) -> None:
    item, _ = await parts.stored(DATA)
    session = await parts.downloads.create("u", "l", item, None)
    address = parts.addresses.download(session, 0, "tiny.iso")
    await parts.downloads.cancel(session)
    answered = await client.call("GET", address)
    assert (answered.status, answered.body.decode()) == (404, f"download session {session} is CANCELED and cannot be changed\n")
    await parts.downloads.delete(session)
    answered = await client.call("GET", address)
    assert (answered.status, answered.body.decode()) == (404, f"download session '{session}' does not exist\n")


async def test_a_wrong_signature_tells_nothing_of_the_session(parts: Parts, client: Client) -> None:
    _, address = await parts.stored(DATA)
    for wrong in (address.replace("/0/", "/1/"), re.sub("[0-9a-f]{8}-", "00000000-", address, count=1)):
        for method in ("GET", "PUT", "DELETE"):
            answered = await client.call(method, wrong)
            expected = b"invalid signature: this server did not issue this URL\n"
            assert (answered.status, answered.body) == (404, expected)


async def test_a_place_beyond_the_last_file_does_not_exist(parts: Parts, client: Client) -> None:
    item, _ = await parts.stored(DATA)
    session = await parts.downloads.create("u", "l", item, None)
    assert (await client.call("GET", parts.addresses.download(session, 1, "x"))).status == 404


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [(None, "is missing from storage"), (b"0123", "4 bytes on storage"), (b"9" * 100, "SHA256 checksum is")],
)
async def test_bytes_that_are_gone_or_damaged_are_an_error_that_is_said(
    parts: Parts, client: Client, damage: bytes | None, sentence: str
) -> None:
    _, address = await parts.stored(DATA)
    (blob,) = parts.store.blobs(STORAGE)
    path = parts.store.path(STORAGE, blob)
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    answered = await client.call("GET", address)
    assert answered.status == 500
    assert b"file 'tiny.iso'" in answered.body
    assert sentence in answered.body.decode()
    (failure,) = parts.failures
    assert sentence in str(failure)


async def test_what_is_unforeseen_is_told_by_its_request_id(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = await parts.stored(DATA)

    async def fails(*arguments: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(parts.blobs, "check", fails)
    answered = await client.call("GET", address, {"x-request-id": "id-7"})
    expected = b"internal server error; see the server log for request id-7\n"
    assert (answered.status, answered.body) == (500, expected)
    (failure,) = parts.failures
    assert isinstance(failure, ZeroDivisionError)


@pytest.mark.parametrize(
    ("kind", "method", "allowed"),
    [
        ("upload", "GET", "HEAD, POST, PUT"),
        ("upload", "DELETE", "HEAD, POST, PUT"),
        ("download", "PUT", "GET, HEAD"),
        ("download", "POST", "GET, HEAD"),
        ("download", "OPTIONS", "GET, HEAD"),
        ("content", "DELETE", "GET, HEAD"),
    ],
)
async def test_a_method_that_an_address_does_not_know_is_told_with_those_that_it_does(
    parts: Parts, client: Client, kind: str, method: str, allowed: str
) -> None:
    item, download = await parts.stored(DATA)
    _, upload = await parts.push(item=item)
    content = parts.addresses.content("l", item, "tiny.iso", 1)
    answered = await client.call(method, {"upload": upload, "download": download, "content": content}[kind])
    assert (answered.status, answered.headers["allow"]) == (405, allowed)


async def content(parts: Parts, revision: int = 1, name: str = "tiny.iso") -> str:
    """The address of a file of a new item, under a library and a name."""
    item, _ = await parts.stored(DATA)
    return parts.addresses.content((await parts.items.get(item)).library, item, name, revision)


HEADERS = {"vmware-api-session-id": LOGIN}


async def test_a_file_of_an_item_is_read_with_a_login_session(parts: Parts, client: Client) -> None:
    address = await content(parts)
    answered = await client.call("GET", address, HEADERS)
    assert (answered.status, answered.body, answered.headers["etag"]) == (200, DATA, TAG)
    assert (await client.call("GET", address, HEADERS | {"range": "bytes=0-4"})).body == DATA[:5]
    assert (await client.call("GET", address.partition("?")[0], HEADERS)).status == 200


async def test_nobody_reads_a_file_of_an_item_without_one(parts: Parts, client: Client) -> None:
    answered = await client.call("GET", await content(parts))
    assert (answered.status, answered.headers["www-authenticate"]) == (401, 'Basic realm="contentlib"')
    assert answered.body == b"the request has no login session\n"


async def test_a_file_of_an_item_is_not_found_under_another_library_name_or_version(parts: Parts, client: Client) -> None:
    address = await content(parts)
    library, item, _ = address.removeprefix("/cls/static/").split("/")
    told = {
        await content(parts, revision=2): "is at version 1, not 2",
        await content(parts, name="other.iso"): "has no file 'other.iso'",
        address.replace(library, item): f"library '{item}' has no item '{item}'",
        address.replace(item, library): f"library item '{library}' does not exist",
        "/cls/static/x": "no such file: '/cls/static/x'",
    }
    for wrong, sentence in told.items():
        answered = await client.call("GET", wrong, HEADERS)
        assert (answered.status, sentence in answered.body.decode()) == (404, True), answered.body


@pytest.mark.parametrize("broken", [errno.EIO, errno.EACCES, errno.EMFILE])
@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("GET", {"range": "bytes=0-9"}), ("HEAD", {})])
async def test_a_file_that_cannot_be_opened_is_unavailable_and_logged(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch, method: str, headers: dict[str, str], broken: int
) -> None:
    item, address = await parts.stored(DATA)
    static = parts.addresses.content((await parts.items.get(item)).library, item, "tiny.iso", 1)
    opening = os.open

    def refused(path: str, *arguments: int, **names: int) -> int:
        if "/blobs/" in str(path):
            raise OSError(broken, os.strerror(broken))
        return opening(path, *arguments, **names)

    monkeypatch.setattr("contentlib.blobs.filesystem.os.open", refused)
    for each in (address, static):
        answered = await client.call(method, each, {**headers, "vmware-api-session-id": LOGIN})
        assert (answered.status, answered.headers["retry-after"]) == (503, "10")
        assert os.strerror(broken).encode() in answered.body or method == "HEAD"
    assert len(parts.failures) == 2
