"""Tests that clients are sent to the object store for the bytes of a file, if the storage has the setting `redirect`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

import object_stores
from contentlib.library.identifiers import new_identifier
from following import Follower
from processes import serving
from vcsp.test_downloads import opened
from vcsp.test_own_publisher import PASSWORD, Publishing
from whole import SESSION, HandClock, Whole

pytestmark = pytest.mark.slow
MIB = 1 << 20
DATA = b"".join(bytes([number]) * MIB for number in range(20))
NAME = "disk é.iso"


class Site(NamedTuple):
    """A published library on a bucket, with one large file, and the server's client that is logged in."""

    http: httpx.Client
    published: Publishing
    item: str
    endpoint: str

    def address(self, name: str = NAME) -> str:
        """The address of a download session's file, which is all that a client needs."""
        spec = {"create_spec": {"library_item_id": self.item}}
        session = self.published.rest("POST", "/library/item/download-session", spec)
        target = f"/library/item/downloadsession/file/id:{session}?~action=prepare"
        return str(self.published.rest("POST", target, {"file_name": name})["download_endpoint"]["uri"])

    def library(self) -> Any:
        return self.published.rest("GET", f"/local-library/id:{self.published.library}")

    def redirects(self) -> float:
        """The number of requests of subscribers that were answered with a redirect."""
        start = 'contentlib_requests_total{door="vcsp",method="GET",status="302"} '
        lines = self.http.get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


@pytest.fixture(scope="module", params=[object_stores.seaweedfs, object_stores.moto])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    store: Callable[[], object_stores.ObjectServer] = request.param
    at = store().address("redirects", new_identifier())
    bucket = {"url": at.url, "endpoint": at.endpoint, "path_style": True, "credentials": str(at.credentials), "redirect": True}
    storage = json.dumps([{"id": "datastore-1", "name": "bucket", **bucket}])
    environment = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_STORAGE": storage, "CONTENTLIB_WORKERS": "1"}
    with (
        serving(tmp_path_factory.mktemp("server"), "--no-tls", **environment) as server,
        httpx.Client(base_url=server.url, timeout=60) as http,
    ):
        answer = http.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
        http.headers["vmware-api-session-id"] = answer.json()["value"]
        published = Publishing(http)
        opened(published)
        item = published.item("one", "iso", {NAME: DATA, "small.txt": b"small"})
        yield Site(http, published, item, store().endpoint)


def curl(directory: Path, *arguments: str) -> tuple[bytes, list[str]]:
    """The bytes that curl receives at last, and the lines of all headers."""
    body, headers = directory / "body", directory / "headers"
    command = ["curl", "--silent", "--show-error", "--location", "--output", str(body), "--dump-header", str(headers)]
    subprocess.run([*command, *arguments], check=True, timeout=60)
    return body.read_bytes(), headers.read_text().lower().splitlines()


def test_curl_follows_to_the_store_and_saves_the_file_under_its_name(site: Site, tmp_path: Path) -> None:
    data, lines = curl(tmp_path, site.address())
    assert data == DATA
    assert [line for line in lines if line.startswith("http/")] == ["http/1.1 302 found", "http/1.1 200 ok"]
    (location,) = [line for line in lines if line.startswith("location: ")]
    assert location.startswith(f"location: {site.endpoint}/redirects/")
    assert "content-type: application/octet-stream" in lines
    assert any(line.startswith("content-disposition: attachment;") and "disk%20%c3%a9.iso" in line for line in lines)


def test_a_range_is_read_at_the_store(site: Site, tmp_path: Path) -> None:
    data, lines = curl(tmp_path, "--range", f"{MIB - 1}-{MIB}", site.address())
    assert data == b"\0\1"
    assert f"content-range: bytes {MIB - 1}-{MIB}/{len(DATA)}" in lines


def test_a_download_that_began_at_the_store_goes_on_there(site: Site, tmp_path: Path) -> None:
    address = site.address()
    _, lines = curl(tmp_path, "--range", "0-9", address)
    tag = next(line for line in lines if line.startswith("etag: ")).removeprefix("etag: ")
    data, lines = curl(tmp_path, "--range", "10-19", "--header", f"If-Range: {tag}", address)
    assert (data, "http/1.1 206 partial content" in lines) == (DATA[10:20], True)


def test_a_subscriber_without_a_password_is_sent_to_the_store(site: Site, tmp_path: Path) -> None:
    url = site.library()["publish_info"]["publish_url"].removesuffix("lib.json") + f"{site.item}/disk%20%C3%A9.iso"
    data, lines = curl(tmp_path, url)
    assert (data, sum(line.startswith("location: ") for line in lines)) == (DATA, 1)


@pytest.mark.parametrize("header", ["vmware-api-session-id: TOKEN", "Authorization: Bearer x", "Cookie: a=b"])
def test_a_client_that_sends_a_secret_gets_the_bytes_from_the_server(site: Site, tmp_path: Path, header: str) -> None:
    data, lines = curl(tmp_path, "--header", header, site.address())
    assert (data, sum(line.startswith("location: ") for line in lines)) == (DATA, 0)


def test_the_server_answers_for_the_headers_and_for_small_files(site: Site, tmp_path: Path) -> None:
    head = httpx.head(site.address())
    assert (head.status_code, head.headers["content-length"], head.headers["accept-ranges"]) == (200, str(len(DATA)), "bytes")
    data, lines = curl(tmp_path, site.address("small.txt"))
    assert (data, sum(line.startswith("location: ") for line in lines)) == (b"small", 0)


def test_a_download_at_the_store_is_in_the_audit_log(site: Site) -> None:
    answer = httpx.get(site.address())
    assert answer.status_code == 302
    found = site.http.get("/api/contentlib/access/audit", params={"operation": "transfer.download"}).json()
    assert NAME in json.dumps(found, ensure_ascii=False)


def test_a_wrong_signature_is_not_sent_to_the_store(site: Site) -> None:
    base, _, name = site.address().rpartition("/")
    assert httpx.get(f"{base}x/{name}").status_code == 404


async def test_our_own_subscriber_reads_from_the_store(app: Whole, clock: HandClock, site: Site) -> None:
    before = site.redirects()
    follower = await Follower.new(app, clock, site.library()["publish_info"]["publish_url"])
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert await follower.content() == {"one": {NAME: DATA, "small.txt": b"small"}}
    assert site.redirects() == before + 1
