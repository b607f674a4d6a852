"""What the server publishes, as a process of its own and over TLS, is read back into what is in the library."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from contentlib.library.errors import NotFetched
from contentlib.library.model import Authentication, Subscription
from contentlib.library.sessions.pulls import ProbeStatus
from contentlib.outbound.client import Outbound
from contentlib.outbound.credentials import credentials_of
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.sources import Sources
from contentlib.vapi.types import DateTime
from contentlib.vcsp.reading.probing import SubscriptionProbes
from contentlib.vcsp.reading.reader import CatalogReader
from packages import package
from processes import Running, serving
from publisher import ALLOW
from whole import CONTENT, SESSION

PASSWORD = "ünlock: me"
FILES = {"50% off #1.iso": b"iso", "é+日?.bin": b"more"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a certificate of its own."""
    with serving(
        tmp_path_factory.mktemp("server"), CONTENTLIB_ADMIN_PASSWORD=PASSWORD, CONTENTLIB_UNIQUE_LIBRARY_NAMES="false"
    ) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Outbound]:
    """A client that waits for passwords to be checked."""
    made = Outbound(OutboundPolicy(ALLOW))
    yield made
    await made.close()


class Publishing:
    """A published library, and its owner."""

    def __init__(self, http: httpx.Client, library: str | None = None, name: str = "lab") -> None:
        self._http = http
        info = {"published": True, "authentication_method": "BASIC", "password": "secret"}
        spec = {"create_spec": {"name": name, "publish_info": info}}
        self.library = library or self.rest("POST", "/local-library", spec)

    def rest(self, method: str, target: str, body: object = None) -> Any:
        answer = self._http.request(method, CONTENT + target, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"] if answer.content else None

    def item(self, name: str, kind: str, files: Mapping[str, bytes]) -> Any:
        spec = {"name": name, "library_id": self.library, "description": f"the {name}", "type": kind}
        item = self.rest("POST", "/library/item", {"create_spec": spec})
        self.upload(item, files)
        return item

    def upload(self, item: str, files: Mapping[str, bytes]) -> None:
        session = self.rest("POST", "/library/item/update-session", {"create_spec": {"library_item_id": item}})
        for name, data in files.items():
            add = {"file_spec": {"name": name, "source_type": "PUSH", "size": len(data)}}
            added = self.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=add", add)
            assert self._http.put(added["upload_endpoint"]["uri"], content=data).status_code == 200
        self.rest("POST", f"/library/item/update-session/id:{session}?~action=complete")

    def subscription(self, thumbprint: str | None) -> Subscription:
        url = self.rest("GET", f"/local-library/id:{self.library}")["publish_info"]["publish_url"]
        return Subscription(url, Authentication.BASIC, "", "secret", thumbprint)


@pytest.fixture
def published(server: Running) -> Iterator[Publishing]:
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with httpx.Client(base_url=server.url, verify=trusting, timeout=60) as http:
        answer = http.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
        http.headers["vmware-api-session-id"] = answer.json()["value"]
        yield Publishing(http)


async def test_a_library_is_read_back_with_all_its_files(server: Running, published: Publishing, client: Outbound) -> None:
    """Checklist 24."""
    ids = [published.item("web01", "ovf", package()), published.item("tools", "", FILES)]
    subscription = published.subscription(server.value("certificate SHA-1 thumbprint: "))
    found = await CatalogReader(client, Sources()).read(subscription)
    assert found is not None
    catalog, _ = found
    assert (catalog.id, catalog.name, catalog.warnings, catalog.unread) == (published.library, "lab", (), ())
    assert {item.id for item in catalog.items} == set(ids)
    for item in catalog.items:
        info = published.rest("GET", f"/library/item/id:{item.id}")
        assert (item.name, item.description, item.type) == (info["name"], info["description"], info["type"] or "other")
        assert item.content_version == info["content_version"]
        assert str(DateTime(item.created or 0)) == info["creation_time"]
        contents = package() if item.name == "web01" else FILES
        assert {file.name: file.size for file in item.files} == {name: len(data) for name, data in contents.items()}
        for file in item.files:
            credentials = credentials_of(subscription)
            async with client.get(file.uris[0], thumbprint=subscription.thumbprint, credentials=credentials) as answer:
                assert hashlib.sha256(await answer.read()).digest() == hashlib.sha256(contents[file.name]).digest()


async def test_only_what_has_changed_is_another(server: Running, published: Publishing, client: Outbound) -> None:
    changed, left = published.item("tools", "iso", {"a.iso": b"1", "b.iso": b"2"}), published.item("web01", "ovf", package())
    subscription, reader = (
        published.subscription(server.value("certificate SHA-1 thumbprint: ")),
        CatalogReader(client, Sources()),
    )
    first = await reader.read(subscription)
    assert first is not None
    assert await reader.read(subscription, first[1]) is None
    published.upload(changed, {"a.iso": b"3"})
    second = await reader.read(subscription, first[1])
    assert second is not None
    before, after = ({item.id: item for item in catalog.items} for catalog in (first[0], second[0]))
    assert after[left] == before[left]
    generations = [{file.name: file.generation or 0 for file in each[changed].files} for each in (before, after)]
    assert generations[0]["a.iso"] < generations[1]["a.iso"]
    assert generations[0]["b.iso"] == generations[1]["b.iso"]
    assert await reader.read(subscription, second[1]) is None


async def test_a_probe_tells_what_is_wrong(server: Running, published: Publishing, client: Outbound) -> None:
    """Checklist 24: without the password, with a certificate that is not known, at another address."""
    subscription = published.subscription(server.value("certificate SHA-1 thumbprint: "))
    probes = SubscriptionProbes(client, Sources())
    library = published.library
    outcomes = {
        subscription: ProbeStatus.SUCCESS,
        replace(subscription, user_name=None): ProbeStatus.SUCCESS,
        replace(subscription, password="wrong"): ProbeStatus.INVALID_CREDENTIALS,
        replace(subscription, authentication=Authentication.NONE): ProbeStatus.INVALID_CREDENTIALS,
        replace(subscription, thumbprint=None): ProbeStatus.CERTIFICATE_ERROR,
        replace(subscription, url=subscription.url.replace(library, library[::-1])): ProbeStatus.RESOURCE_NOT_FOUND,
        replace(subscription, url=server.url): ProbeStatus.RESOURCE_NOT_FOUND,
    }
    assert {each: (await probes.probe(each)).status for each in outcomes} == outcomes
    with pytest.raises(NotFetched, match="answered 401 Unauthorized"):
        await CatalogReader(client, Sources()).read(replace(subscription, password="wrong"))
