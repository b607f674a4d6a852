"""SAML tokens in govmomi, pyVmomi and the official SDK, against a running server with TLS."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pyVim.sso
import requests
from lxml import etree

from clients.conftest import Journey
from clients.pyvmomi import SoapAdapter, unverified, vim, vmodl
from clients.servers import NAME, PASSWORD, Address
from conformance.sdk import (
    StubConfigurationFactory,
    VapiError,
    cis,
    create_saml_bearer_security_context,
    create_saml_security_context,
    get_requests_connector,
)
from sso import asking

pyvmomi_sso: Any = pyVim.sso
REFUSED = ("a ticket is used once", "a wrong password", "a certificate without a password", "a changed token")


@pytest.fixture
def steps(journeys: dict[str, Journey]) -> Journey:
    """The steps of govmomi."""
    return journeys["sso"]


# govmomi


def test_govmomi_gets_tokens_and_logs_in_with_them(steps: Journey) -> None:
    failed = {name: step.error for name, step in steps.items() if not step.ok and name not in REFUSED}
    assert failed == {}
    logins = [name for name, step in steps.items() if step.data == NAME]
    assert logins == [
        "session.login -token",
        "rest login with a token",
        "rest login with a token for a key",
        "session.login -token with a key",
        "log in with the renewed token",
    ]


def test_govmomi_finds_the_services(steps: Journey) -> None:
    assert steps["connect"].data == "/sts/STSService/vsphere.local"
    found = steps["sso.service.ls"].data
    assert found["site"] == "vsphere"
    assert found["services"]["vcenterserver"] == ["/sdk"]
    assert found["services"]["sso:sts"] == ["/sts/STSService/vsphere.local"]
    assert steps["look for nothing"].data == 0


def test_govmomi_gets_the_lifetimes_that_it_asks_for(steps: Journey) -> None:
    names = ("session.login -issue", "token for a key", "session.login -renew")
    assert [steps[name].data for name in names] == [120, 3600, 7200]


def test_govmomi_clones_a_session(steps: Journey) -> None:
    assert steps["session.login -clone"].data == {"user": NAME, "another": True}


def test_govmomi_waits_for_properties(steps: Journey) -> None:
    assert steps["object.collect"].data == {"name": "Datacenters"}
    calls = ("CreatePropertyCollector", "CreateFilter", "WaitForUpdatesEx", "DestroyPropertyCollector")
    assert [each for each in steps["object.collect"].calls if each in calls] == list(calls)


def test_govmomi_hears_why_a_login_is_refused(steps: Journey) -> None:
    told = {name: steps[name].error for name in REFUSED}
    assert told == {
        "a ticket is used once": "ServerFaultCode: The clone ticket does not exist, has expired or was used before.",
        "a wrong password": "wst:FailedAuthentication: invalid credentials",
        "a certificate without a password": "wst:FailedAuthentication: the request has no user name and password",
        "a changed token": "ServerFaultCode: The SAML token is not accepted: its signature is malformed.",
    }


# pyVmomi and the SDK


@pytest.fixture(scope="module")
def holder() -> asking.Client:
    return asking.client(datetime.datetime.now(datetime.UTC))


@pytest.fixture(autouse=True)
def _parser() -> Iterator[None]:
    """Puts lxml's parser back, which pyVim.sso replaces for the whole process."""
    yield
    etree.set_default_parser()


def authenticator(server: Address) -> Any:
    return pyvmomi_sso.SsoAuthenticator(f"https://{server.host}/sts/STSService")


def bearer(server: Address, password: str = PASSWORD) -> str:
    return str(authenticator(server).get_bearer_saml_assertion(NAME, password, ssl_context=unverified()))


def bound(server: Address, holder: asking.Client) -> str:
    """A token for a key; pyVmomi gets these for solution users only, who have no password."""
    now = int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
    security = asking.timestamp(now) + asking.login(NAME, PASSWORD)
    text = asking.signed(asking.envelope(security, asking.request(key="PublicKey", created=now)), holder)
    answer = httpx.post(f"https://{server.host}/sts/STSService", content=text, verify=False, timeout=60)
    assert answer.status_code == 200, answer.text
    start, end = "<saml2:Assertion", "</saml2:Assertion>"
    return start + answer.text.partition(start)[2].partition(end)[0] + end


def stub(server: Address, **more: Any) -> Any:
    host, _, port = server.host.partition(":")
    return SoapAdapter.SoapStubAdapter(host, int(port), version="vim.version.v7_0", sslContext=unverified(), **more)


def user_of(soap: Any) -> str:
    """Who is logged in after LoginByToken."""
    manager = vim.ServiceInstance("ServiceInstance", soap).content.sessionManager
    try:
        return str(manager.LoginByToken().userName)
    finally:
        soap.DropConnections()


def test_pyvmomi_logs_in_with_a_bearer_token(server: Address) -> None:
    assert user_of(stub(server, samlToken=bearer(server))) == NAME


def test_pyvmomi_logs_in_with_a_token_for_a_key(server: Address, holder: asking.Client, tmp_path: Path) -> None:
    token, (_, key) = bound(server, holder), holder.written(tmp_path)
    soap = stub(server, samlToken=token)
    with soap.requestModifier(lambda request: pyvmomi_sso.add_saml_context(request, token, key)):
        manager = vim.SessionManager("SessionManager", soap)
        assert manager.LoginByToken().userName == NAME
    soap.DropConnections()


def test_pyvmomi_waits_for_changes(server: Address) -> None:
    soap = stub(server, samlToken=bearer(server))
    instance = vim.ServiceInstance("ServiceInstance", soap)
    instance.content.sessionManager.LoginByToken()
    soap.samlToken = None
    query = vmodl.query.PropertyCollector
    clock = query.PropertySpec(type=vim.ServiceInstance, pathSet=["serverClock"])
    spec = query.FilterSpec(propSet=[clock], objectSet=[query.ObjectSpec(obj=instance)])
    collector = instance.content.propertyCollector.CreatePropertyCollector()
    chosen = collector.CreateFilter(spec, True)
    first = collector.WaitForUpdatesEx("")
    second = collector.WaitForUpdatesEx(first.version)
    changes = [each.filterSet[0].objectSet[0] for each in (first, second)]
    assert [each.kind for each in changes] == ["enter", "modify"]
    assert changes[0].changeSet[0].val < changes[1].changeSet[0].val
    chosen.DestroyPropertyFilter()
    collector.DestroyPropertyCollector()
    soap.DropConnections()


def test_pyvmomi_hears_that_a_password_is_wrong(server: Address) -> None:
    with pytest.raises(pyvmomi_sso.SoapException) as refused:
        bearer(server, "wrong")
    assert (refused.value._fault_code, refused.value._fault_string) == ("wst:FailedAuthentication", "invalid credentials")


@pytest.fixture
def http(server: Address) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.verify, session.trust_env = str(server.certificate), False
        yield session


def session_with(server: Address, http: requests.Session, context: Any) -> Any:
    """The session service of the SDK, logged in with a security context, and with the session that this gave it."""
    connector = get_requests_connector(http, "json", f"https://{server.host}/api")
    connector.set_security_context(context)
    return cis.Session(StubConfigurationFactory.new_std_configuration(connector))


def test_the_sdk_logs_in_with_a_bearer_token(server: Address, http: requests.Session) -> None:
    assert len(session_with(server, http, create_saml_bearer_security_context(bearer(server))).create()) == 64


def test_the_sdk_logs_in_with_a_token_for_a_key(
    server: Address, http: requests.Session, holder: asking.Client, tmp_path: Path
) -> None:
    token, (_, key) = bound(server, holder), holder.written(tmp_path)
    assert len(session_with(server, http, create_saml_security_context(token, key)).create()) == 64
    (tmp_path / "other").mkdir()
    _, other = asking.client(datetime.datetime.now(datetime.UTC)).written(tmp_path / "other")
    with pytest.raises(VapiError):
        session_with(server, http, create_saml_security_context(token, other)).create()


def test_the_sdk_hears_that_a_token_is_not_accepted(server: Address, http: requests.Session) -> None:
    with pytest.raises(VapiError) as refused:
        session_with(server, http, create_saml_bearer_security_context("<a/>")).create()
    sentence = "the SAML token is not accepted: it is not a SAML 2.0 assertion"
    assert refused.value.messages[0].default_message == sentence
