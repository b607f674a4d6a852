"""The server as its users start it: a process, TLS, one or more workers."""

from __future__ import annotations

import hashlib
import http.client
import ssl
from collections.abc import Iterator

import httpx
import pytest

from processes import Running, serving
from whole import CONTENT, SESSION

NAME, PASSWORD = "administrator@vsphere.local", "ünlock: me"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with two workers and a certificate of its own."""
    with serving(tmp_path_factory.mktemp("server"), "--workers", "2", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    """A client that is logged in, on a connection of its own."""
    certificate = ssl.create_default_context()
    certificate.check_hostname = False
    certificate.verify_mode = ssl.CERT_NONE
    with httpx.Client(base_url=server.url, verify=certificate, timeout=60) as client:
        answer = client.post(SESSION, auth=httpx.BasicAuth(NAME.encode(), PASSWORD.encode()))
        assert answer.status_code == 200
        client.headers["vmware-api-session-id"] = answer.json()["value"]
        yield client


def test_the_main_job_over_tls(client: httpx.Client, server: Running) -> None:
    def rest(method: str, target: str, body: object = None) -> object:
        answer = client.request(method, CONTENT + target, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"] if answer.content else None

    data = bytes(range(256)) * 8192
    library = rest("POST", "/local-library", {"create_spec": {"name": "lab"}})
    item = rest("POST", "/library/item", {"create_spec": {"name": "tiny", "library_id": library}})
    update = rest("POST", "/library/item/update-session", {"create_spec": {"library_item_id": item}})
    spec = {"file_spec": {"name": "tiny.iso", "source_type": "PUSH", "size": len(data)}}
    file = rest("POST", f"/library/item/updatesession/file/id:{update}?~action=add", spec)
    assert isinstance(file, dict)
    assert file["upload_endpoint"]["uri"].startswith(server.url + "/cls/data/")
    assert file["upload_endpoint"]["ssl_certificate_thumbprint"] == server.value("certificate SHA-1 thumbprint: ")
    assert client.put(file["upload_endpoint"]["uri"], content=data).status_code == 200
    rest("POST", f"/library/item/update-session/id:{update}?~action=complete")
    session = rest("POST", "/library/item/download-session", {"create_spec": {"library_item_id": item}})
    target = f"/library/item/downloadsession/file/id:{session}?~action=prepare"
    prepared = rest("POST", target, {"file_name": "tiny.iso"})
    assert isinstance(prepared, dict)
    answer = client.get(prepared["download_endpoint"]["uri"])
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest()
    assert answer.headers["content-length"] == str(len(data))


def test_5_terraform_matches_the_reason_of_the_status(client: httpx.Client, server: Running) -> None:
    url = httpx.URL(server.url)
    connection = http.client.HTTPSConnection(url.host, url.port, context=ssl._create_unverified_context())
    token = {"vmware-api-session-id": client.headers["vmware-api-session-id"]}
    connection.request("GET", f"{CONTENT}/library/item/id:gone", headers=token)
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.reason) == (404, "Not Found")


def test_a_logout_is_known_to_every_worker(client: httpx.Client, server: Running) -> None:
    token = {"vmware-api-session-id": client.headers["vmware-api-session-id"]}
    assert client.delete(SESSION).status_code == 200
    statuses = {httpx.get(server.url + SESSION, headers=token, verify=False, timeout=60).status_code for _ in range(10)}
    assert statuses == {401}


def test_the_certificate_and_the_version_are_told_to_prometheus(client: httpx.Client) -> None:
    found = client.get("/metrics").text
    for name in ("contentlib_certificate_expiry_seconds", "contentlib_build_info", "contentlib_storage_free_bytes"):
        assert name in found


def test_the_log_tells_a_refusal_by_its_request(client: httpx.Client, server: Running) -> None:
    client.get(f"{CONTENT}/library/id:none", headers={"x-request-id": "find-me"})
    line = next(line for line in server.output if "find-me" in line)
    assert "contentlib.library.not_found" in line
