"""com.vmware.vcenter.ovf as its callers see it: what a deployment can choose, and that nothing is deployed here."""

from __future__ import annotations

from typing import Any

import pytest

import packages
from library.packages.test_deployment import FULL
from whole import Whole, told

REST = "/rest/com/vmware/vcenter/ovf/library-item"
API = "/api/vcenter/ovf/library-item"
TARGET = {"target": {"resource_pool_id": "resgroup-1"}}
PARAMETERS = "com.vmware.vcenter.ovf"


async def summary(app: Whole, item: str) -> Any:
    """What `filter` answers on /api."""
    answer = await app.send("POST", f"{API}/{item}?action=filter", TARGET)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def full(app: Whole) -> str:
    """An item whose descriptor says all that one can say."""
    item = await app.item(type="ovf")
    session = await app.session(item)
    for name, data in (("full.ovf", FULL), ("a.vmdk", b"a" * 100), ("b.iso", b"b" * 11)):
        await app.push(session, name, data)
    await app.complete(session)
    return item


async def test_a_package_is_summarized_for_govc(app: Whole) -> None:
    """govc's library.deploy asks first, and reads the parameters by `@class`."""
    item = await full(app)
    answer = await app.send("POST", f"{REST}/id:{item}?~action=filter", TARGET)
    found = answer.json()["value"]
    assert found == await summary(app, item)
    assert {name: found[name] for name in found if name != "additional_params"} == {
        "name": "tiny",
        "annotation": "what it is",
        "EULAs": ["first", "second"],
        "networks": ["inside", "outside"],
        "storage_groups": ["group1"],
    }


async def test_the_parameters_say_of_which_class_they_are(app: Whole) -> None:
    found = {each["type"]: each for each in (await summary(app, await full(app)))["additional_params"]}
    assert found["DeploymentOptionParams"] == {
        "@class": f"{PARAMETERS}.deployment_option_params",
        "deployment_options": [
            {"key": "small", "label": "Small", "description": "for tests"},
            {"key": "large", "label": "Large", "description": "for work", "default_choice": True},
        ],
        "selected_key": "large",
        "type": "DeploymentOptionParams",
    }
    assert found["IpAllocationParams"]["supported_allocation_scheme"] == ["DHCP", "OVF_ENVIRONMENT"]
    assert found["IpAllocationParams"]["supported_ip_protocol"] == ["IPV4", "IPV6"]
    assert found["SizeParams"]["approximate_download_size"] == 111
    first = found["PropertyParams"]["properties"][0]
    assert (first["class_id"], first["instance_id"], first["id"], first["value"]) == ("vami", "vm1", "ip", "10.0.0.1")
    assert (first["category"], first["ui_optional"]) == ("Network", True)
    assert found["ExtraConfigParams"]["extra_configs"] == [{"key": "svga", "value": "TRUE", "virtual_system_id": "vm-1"}]
    assert found["UnknownSectionParams"]["unknown_sections"][0]["tag"] == "{http://example.com/x}LightSection"


async def test_over_json_rpc_they_are_structures_of_their_class(app: Whole) -> None:
    target = {"STRUCTURE": {f"{PARAMETERS}.library_item.deployment_target": {"resource_pool_id": "resgroup-1"}}}
    body = {
        "jsonrpc": "2.0",
        "id": "1",
        "method": "invoke",
        "params": {
            "serviceId": f"{PARAMETERS}.library_item",
            "operationId": "filter",
            "input": {"STRUCTURE": {"operation-input": {"ovf_library_item_id": await full(app), "target": target}}},
            "ctx": {"appCtx": {}, "securityCtx": {}},
        },
    }
    answer = (await app.send("POST", "/api", body)).json()["result"]["output"]
    (found,) = answer["STRUCTURE"].values()
    classes = [next(iter(each["STRUCTURE"])) for each in found["additional_params"]["OPTIONAL"]]
    assert f"{PARAMETERS}.property_params" in classes


async def test_an_item_without_a_descriptor_is_told(app: Whole) -> None:
    item = await app.item(type="iso")
    status, error, text = told(await app.send("POST", f"{REST}/id:{item}?~action=filter", TARGET))
    assert (status, error) == (400, "INVALID_ARGUMENT")
    assert text == "ovf_library_item_id must name an item with an OVF descriptor; item 'tiny' of type 'iso' has no .ovf file"


async def test_a_descriptor_that_cannot_be_read_is_told(app: Whole) -> None:
    item = await app.item(type="text")
    await app.fill(item, tiny_ovf=b"no descriptor")
    status, error, text = told(await app.send("POST", f"{REST}/id:{item}?~action=filter", TARGET))
    assert (status, error) == (400, "INVALID_ARGUMENT")
    assert "ovf_library_item_id names a package that cannot be read: file 'tiny.ovf' is not an OVF descriptor" in text


async def test_a_deployment_is_refused_with_where_to_deploy_from(app: Whole) -> None:
    item = await app.item(type="ovf")
    spec = {**TARGET, "deployment_spec": {"accept_all_EULA": True, "additional_parameters": [{"@class": "x", "type": "y"}]}}
    for target in (f"{REST}/id:{item}?~action=deploy", f"{API}/{item}?action=deploy"):
        status, error, text = told(await app.send("POST", target, spec))
        assert (status, error) == (400, "UNSUPPORTED")
        assert text == f"library item {item} cannot be deployed, because this server has no hosts; deploy it from a vCenter"
    assert told(await app.send("POST", f"{REST}/id:nobody?~action=deploy", spec))[1] == "NOT_FOUND"


async def test_no_item_is_made_of_a_machine(app: Whole) -> None:
    body = {"source": {"type": "VirtualMachine", "id": "vm-12"}, "target": {}, "create_spec": {}}
    status, error, text = told(await app.send("POST", REST, body))
    assert (status, error) == (400, "UNSUPPORTED")
    assert text == "cannot create an item from VirtualMachine 'vm-12', because this server has no virtual machines"


@pytest.mark.parametrize(
    "target",
    [
        "/rest/com/vmware/vcenter/ovf/import-flag?rp=resgroup-1",
        "/rest/vcenter/ovf/import-flag?resource_pool=resgroup-1",
        "/api/vcenter/ovf/import-flag?resource_pool=resgroup-1",
        "/api/vcenter/ovf/import-flag?rp=resgroup-1",
    ],
)
async def test_flags_of_imports_are_asked_for_by_either_name_of_the_pool(app: Whole, target: str) -> None:
    answer = (await app.send("GET", target)).json()
    assert [each["option"] for each in (answer if isinstance(answer, list) else answer["value"])] == ["LAX"]


async def test_a_package_of_the_usual_kind(app: Whole) -> None:
    item = await app.item(type="ovf")
    session = await app.session(item)
    for name, data in packages.package().items():
        await app.push(session, name, data)
    await app.complete(session)
    found = await summary(app, item)
    assert (found["name"], found["networks"], found["EULAs"]) == ("tiny", ["VM Network"], [])
    assert "storage_groups" not in found
