"""Tests the look-up service, and the administration service as far as a login asks for it."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

from lxml import etree

import certificates
from contentlib.safe_xml import local
from sso.asking import bearer_token, envelope, fault, login, post, request, timestamp, token_in, with_token
from vim import soap
from vim.soap import Heard
from whole import HOST, NAME, HandClock, Whole, whole

PATH = "/lookupservice/sdk"
REGISTRATION = ("LookupServiceRegistration", "ServiceRegistration")
ADMIN = "/sso-adminserver/sdk/vsphere.local"
SSO_LOGIN = '<Login xmlns="urn:sso"><_this type="SsoAdminSessionManager">sessionManager</_this></Login>'


async def call(app: Whole, method: str, target: tuple[str, str], arguments: str = "", path: str = PATH) -> Heard:
    text = soap.envelope(method, target, arguments, "urn:lookup" if path == PATH else "urn:sso")
    answer = await post(app, text, path)
    return Heard(answer.status_code, etree.fromstring(answer.content)[0][0], answer.headers, answer.content)


def criteria(product: str = "", kind: str = "", protocol: str = "", endpoint: str = "", *, site: str = "") -> str:
    service = f"<serviceType><product>{product}</product><type>{kind}</type></serviceType>"
    address = f"<endpointType><protocol>{protocol}</protocol><type>{endpoint}</type></endpointType>"
    return f"<filterCriteria>{site}{service}{address}</filterCriteria>"


async def found(app: Whole, *arguments: str, site: str = "") -> list[str]:
    """The addresses that a filter finds."""
    return (await call(app, "List", REGISTRATION, criteria(*arguments, site=site))).texts("url")


async def test_the_content_names_the_registration(app: Whole) -> None:
    heard = await call(app, "RetrieveServiceContent", ("LookupServiceInstance", "ServiceInstance"))
    (registration,) = heard.all("serviceRegistration")
    assert (registration.get("type"), registration.text) == REGISTRATION
    assert (await call(app, "GetSiteId", REGISTRATION)).texts("returnval") == ["vsphere"]


FOUND = {
    ("com.vmware.cis", "cs.identity", "wsTrust", "com.vmware.cis.cs.identity.sso"): ["/sts/STSService/vsphere.local"],
    ("com.vmware.cis", "sso:sts", "wsTrust"): ["/sts/STSService/vsphere.local"],
    ("com.vmware.cis", "cs.identity", "vmomi", "com.vmware.cis.cs.identity.admin"): [ADMIN],
    ("com.vmware.cis", "cs.vapi", "vapi.json.https.public", "com.vmware.vapi.endpoint"): ["/api"],
    ("com.vmware.cis", "vcenterserver", "vmomi", "com.vmware.vim"): ["/sdk"],
    ("com.vmware.vim.sms", "sms", "https", "com.vmware.vim.pbm"): ["/pbm"],
    ("com.vmware.nsx",): [],
    ("com.vmware.cis", "cs.identity", "ftp"): [],
}


async def test_services_are_found_as_clients_ask_for_them(app: Whole) -> None:
    addresses = {wanted: [each.removeprefix(HOST) for each in await found(app, *wanted)] for wanted in FOUND}
    assert addresses == FOUND


async def test_a_filter_may_name_the_site_or_the_node(app: Whole) -> None:
    heard = await call(app, "List", REGISTRATION, criteria("com.vmware.cis", "vcenterserver"))
    (node,), (service,) = heard.texts("nodeId"), heard.texts("serviceId")
    assert node == service
    assert len(await found(app, "com.vmware.cis", "vcenterserver", site=f"<nodeId>{node}</nodeId>")) == 1
    assert await found(app, site="<siteId>elsewhere</siteId>") == []


async def test_identifiers_stay_the_same(app: Whole) -> None:
    first, second = [(await call(app, "List", REGISTRATION, criteria())).texts("serviceId") for _ in range(2)]
    assert first == second
    assert len(set(first)) == len(first)


async def test_without_a_filter_the_call_fails_as_on_a_vcenter(app: Whole) -> None:
    assert (await call(app, "List", REGISTRATION)).fault[0] == "LookupFaultServiceFault"
    assert (await call(app, "Create", REGISTRATION)).fault[0] == "NotSupported"
    assert (await app.client.get(PATH)).status_code == 405


async def test_addresses_are_those_of_the_public_url_with_the_certificate(
    data_dir: Path, tmp_path: Path, clock: HandClock
) -> None:
    own = certificates.make(tmp_path / "own.pem")
    async with whole(data_dir, clock, certificate=own.pem.encode(), public_url="https://lib.example:8443/") as app:
        heard = await call(app, "List", REGISTRATION, criteria("com.vmware.cis", "vcenterserver"))
        assert heard.texts("url") == ["https://lib.example:8443/sdk"]
        (trust,) = heard.texts("sslTrust")
        assert base64.b64encode(ssl.PEM_cert_to_DER_cert(own.pem)).decode() == trust


async def test_the_administration_service_logs_in_with_a_token_and_out(app: Whole) -> None:
    content = await call(app, "SsoAdminServiceInstance", ("SsoAdminServiceInstance", "SsoAdminServiceInstance"), path=ADMIN)
    assert len(content.all("sessionManager")) == 1
    answer = await post(app, with_token(await bearer_token(app), body=SSO_LOGIN), ADMIN)
    assert answer.status_code == 200
    session = answer.headers["set-cookie"].partition('"')[2].partition('"')[0]
    bye = soap.envelope("Logout", ("SsoAdminSessionManager", "sessionManager"), space="urn:sso")
    for status in (200, 500):
        headers = {"vmware-api-session-id": session}
        assert (await app.client.post(ADMIN, content=bye, headers=headers)).status_code == status


async def test_the_administration_service_refuses_other_callers_and_calls(app: Whole) -> None:
    answer = await post(app, with_token("", body=SSO_LOGIN), ADMIN)
    detail = etree.fromstring(answer.content)[0][0].find("detail")
    assert detail is not None
    assert local(detail[0]) == "SsoFaultInvalidCredentialsFault"
    heard = await call(app, "FindUsers", ("SsoAdminPrincipalDiscoveryService", "principalDiscoveryService"), path=ADMIN)
    assert heard.fault[0] == "NotSupported"


async def test_the_calls_of_a_login_by_powercli(app: Whole) -> None:
    """Replays what is publicly described of Connect-VIServer; PowerCLI itself does not run here."""
    content = await soap_content(app)
    assert "<sessionManager" in content
    assert (await call(app, "RetrieveServiceContent", ("LookupServiceInstance", "ServiceInstance"))).status == 200
    (sts,) = await found(app, "com.vmware.cis", "sso:sts", "wsTrust", "com.vmware.cis.cs.identity.sso")
    token = token_in(await post(app, envelope(timestamp() + login(), request()), sts.removeprefix(HOST)))
    answer = await post(app, with_token(token), "/sdk")
    session = answer.headers["set-cookie"].partition('"')[2].partition('"')[0]
    assert f">{NAME}<" in answer.text
    (api,) = await found(app, "com.vmware.cis", "cs.vapi", "vapi.json.https.public")
    assert api == f"{HOST}/api"
    assert (await app.client.get("/api/session", headers={"vmware-api-session-id": session})).json()["user"] == NAME


async def soap_content(app: Whole) -> str:
    text = soap.envelope("RetrieveServiceContent", ("ServiceInstance", "ServiceInstance"))
    return (await post(app, text, "/sdk")).text


async def test_a_request_that_is_not_soap_is_a_fault(app: Whole) -> None:
    answer = await post(app, b"<a/>")
    assert fault(answer)[0] == "InvalidRequest"
