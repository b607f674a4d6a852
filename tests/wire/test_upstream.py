"""What is said of the services of a vCenter that are not here."""

from __future__ import annotations

import re
from importlib import util
from pathlib import Path

import pytest

from contentlib.wire.upstream import AbsentServices
from whole import Whole, told

FILE = Path(__file__).parents[2] / "src" / "contentlib" / "wire" / "upstream_services.txt"
HERE = ("com.vmware.content.library", "com.vmware.vcenter.folder")
ABSENT = AbsentServices(HERE)
NO_HOSTS = "is not supported, because this server has no hosts; deploy or mount items from a vCenter"


def sentence(service: str) -> str:
    return f"vCenter service {service} is not available on this server; docs/conformance.md lists the available services"


def test_the_services_are_those_of_the_sdk() -> None:
    """The file was made of the SDK's bindings, which are read here as text: there are too many of them to import."""
    found = util.find_spec("com.vmware")
    assert found is not None
    assert found.submodule_search_locations is not None
    sources = [each for root in found.submodule_search_locations for each in Path(root).rglob("*_client.py")]
    names = {name for each in sources for name in re.findall(r"_VAPI_SERVICE_ID = '([^']+)'", each.read_text("utf-8"))}
    assert sorted(names) == sorted(FILE.read_text().split())


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/vcenter/vm", "com.vmware.vcenter.VM"),
        ("/rest/vcenter/vm/vm-12/hardware/cdrom", "com.vmware.vcenter.vm.hardware.Cdrom"),
        ("/rest/com/vmware/vcenter/resource-pool/id:resgroup-1", "com.vmware.vcenter.resource_pool"),
        ("/api/appliance/system/version", "com.vmware.appliance.system.version"),
        ("/rest/com/vmware/vcenter/vm-template/library-items", "com.vmware.vcenter.vm_template.library_items"),
        ("/api/vcenter/folder/x", None),
        ("/api/content/library/x/y", None),
        ("/api/x/vcenter/vm", None),
        ("/api/vcenter", None),
        ("/api", None),
        ("/", None),
        ("", None),
        ("/api/" + "vcenter/" * 100_000, None),
        ("/api/vcenter/" + "v" * 100_000, None),
    ],
)
def test_an_address_of_a_vcenter_names_its_service(path: str, service: str | None) -> None:
    found = ABSENT.at(path)
    assert (found or "").lower() == (service or "").lower()


def test_a_service_of_a_vcenter_is_known_by_its_name() -> None:
    assert ABSENT.named("com.vmware.vcenter.vm") == "com.vmware.vcenter.VM"
    for unknown in ("com.vmware.nothing", "com.vmware.content.library", "x" * 100_000, ""):
        assert ABSENT.named(unknown) is None


@pytest.mark.parametrize("path", ["/api/vcenter/cluster", "/rest/vcenter/cluster", "/rest/com/vmware/vcenter/cluster"])
async def test_an_address_of_a_service_that_is_not_here_is_answered_with_its_name(app: Whole, path: str) -> None:
    assert told(await app.send("GET", path)) == (404, "OPERATION_NOT_FOUND", sentence("com.vmware.vcenter.cluster"))


async def test_the_other_forms_of_rest_name_it_too(app: Whole) -> None:
    path, wanted = "/rest/com/vmware/vcenter/cluster", sentence("com.vmware.vcenter.cluster")
    xml = await app.send("GET", path, headers={"accept": "application/xml"})
    query = await app.send("GET", f"{path}?filter.names.1=x&filter.folders=y")
    assert xml.headers["content-type"].startswith("application/xml")
    assert (xml.status_code, query.status_code) == (404, 404)
    assert wanted in xml.text
    assert told(query)[2] == wanted


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/rest/vcenter/vm-template/library-items/x/check-outs?action=check-out", "vm_template.library_items.check_outs"),
        ("/api/vcenter/vm-template/library-items/x?action=deploy", "vm_template.library_items"),
        ("/rest/com/vmware/vcenter/iso/image?~action=mount", "iso.image"),
    ],
)
async def test_what_needs_hosts_is_unsupported(app: Whole, path: str, service: str) -> None:
    """govc shows the sentence for status 400 only."""
    said = "is not supported, because this server has no hosts; deploy or mount items from a vCenter"
    assert told(await app.send("POST", path, {})) == (
        400,
        "UNSUPPORTED",
        f"vCenter service com.vmware.vcenter.{service} {said}",
    )


@pytest.mark.parametrize(
    ("service", "error", "said"),
    [
        ("com.vmware.vcenter.VM", "operation_not_found", sentence("com.vmware.vcenter.VM")),
        ("com.vmware.vcenter.iso.image", "unsupported", f"vCenter service com.vmware.vcenter.iso.image {NO_HOSTS}"),
    ],
)
async def test_the_sdk_hears_of_a_service_that_is_not_here(app: Whole, service: str, error: str, said: str) -> None:
    params = {
        "serviceId": service,
        "operationId": "list",
        "input": {"STRUCTURE": {"operation-input": {}}},
        "ctx": {"appCtx": {}, "securityCtx": {}},
    }
    answer = await app.send("POST", "/api", {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params})
    ((name, fields),) = answer.json()["result"]["error"]["ERROR"].items()
    assert name == f"com.vmware.vapi.std.errors.{error}"
    message = fields["messages"][0]["STRUCTURE"]["com.vmware.vapi.std.localizable_message"]
    assert message["default_message"] == said
