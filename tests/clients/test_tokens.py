"""API tokens in place of passwords, in the official SDK and pyVmomi, as users of two roles."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import requests

from clients.pyvmomi import Disconnect, connect
from clients.roles import done, secret
from clients.servers import STORAGES, Address
from conformance.sdk import VapiError, create_vsphere_client, items, libraries, updates


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3's, that no certificate is checked
        yield


@pytest.fixture(scope="module")
def library(server: Address) -> str:
    spec = {"name": "tokens", "storage_backings": [{"type": "DATASTORE", "datastore_id": next(iter(STORAGES))}]}
    return str(done(server, "POST", "/api/content/local-library", spec))


@contextmanager
def _sdk(server: Address, name: str, secret: str) -> Iterator[Any]:
    session = requests.Session()
    session.verify, session.trust_env = False, False
    try:
        client = create_vsphere_client(server.host, name, secret, session=session)  # which logs out when it is collected
        yield client.content.library
    finally:
        session.close()


def test_a_publisher_adds_an_item_with_a_token(server: Address, library: str) -> None:
    token = secret(server, library, "builder", "Content publisher")
    with _sdk(server, "builder", token) as stubs:
        item = stubs.Item.create(libraries.ItemModel(library_id=library, name="image"), None)
        session = stubs.item.UpdateSession.create(items.UpdateSessionModel(library_item_id=item), None)
        spec = updates.File.AddSpec(name="a.iso", source_type="PUSH")
        address = stubs.item.updatesession.File.add(session, spec).upload_endpoint.uri
        assert httpx.put(address, content=b"content", verify=False, timeout=60).status_code == 200
        stubs.item.UpdateSession.complete(session)
        assert stubs.Item.get(item).content_version == "2"


def test_a_reader_is_told_which_privilege_is_missing(server: Address, library: str) -> None:
    token = secret(server, library, "reader", "Content user")
    with _sdk(server, "reader", token) as stubs, pytest.raises(VapiError) as caught:
        stubs.Item.create(libraries.ItemModel(library_id=library, name="other"), None)
    assert caught.value.messages[0].default_message == (
        "user reader@vsphere.local needs the privilege ContentLibrary.AddLibraryItem on com.vmware.content.Library "
        f"'{library}' for com.vmware.content.library.item.create"
    )


def test_pyvmomi_logs_in_with_a_token_as_password(server: Address, library: str) -> None:
    instance = connect(server, "soap", secret(server, library, "soap", "Content user"))
    assert instance.content.sessionManager.currentSession.userName == "soap@vsphere.local"
    Disconnect(instance)
    instance._stub.DropConnections()


@pytest.mark.parametrize("form", ["basic", "bearer"])
def test_a_session_starts_with_a_token(server: Address, library: str, form: str) -> None:
    token = secret(server, library, f"by-{form}", "Content user")
    how: dict[str, Any] = {"auth": (f"by-{form}", token)}
    if form == "bearer":
        how = {"headers": {"authorization": f"Bearer {token}"}}
    with httpx.Client(base_url=server.url, verify=False, timeout=60) as client:
        session = client.post("/api/session", **how).json()
        told = client.get("/api/session", headers={"vmware-api-session-id": session}).json()
    assert told["user"] == f"by-{form}@vsphere.local"
