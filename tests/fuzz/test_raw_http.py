"""Requests that no library would send: never a failure, never silence, and the server goes on."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crash.servers import Server
from fuzz.sockets import Heard, say

_OFTEN = settings(
    max_examples=120,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_CONTENT = "/rest/com/vmware/content"

noise = st.binary(max_size=60)
methods = st.sampled_from(b"GET POST PUT PATCH DELETE HEAD OPTIONS TRACE PROPFIND get M-X".split())
starts = st.sampled_from(
    b"/ /rest/ /rest/com/vmware/content/library /rest/com/vmware/content/library/id: /api /api/session /api/content/library/ "
    b"/cls/data/ /cls/static/ /metrics /openapi.json * http://x/api // /sdk".split()
)
targets = st.builds(
    bytes.__add__, starts, st.one_of(noise, st.sampled_from([b"%", b"%zz", b"%00", b"%c3%28", b"%2e%2e/%2f", b"?"]))
)
names = st.sampled_from(
    b"content-length transfer-encoding content-type accept range content-range expect authorization vmware-api-session-id "
    b"cookie x-request-id host if-range if-none-match connection upgrade".split()
)
texts = st.one_of(
    noise,
    st.sampled_from([b"chunked", b"identity", b"gzip, chunked", b"0", b"-1", b"1e3", b"99999999999999999999", b"bytes=0-"]),
    st.sampled_from(
        [b"application/xml", b"application/json; charset=x", b"multipart/form-data", b"Basic ?", b"Basic ", b"100-continue"]
    ),
)
headers = st.lists(st.tuples(names, texts), max_size=5)
bodies = st.one_of(
    noise, st.sampled_from([b"{}", b"[" * 20000, b"<a/>", b"5\r\nabcde\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"null"])
)


def request(method: bytes, target: bytes, lines: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    head = [b" ".join((method, target, b"HTTP/1.1")), *(name + b": " + text for name, text in lines)]
    return b"\r\n".join([*head, b"", b""]) + body


def check(heard: Heard) -> None:
    """Something is said, or the connection is closed; nothing fails."""
    assert heard.closed or heard.status is not None
    if heard.status == 500:  # SOAP 1.1 has no other status for a fault, so its type tells whose it is
        assert b'xsi:type="InvalidRequest"' in heard.data, heard.data[:500]
    else:
        assert heard.status is None or heard.status < 500 or heard.status in (501, 505), heard.data[:500]


@_OFTEN
@given(data=st.binary(max_size=300))
@example(data=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # a client that speaks TLS
@example(data=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
@example(data=b"GET / HTTP/9.9\r\n\r\n")
@example(data=b"\r\n" * 1000)
def test_bytes_that_are_no_request_are_answered_or_refused(server: Server, data: bytes) -> None:
    check(say(server.url, data))


@_OFTEN
@given(method=methods, target=targets, lines=headers, body=bodies)
def test_odd_requests_are_answered_or_refused(
    server: Server, method: bytes, target: bytes, lines: list[tuple[bytes, bytes]], body: bytes
) -> None:
    check(say(server.url, request(method, target, [(b"host", b"x"), *lines], body)))


@_OFTEN
@given(method=st.sampled_from([b"POST", b"GET", b"DELETE", b"PATCH"]), target=targets, lines=headers, body=bodies, text=noise)
def test_odd_requests_of_somebody_who_is_logged_in_are_answered_or_refused(
    server: Server, http: httpx.Client, method: bytes, target: bytes, lines: list[tuple[bytes, bytes]], body: bytes, text: bytes
) -> None:
    if b"session" in target and method == b"DELETE":
        method = b"GET"
    token = (b"vmware-api-session-id", http.headers["vmware-api-session-id"].encode())
    length = (b"content-length", str(len(body)).encode())
    check(say(server.url, request(method, target, [(b"host", b"x"), token, length, *lines], body)))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/session HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /api/session HTTP/1.1\r\nhost: x\r\n" + b"x-many: a\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /api/content/library?" + b"a=b&" * 50_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"A" * 1_000_000,
        b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}   x",
        b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{}",
        b"POST /api HTTP/1.1\r\nhost: x\r\nexpect: 200-maybe\r\ncontent-length: 2\r\n\r\n{}",
        b"GET /api/session HTTP/1.0\r\n\r\n",
        b"GET /api/session HTTP/1.1\r\n\r\n",
        b"GET /api/session HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /api/session HTTP/1.1\nhost: x\n\n",
        b"GET /api/session HTTP/1.1\r\nhost : x\r\n folded\r\n\r\n",
    ],
    ids=lambda head: head[:60].decode("latin-1") + f"… {len(head)}",
)
def test_broken_heads_are_answered_or_refused(server: Server, head: bytes) -> None:
    check(say(server.url, head))


def test_a_body_that_ends_too_early_is_the_fault_of_the_client(server: Server) -> None:
    heard = say(server.url, b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{}")
    assert heard.status == 400
    assert b"request ended before its body was complete" in heard.data


def test_a_request_that_stops_in_its_head_does_not_keep_others_waiting(server: Server, http: httpx.Client) -> None:
    halves = [b"GET /api/session HT", b"POST /api HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"]
    for half in halves * 20:
        check(say(server.url, half))
    assert http.get("/healthz").status_code == 200


# addresses of bytes


@pytest.fixture(scope="module")
def upload(http: httpx.Client) -> str:
    """The path of the upload of a file of 1,000 bytes."""
    return _address(http, "upload", size=1000)


@pytest.fixture(scope="module")
def download(http: httpx.Client) -> str:
    """The path of the download of a file of 1,000 bytes."""
    item, session, path = _pushed(http, "download", size=1000)
    assert http.put(path, content=bytes(1000)).status_code == 200
    _rest(http, f"/library/item/update-session/id:{session}?~action=complete", None)
    spec = {"create_spec": {"library_item_id": item}}
    reading = _rest(http, "/library/item/download-session", spec)
    body = {"file_name": "file"}
    file = _rest(http, f"/library/item/downloadsession/file/id:{reading}?~action=prepare", body)
    return httpx.URL(file["download_endpoint"]["uri"]).raw_path.decode()


def _rest(http: httpx.Client, target: str, body: object) -> Any:
    answer = http.post(_CONTENT + target, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["value"] if answer.content else None


def _pushed(http: httpx.Client, name: str, **more: object) -> tuple[str, str, str]:
    library = _rest(http, "/local-library", {"create_spec": {"name": name}})
    item = _rest(http, "/library/item", {"create_spec": {"name": name, "library_id": library}})
    session = _rest(http, "/library/item/update-session", {"create_spec": {"library_item_id": item}})
    spec = {"name": "file", "source_type": "PUSH", **more}
    file = _rest(http, f"/library/item/updatesession/file/id:{session}?~action=add", {"file_spec": spec})
    return item, session, httpx.URL(file["upload_endpoint"]["uri"]).raw_path.decode()


def _address(http: httpx.Client, name: str, **more: object) -> str:
    return _pushed(http, name, **more)[2]


numbers = st.one_of(
    st.integers(-5, 1100).map(str), st.sampled_from(["", "*", "x", "9" * 30, "1" * 18, "٣", "0x1", "1e3", " 5", "+1"])
)
ranges = st.one_of(
    st.builds("{}={}-{}".format, st.sampled_from(["bytes", "BYTES", "items", ""]), numbers, numbers),
    st.builds("bytes={}-{},{}-{}".format, numbers, numbers, numbers, numbers),
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40),
)
content_ranges = st.one_of(
    st.builds("{} {}-{}/{}".format, st.sampled_from(["bytes", "Bytes", "items", ""]), numbers, numbers, numbers),
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40),
)


@_OFTEN
@given(wanted=ranges, method=st.sampled_from(["GET", "HEAD"]), validator=st.sampled_from(["", '"x"', "x", 'W/"x"', "*"]))
def test_odd_ranges_give_a_part_or_the_whole_or_are_refused(
    http: httpx.Client, download: str, wanted: str, method: str, validator: str
) -> None:
    lines = [(b"range", wanted.encode("latin-1", "ignore").strip())]
    if validator:
        lines.append((b"if-range", validator.encode()))
    answer = http.request(method, download, headers=lines)
    assert answer.status_code in (200, 206, 416), answer.text
    if answer.status_code == 200:
        assert answer.headers["content-length"] == "1000"


@_OFTEN
@given(wanted=content_ranges, size=st.sampled_from([0, 1, 10, 999, 1000, 1001]), method=st.sampled_from(["PUT", "POST"]))
def test_odd_parts_are_taken_or_refused(http: httpx.Client, upload: str, wanted: str, size: int, method: str) -> None:
    named = wanted.encode("latin-1", "ignore").strip()
    answer = http.request(method, upload, headers=[(b"content-range", named)], content=bytes(size))
    assert answer.status_code in (200, 400, 409), answer.text
    head = http.head(upload)
    assert head.status_code == 200
    assert 0 <= int(head.headers["upload-offset"]) <= 1000


@_OFTEN
@given(lines=headers, body=bodies)
def test_odd_bodies_at_an_upload_address_are_taken_or_refused(
    server: Server, upload: str, lines: list[tuple[bytes, bytes]], body: bytes
) -> None:
    check(say(server.url, request(b"PUT", upload.encode(), [(b"host", b"x"), *lines], body)))


@_OFTEN
@given(tail=st.binary(max_size=40), cut=st.integers(0, 200), kind=st.sampled_from(["upload", "download"]))
def test_changed_addresses_lead_nowhere_or_to_the_same_file(
    server: Server, upload: str, download: str, tail: bytes, cut: int, kind: str
) -> None:
    path = (upload if kind == "upload" else download).encode()
    heard = say(server.url, request(b"HEAD", path[:cut] + tail.replace(b" ", b"").replace(b"\n", b""), [(b"host", b"x")]))
    check(heard)
