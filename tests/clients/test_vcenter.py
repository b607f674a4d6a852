"""Scripts look a datastore up by the official SDK, over each of its transports, and by curl, in each form of the wire."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests

from clients.servers import NAME, PASSWORD, STORAGES, Address
from conformance.sdk import (
    LegacySecurityContextFilter,
    StubConfigurationFactory,
    VapiError,
    VsphereStubs,
    create_session_security_context,
    create_vsphere_client,
    get_requests_connector,
)
from vim.bindings import vcenter

IDS = list(STORAGES)
FOLDERS = {"vm": "VIRTUAL_MACHINE", "host": "HOST", "datastore": "DATASTORE", "network": "NETWORK", "Datacenters": "DATACENTER"}


@pytest.fixture(scope="module")
def token(server: Address) -> str:
    login = httpx.post(f"{server.url}/api/session", auth=(NAME, PASSWORD), verify=False, timeout=60)
    return str(login.json())


@pytest.fixture(scope="module", params=["JSON-RPC", "/rest"])
def stubs(request: pytest.FixtureRequest, server: Address, token: str) -> Iterator[Any]:
    """`client.vcenter` of the SDK; over HTTP it wants these services' answers in the envelope of /rest."""
    session = requests.Session()
    session.verify, session.trust_env = False, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3's, that no certificate is checked
        if request.param == "JSON-RPC":
            client = create_vsphere_client(server.host, NAME, PASSWORD, session=session)
            yield client.vcenter
        else:
            filters = [LegacySecurityContextFilter(security_context=create_session_security_context(token))]
            connector = get_requests_connector(session, "rest", server.url + request.param, provider_filter_chain=filters)
            yield VsphereStubs(StubConfigurationFactory.new_std_configuration(connector)).vcenter
    session.close()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3's, that no certificate is checked
        yield


def test_a_datastore_is_found_by_its_name(stubs: Any) -> None:
    (found,) = stubs.Datastore.list(vcenter.Datastore.FilterSpec(names={"archive"}))
    assert (found.datastore, found.name, found.type) == ("datastore-8", "archive", "NFS")
    assert found.capacity >= found.free_space > 0


def test_all_datastores_are_listed(stubs: Any) -> None:
    assert [each.datastore for each in stubs.Datastore.list()] == IDS


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"datastores": {"datastore-7", "datastore-9"}}, ["datastore-7", "datastore-9"]),
        ({"types": {"NFS"}}, IDS),
        ({"types": {"VMFS"}}, []),
        ({"folders": {"group-s1"}, "datacenters": {"datacenter-1"}}, IDS),
        ({"datacenters": {"datacenter-2"}}, []),
        ({"names": set()}, IDS),
    ],
)
def test_a_filter_chooses_datastores(stubs: Any, wanted: dict[str, set[str]], found: list[str]) -> None:
    assert [each.datastore for each in stubs.Datastore.list(vcenter.Datastore.FilterSpec(**wanted))] == found


def test_a_datastore_is_read(stubs: Any) -> None:
    info = stubs.Datastore.get("datastore-7")
    assert (info.name, info.type, info.accessible, info.multiple_host_access) == ("fast disks", "NFS", True, False)
    assert info.free_space > 0


def test_a_datastore_that_is_not_there_is_not_found(stubs: Any) -> None:
    with pytest.raises(VapiError) as raised:
        stubs.Datastore.get("datastore-99")
    assert "datastore-99" in str(raised.value)


def test_the_datacenter_and_its_folders_are_found(stubs: Any) -> None:
    (center,) = stubs.Datacenter.list(vcenter.Datacenter.FilterSpec(names={"Datacenter"}))
    folders = {each.folder: each for each in stubs.Folder.list()}
    assert {each.name: each.type for each in folders.values()} == FOLDERS
    info = stubs.Datacenter.get(center.datacenter)
    assert [folders[each].name for each in (info.vm_folder, info.datastore_folder)] == ["vm", "datastore"]
    (inside,) = stubs.Folder.list(vcenter.Folder.FilterSpec(type="DATASTORE", datacenters={center.datacenter}))
    assert inside.folder == info.datastore_folder


@pytest.mark.parametrize(
    "target",
    [
        "/api/vcenter/datastore?names=archive",
        "/api/vcenter/datastore?names=archive&types=NFS&datacenters=datacenter-1",
        "/rest/vcenter/datastore?filter.names=archive",
        "/rest/vcenter/datastore?filter.names.1=archive",
        "/rest/com/vmware/vcenter/datastore?filter.names.1=archive",
    ],
)
def test_a_name_in_the_address_chooses_a_datastore(server: Address, token: str, target: str) -> None:
    answer = httpx.get(server.url + target, headers={"vmware-api-session-id": token}, verify=False, timeout=60)
    assert answer.status_code == 200, answer.text
    found = answer.json() if target.startswith("/api") else answer.json()["value"]
    assert [each["datastore"] for each in found] == ["datastore-8"]


def test_xml_is_answered_with_xml(server: Address, token: str) -> None:
    headers = {"vmware-api-session-id": token, "accept": "application/xml"}
    target = "/rest/com/vmware/vcenter/datastore?filter.names.1=archive"
    answer = httpx.get(server.url + target, headers=headers, verify=False, timeout=60)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "application/xml")
    assert "datastore-8" in answer.text
    assert "datastore-7" not in answer.text
