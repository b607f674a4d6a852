"""Envelopes as they come from strangers, sessions, and what is told to a client that asks for more than there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pyVmomi
import pyVmomi.VmomiSupport

from contentlib.http.bodies import STRANGER_BYTES
from contentlib.safe_xml import local
from contentlib.vim.managers import MANAGERS, PROPERTIES
from contentlib.vim.objects import TYPES
from contentlib.vim.values import Reference
from vim import upstream
from vim.soap import COLLECTOR, ROOT, SOAP, Heard, Soap, Target, envelope, objects, properties, reference
from whole import NAME, PASSWORD, HandClock

VMOMI: Any = pyVmomi.VmomiSupport  # it declares types for a part of itself, which mypy would hold us to
SESSIONS = ("SessionManager", "SessionManager")
INSTANCE = ("ServiceInstance", "ServiceInstance")
NOT_SUPPORTED = "method {} is not supported by this server; docs/conformance.md lists those that are"
NAMED = f"<specSet>{properties('Folder', 'name')}{objects(ROOT)}</specSet>"

PREFIXED = f"""<?xml version="1.0"?>
<!-- a comment -->
<s:Envelope xmlns:s="{SOAP}" xmlns:x="http://www.w3.org/2001/XMLSchema-instance">
 <s:Header><operationID>op-1</operationID></s:Header>
 <s:Body>
  <v:RetrieveProperties xmlns:v="urn:vim25">
   <v:_this type="PropertyCollector">propertyCollector</v:_this>
   <v:specSet x:type="v:PropertyFilterSpec"><v:propSet x:type="v:PropertySpec"><v:type>Folder</v:type>
     <v:pathSet>name</v:pathSet>
   </v:propSet><v:objectSet><v:obj type="Folder">group-d1</v:obj></v:objectSet></v:specSet>
  </v:RetrieveProperties>
 </s:Body>
</s:Envelope>"""


async def login(soap: Soap, name: str = NAME, password: str = PASSWORD) -> str:
    """The cookie that a login is answered with."""
    secret = f"<userName>{name}</userName><password>{password}</password><locale>en_US</locale>"
    heard = await soap.call("Login", SESSIONS, secret)
    assert heard.status == 200, heard.text
    return heard.headers["set-cookie"]


def value_of(cookie: str) -> str:
    return cookie.partition('="')[2].partition('"')[0]


# the form


async def test_prefixes_comments_and_headers_do_not_matter(soap: Soap) -> None:
    assert (await soap.post(PREFIXED.encode())).objects() == {ROOT: {"name": "Datacenters"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
async def test_the_encoding_is_that_of_the_text(soap: Soap, encoding: str) -> None:
    text = PREFIXED.replace('<?xml version="1.0"?>', f'<?xml version="1.0" encoding="{encoding}"?>')
    assert (await soap.post(text.encode(encoding))).objects() == {ROOT: {"name": "Datacenters"}}


async def test_a_body_in_pieces_is_read_whole(soap: Soap) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for each in PREFIXED.encode():
            yield bytes([each])

    assert (await soap.post(pieces())).objects() == {ROOT: {"name": "Datacenters"}}


@pytest.mark.parametrize("space", ["urn:vim25", "urn:pbm", "urn:vsan"])
async def test_the_answer_is_in_the_namespace_of_the_call(soap: Soap, space: str) -> None:
    heard = await soap.post(envelope("CurrentTime", INSTANCE, space=space))
    assert [each.tag for each in heard.body] == [f"{{{space}}}returnval"]


@pytest.mark.parametrize("path", ["/sdk", "/sdk/", "/pbm", "/pbm/", "/pbm/sdk"])
async def test_every_address_of_the_web_services_answers(soap: Soap, path: str) -> None:
    heard = await soap.post(
        envelope("PbmRetrieveServiceContent", ("PbmServiceInstance", "ServiceInstance"), space="urn:pbm"), path
    )
    assert heard.texts("name") == ["PBM"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<Envelope/>",
        f'<Envelope xmlns="{SOAP}"/>'.encode(),
        f'<Envelope xmlns="{SOAP}"><Body/></Envelope>'.encode(),
        f'<Envelope xmlns="{SOAP}"><Body><A/></Envelope>'.encode(),
        b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body><A/></Body></Envelope>',
        PREFIXED.encode()[:-10],
        b"\xff\xfe\x00",
    ],
)
async def test_what_is_no_envelope_is_an_invalid_request(soap: Soap, body: bytes) -> None:
    kind, sentence = (await soap.post(body)).fault
    assert (kind, sentence.startswith(("invalid SOAP request: ", "request body is not a SOAP envelope"))) == (
        "InvalidRequest",
        True,
    )


@pytest.mark.parametrize(
    "trick",
    [
        '<!DOCTYPE a [<!ENTITY e "x">]>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">',
    ],
)
async def test_a_document_type_is_not_taken(soap: Soap, trick: str) -> None:
    body = trick + envelope("CurrentTime", INSTANCE, "&e;").decode().partition("?>")[2]
    assert (await soap.post(body.encode())).fault == (
        "InvalidRequest",
        "invalid SOAP request: XML with a DOCTYPE is not accepted",
    )


async def test_a_body_that_is_too_long_or_too_deep_is_refused(soap: Soap) -> None:
    long = await soap.post(envelope("CurrentTime", INSTANCE, "x" * (1 << 20)))
    assert long.fault == ("InvalidRequest", "request body is larger than 1048576 bytes")
    deep = await soap.post(envelope("CurrentTime", INSTANCE, "<a>" * 5000 + "</a>" * 5000))
    assert deep.fault[0] == "InvalidRequest"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_nothing_but_post_is_taken(soap: Soap, method: str) -> None:
    answer = await soap.app.client.request(method, "/sdk")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_the_list_of_versions_is_there_without_a_login(soap: Soap) -> None:
    answer = await soap.app.client.get("/sdk/vimServiceVersions.xml", headers={"vmware-api-session-id": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert b"<name>urn:vim25</name><version>8.0.3.0</version>" in answer.content
    assert (await soap.app.client.post("/sdk/vimServiceVersions.xml")).status_code == 405


# what there is


@pytest.mark.parametrize("method", ["PowerOnVM_Task", "DeleteDatastoreFile_Task", "CreateFolder", "CreateVM_Task"])
async def test_a_method_of_a_vcenter_that_is_not_here_is_named(soap: Soap, method: str) -> None:
    heard = await soap.call(method, ("VirtualMachine", "vm-1"))
    assert heard.fault == ("NotSupported", NOT_SUPPORTED.format(f"{method} of VirtualMachine"))


@pytest.mark.parametrize("target", [("Folder", "group-d1"), ("Nothing", "x"), ("", "")])
async def test_a_method_that_is_not_public_is_not_found(soap: Soap, target: Target) -> None:
    heard = await soap.call("PowerOnHouse", target)
    said = "unknown method PowerOnHouse: vSphere's public Web Services have no method of that name"
    assert heard.fault == ("MethodNotFound", said)
    assert len(heard.body.findall(".//{*}receiver")) == bool(target[0])


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("VirtualMachine", "this server has no VirtualMachine; docs/conformance.md lists the types"),
        ("Nothing", "vSphere has no type 'Nothing'"),
    ],
)
async def test_an_object_of_a_type_that_is_not_here_says_so(soap: Soap, kind: str, why: str) -> None:
    heard = await soap.collect(properties(kind, "name") + objects((kind, "x-1")))
    assert heard.fault == ("ManagedObjectNotFound", f"object '{kind}:x-1' does not exist: {why}")


def test_the_methods_and_types_are_those_of_pyvmomi() -> None:
    assert upstream.FILE.read_text("utf-8") == upstream.listed()
    assert {line.split()[0] for line in upstream.listed().splitlines()} >= TYPES


async def test_the_managers_of_a_vcenter_are_there_in_the_order_of_the_data_object(soap: Soap) -> None:
    """govc follows them without asking whether they are set."""
    heard = await soap.call("RetrieveServiceContent", INSTANCE)
    found = {local(each): each for each in heard.all("returnval")[0]}
    binding = VMOMI.GetWsdlType("urn:vim25", "ServiceContent")
    wanted = [each.name for each in binding._GetPropertyList(includeBaseClassProps=False)]
    assert list(found) == [name for name in wanted if name in found]
    other_versions = {"virtualizationManager", "directPathProfileManager"}
    assert set(wanted) - set(found) - other_versions == {"accountManager"}  # which only a host has
    for name in set(found) - {"about"}:
        kind = next(each.type for each in binding._GetPropertyList() if each.name == name)
        assert issubclass(VMOMI.GetWsdlType("urn:vim25", found[name].get("type")), kind), name


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda each: str(each.type))
async def test_a_manager_with_nothing_to_manage_is_read_and_its_methods_are_not_supported(
    soap: Soap, manager: Reference
) -> None:
    target = (manager.type, manager.id)
    heard = await soap.call("RetrieveProperties", COLLECTOR, f"<specSet>{properties(manager.type)}{objects(target)}</specSet>")
    assert list(heard.objects()) == [target]
    known = {each.name for each in VMOMI.GetWsdlType("urn:vim25", manager.type)._GetPropertyList()}
    assert set(PROPERTIES.get(manager.type, {})) <= known
    refused = await soap.call("PowerOnVM_Task", target)
    assert refused.fault == ("NotSupported", NOT_SUPPORTED.format(f"PowerOnVM_Task of {manager.type}"))


@pytest.mark.parametrize(
    ("kind", "path"),
    [("LicenseManager", "licenses"), ("ExtensionManager", "extensionList"), ("AuthorizationManager", "roleList")],
)
async def test_what_the_lists_of_govc_read_is_there_and_empty(soap: Soap, kind: str, path: str) -> None:
    spec = f"<specSet>{properties(kind, path)}{objects((kind, kind))}</specSet>"
    heard = await soap.call("RetrieveProperties", COLLECTOR, spec)
    assert heard.texts("name") == [path]
    assert [len(each) for each in heard.all("val")] == [0]


# sessions


def keys(heard: Heard) -> list[str]:
    return heard.texts("key")


async def test_the_sessions_of_a_user_are_listed_and_another_one_is_terminated(soap: Soap) -> None:
    await login(soap)
    mine, *others = keys(await soap.call("Fetch", SESSIONS, "<prop>sessionList</prop>"))
    assert len(others) == 1
    ended = await soap.call("TerminateSession", SESSIONS, f"<sessionId>{others[0]}</sessionId>")
    assert ended.status == 200
    assert keys(await soap.call("Fetch", SESSIONS, "<prop>sessionList</prop>")) == [mine]
    again = await soap.call("TerminateSession", SESSIONS, f"<sessionId>{others[0]}</sessionId>")
    assert again.fault[0] == "NotFound"


async def test_the_session_of_the_call_is_not_terminated(soap: Soap) -> None:
    (mine,) = keys(await soap.call("Fetch", SESSIONS, "<prop>currentSession</prop>"))
    refused = await soap.call("TerminateSession", SESSIONS, f"<sessionId>{mine}</sessionId>")
    assert refused.fault == ("InvalidArgument", f"sessionId: '{mine}' is the session of this call; end it with Logout")
    soap.token = None
    refused = await soap.call("TerminateSession", SESSIONS, f"<sessionId>{mine}</sessionId>")
    assert refused.fault[0] == "NotAuthenticated"


async def test_the_service_content_needs_no_login(soap: Soap) -> None:
    soap.token = None
    heard = await soap.call("RetrieveServiceContent", INSTANCE)
    assert heard.texts("apiType") == ["VirtualCenter"]
    assert [each.get("type") for each in heard.all("sessionManager")] == ["SessionManager"]


async def test_a_call_without_target_is_a_fault(soap: Soap) -> None:
    body = f'<Envelope xmlns="{SOAP}"><Body><Fetch xmlns="urn:vim25"><prop>name</prop></Fetch></Body></Envelope>'
    assert (await soap.post(body.encode())).fault[0] == "ManagedObjectNotFound"


async def test_one_property_of_one_object_is_fetched(soap: Soap) -> None:
    assert (await soap.call("Fetch", ROOT, "<prop>name</prop>")).texts("returnval") == ["Datacenters"]
    assert (await soap.call("Fetch", ROOT, "<prop>parent</prop>")).all("returnval") == []
    assert (await soap.call("Fetch", ROOT, "<prop>nope</prop>")).fault[0] == "InvalidProperty"


# who asks


async def test_a_login_starts_a_session_whose_cookie_is_for_this_server_alone(soap: Soap) -> None:
    soap.token = None
    cookie = await login(soap)
    assert cookie.startswith('vmware_soap_session="')
    assert cookie.endswith('"; Path=/; HttpOnly; SameSite=Strict; Secure')
    assert len(value_of(cookie)) >= 32


@pytest.mark.parametrize(("name", "password"), [(NAME, "wrong"), ("nobody", PASSWORD), ("", ""), (NAME, "")])
async def test_a_wrong_login_is_an_invalid_login_and_sets_no_cookie(soap: Soap, name: str, password: str) -> None:
    soap.token = None
    secret = f"<userName>{name}</userName><password>{password}</password>"
    heard = await soap.call("Login", SESSIONS, secret)
    assert heard.fault == ("InvalidLogin", "Cannot complete login due to an incorrect user name or password.")
    assert "set-cookie" not in heard.headers


@pytest.mark.parametrize("arguments", [NAMED, ""])
@pytest.mark.parametrize("method", ["RetrievePropertiesEx", "RetrieveProperties"])
async def test_reading_without_a_login_is_not_authenticated(soap: Soap, method: str, arguments: str) -> None:
    soap.token = None
    heard = await soap.call(method, COLLECTOR, arguments or f"<specSet>{properties('Folder')}{objects(ROOT)}</specSet>")
    assert heard.fault == ("NotAuthenticated", "The session is not authenticated.")


async def test_whether_there_is_a_session_can_be_asked_without_one(soap: Soap) -> None:
    """govc and Terraform look at the current session before they log in again; a fault would stop them."""
    current = f"<specSet>{properties('SessionManager', 'currentSession')}{objects(SESSIONS)}</specSet>"
    assert (await soap.call("RetrieveProperties", COLLECTOR, current)).texts("userName") == [NAME]
    assert (await soap.call("Fetch", SESSIONS, "<prop>currentSession</prop>")).texts("userName") == [NAME]
    soap.token = None
    assert (await soap.call("RetrieveProperties", COLLECTOR, current)).objects() == {SESSIONS: {}}
    assert (await soap.call("Fetch", SESSIONS, "<prop>currentSession</prop>")).all("returnval") == []
    assert (await soap.call("Fetch", SESSIONS, "<prop>sessionList</prop>")).fault[0] == "NotAuthenticated"
    everything = f"<specSet>{properties('SessionManager')}{objects(SESSIONS)}</specSet>"
    assert (await soap.call("RetrieveProperties", COLLECTOR, everything)).fault[0] == "NotAuthenticated"


async def test_one_login_serves_both_worlds(soap: Soap) -> None:
    soap.token = value_of(await login(soap))
    header = {"vmware-api-session-id": soap.token}
    answer = await soap.app.client.get("/api/content/library", headers=header)
    assert (answer.status_code, answer.json()) == (200, [])
    rest = (await soap.app.login()).json()["value"]
    soap.token = rest
    assert (await soap.call("RetrieveProperties", COLLECTOR, NAMED)).objects() == {ROOT: {"name": "Datacenters"}}
    soap.token = None
    heard = await soap.post(envelope("RetrieveProperties", COLLECTOR, NAMED), **{"vmware-api-session-id": rest})
    assert heard.objects() == {ROOT: {"name": "Datacenters"}}


async def test_a_logout_ends_the_session_for_both_worlds(soap: Soap) -> None:
    soap.token = value_of(await login(soap))
    heard = await soap.call("Logout", SESSIONS)
    assert 'vmware_soap_session=""; Path=/; HttpOnly; SameSite=Strict; Max-Age=0' in heard.headers["set-cookie"]
    assert (await soap.call("RetrieveProperties", COLLECTOR, NAMED)).fault[0] == "NotAuthenticated"
    answer = await soap.app.client.get("/api/content/library", headers={"vmware-api-session-id": soap.token})
    assert answer.status_code == 401


async def test_an_idle_session_ends_and_calls_keep_it(soap: Soap, clock: HandClock) -> None:
    for _ in range(3):
        clock.pass_seconds(29 * 60)
        assert (await soap.call("CurrentTime", INSTANCE)).status == 200
    clock.pass_seconds(31 * 60)
    assert (await soap.call("RetrieveProperties", COLLECTOR, NAMED)).fault[0] == "NotAuthenticated"


async def test_a_session_is_active_for_its_own_user_and_key(soap: Soap) -> None:
    (key,) = (await soap.call("Fetch", SESSIONS, "<prop>currentSession</prop>")).texts("key")
    for wanted, user, active in [(key, NAME, "true"), (key, "other", "false"), ("other", NAME, "false")]:
        asked = f"<sessionID>{wanted}</sessionID><userName>{user}</userName>"
        assert (await soap.call("SessionIsActive", SESSIONS, asked)).texts("returnval") == [active]


async def test_the_key_of_a_session_is_not_its_token(soap: Soap) -> None:
    soap.token = value_of(await login(soap))
    heard = await soap.call("Fetch", SESSIONS, "<prop>currentSession</prop>")
    assert soap.token not in heard.text.decode()
    (key,) = heard.texts("key")
    soap.token = key
    assert (await soap.call("RetrieveProperties", COLLECTOR, NAMED)).fault[0] == "NotAuthenticated"


async def test_a_reference_without_its_type_is_an_invalid_argument(soap: Soap) -> None:
    heard = await soap.call("CreateContainerView", ("ViewManager", "ViewManager"), "<container>group-d1</container>")
    assert heard.fault == ("InvalidArgument", "container must be a reference to a managed object, with its type")
    heard = await soap.call("DestroyView", ("ContainerView", "view-x"))
    assert heard.fault[0] == "ManagedObjectNotFound"
    assert reference("container", ROOT) == '<container type="Folder">group-d1</container>'


async def test_a_caller_without_a_login_may_send_little(soap: Soap) -> None:
    long = b" " * (STRANGER_BYTES + 1)
    assert (await soap.post(long)).fault[1] != f"request body is larger than {STRANGER_BYTES} bytes"
    soap.token = None
    assert (await soap.post(long)).fault == ("InvalidRequest", f"request body is larger than {STRANGER_BYTES} bytes")


async def test_a_page_of_another_site_calls_nothing_with_the_cookie(soap: Soap) -> None:
    call = envelope("Logout", SESSIONS)
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert (await soap.post(call, **foreign)).fault[0] == "NotAuthenticated"
    assert (await soap.post(call, origin="https://lib.example")).status == 200
