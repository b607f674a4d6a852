"""Tests tokens of the security token service: their form, their lifetime, and logins with them."""

from __future__ import annotations

import base64
import gzip

import pytest
from lxml import etree

from access.people import People
from contentlib.safe_xml import local
from contentlib.sso.namespaces import SAML, SOAP, WST, qualified
from sso.asking import (
    LOGIN_BY_TOKEN,
    MINUTE,
    STS,
    Client,
    bearer_token,
    bound_token,
    envelope,
    fault,
    login,
    login_by_header,
    login_by_soap,
    post,
    request,
    sign_header,
    signed,
    timestamp,
    token_in,
    tree,
    with_token,
)
from whole import NAME, START, TOKEN, HandClock, Whole

API = "/api/session"


async def user_of(app: Whole, session: str) -> str:
    """Who has a session."""
    return str((await app.client.get(API, headers={TOKEN: session})).json()["user"])


def conditions(token: etree._Element) -> etree._Element:
    found = token.find(qualified(SAML, "Conditions"))
    assert found is not None
    return found


def counts(token: etree._Element) -> dict[str, str | None]:
    """How often it can be delegated and renewed."""
    return {local(each): each.get("Count") for each in conditions(token)}


# what a token states


async def test_a_bearer_token_names_its_user_and_its_times(app: Whole) -> None:
    token = tree(await bearer_token(app))
    assert token.findtext(qualified(SAML, "Subject", "NameID")) == NAME
    times = {"NotBefore": "2023-11-14T22:13:20.000Z", "NotOnOrAfter": "2023-11-14T22:18:20.000Z"}
    assert {name: conditions(token).get(name) for name in times} == times
    assert counts(token) == {}


@pytest.mark.parametrize(("minutes", "end"), [(60, "22:18:20"), (1, "22:14:20"), (None, "22:18:20")])
async def test_a_lifetime_is_shortened_to_the_longest(app: Whole, minutes: float | None, end: str) -> None:
    token = tree(await bearer_token(app, minutes=minutes))
    assert conditions(token).get("NotOnOrAfter") == f"2023-11-14T{end}.000Z"


async def test_counts_are_there_where_they_were_asked_for(app: Whole, holder: Client) -> None:
    more = '<wst:Renewing Allow="true" OK="false"/><wst:Delegatable>true</wst:Delegatable>'
    bound, bearer = tree(await bound_token(app, holder, more=more)), tree(await bearer_token(app, more=more))
    assert counts(bound) == {"ProxyRestriction": "10", "Condition": "10"}
    assert counts(bearer) == {"ProxyRestriction": "10"}


async def test_the_path_may_name_the_domain(app: Whole) -> None:
    text = envelope(timestamp() + login(), request())
    assert (await post(app, text, f"{STS}/vsphere.local")).status_code == 200
    assert (await post(app, text, f"{STS}/elsewhere")).status_code == 404


# logins


async def test_a_bearer_token_logs_in_to_soap(app: Whole) -> None:
    heard = await login_by_soap(app, with_token(await bearer_token(app)))
    assert heard.texts("userName") == [NAME]
    assert "vmware_soap_session=" in heard.headers["set-cookie"]


async def test_a_bearer_token_logs_in_to_rest_more_than_once(app: Whole) -> None:
    token = await bearer_token(app)
    packed = base64.b64encode(gzip.compress(token.encode())).decode()
    for header in (sign_header(token), f"Bearer {packed}", f"Bearer {base64.b64encode(token.encode()).decode()}"):
        for path in ("/rest/com/vmware/cis/session", API):
            answer = await login_by_header(app, header, path)
            assert answer.is_success, answer.text
            session = answer.json() if path == API else answer.json()["value"]
            assert await user_of(app, session) == NAME


async def test_a_bound_token_logs_in_with_a_signature_of_its_key(app: Whole, holder: Client) -> None:
    token = await bound_token(app, holder)
    heard = await login_by_soap(app, signed(with_token(token), holder, binary=False))
    assert heard.texts("userName") == [NAME]
    assert (await login_by_header(app, sign_header(token, holder))).status_code == 200


async def test_a_token_for_an_api_token_has_its_rights_and_not_more(app: Whole) -> None:
    people = People(app)
    identifier, secret = await people.token(NAME, role="Content user")
    token = await bearer_token(app, password=secret)
    session = (await login_by_header(app, sign_header(token, path=API), API)).json()
    refused = await app.client.post("/api/contentlib/access/groups", json={"name": "new"}, headers={TOKEN: session})
    assert refused.json()["error_type"] == "UNAUTHORIZED"
    await people.done("DELETE", f"/tokens/{identifier}")
    assert (await login_by_header(app, sign_header(token))).status_code == 401


# renewal and validation


async def test_a_bound_token_is_renewed_until_its_count_is_used_up(app: Whole, holder: Client, clock: HandClock) -> None:
    token = await bound_token(app, holder, more='<wst:Renewing Allow="true"/>')
    for count in range(10, 0, -1):
        assert counts(tree(token)) == {"Condition": str(count)}
        clock.pass_seconds(60)
        wanted = request("Renew", minutes=5, more=f"<wst:RenewTarget>{token}</wst:RenewTarget>", created=clock.time)
        token = token_in(await post(app, signed(envelope(timestamp(clock.time), wanted), holder)))
    assert counts(tree(token)) == {}
    assert (await login_by_header(app, sign_header(token, holder, nonce=f"{clock.time}:9"))).status_code == 200


async def test_a_bearer_token_cannot_be_renewed(app: Whole) -> None:
    wanted = request("Renew", more=f"<wst:RenewTarget>{await bearer_token(app)}</wst:RenewTarget>")
    assert fault(await post(app, envelope(timestamp(), wanted)))[0] == "UnableToRenew"


async def test_a_token_is_renewed_only_for_the_owner_of_its_key(app: Whole, holder: Client, stranger: Client) -> None:
    token = await bound_token(app, holder, more='<wst:Renewing Allow="true"/>')
    text = envelope(timestamp(), request("Renew", more=f"<wst:RenewTarget>{token}</wst:RenewTarget>"))
    assert fault(await post(app, signed(text, stranger)))[0] == "InvalidRequest"
    assert fault(await post(app, text))[0] == "InvalidRequest"


async def test_a_token_is_validated(app: Whole, clock: HandClock) -> None:
    wanted = request("Validate", more=f"<wst:ValidateTarget>{await bearer_token(app)}</wst:ValidateTarget>")
    assert f"{WST}/status/valid" in (await post(app, envelope(timestamp(), wanted))).text
    clock.pass_seconds(300)
    answer = (await post(app, envelope(timestamp(), wanted))).text
    assert f"{WST}/status/invalid" in answer
    assert "it has expired" in answer


# what is refused


async def test_a_wrong_password_gets_no_token(app: Whole) -> None:
    text = envelope(timestamp() + login(password="wrong"), request())
    assert fault(await post(app, text)) == ("FailedAuthentication", "invalid credentials")


async def test_a_certificate_alone_gets_no_token(app: Whole, holder: Client) -> None:
    text = signed(envelope(timestamp(), request(key="PublicKey")), holder)
    assert fault(await post(app, text))[0] == "FailedAuthentication"


@pytest.mark.parametrize("created", [START - 90 * MINUTE, START + 30 * MINUTE])
async def test_a_request_out_of_its_time_gets_no_token(app: Whole, created: int) -> None:
    assert fault(await post(app, envelope(timestamp(created) + login(), request())))[0] == "InvalidTimeRange"


@pytest.mark.parametrize(
    "wanted",
    [
        request(key="SymmetricKey"),
        request("Cancel"),
        request(more='<a:ActAs xmlns:a="http://docs.oasis-open.org/ws-sx/ws-trust/200802"/>'),
        request() + request(),
        "<wst:Something/>",
        "",
    ],
)
async def test_what_is_not_served_is_refused(app: Whole, wanted: str) -> None:
    assert fault(await post(app, envelope(timestamp() + login(), wanted)))[0] == "InvalidRequest"


async def test_a_login_without_a_token_is_refused(app: Whole) -> None:
    bare = f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{LOGIN_BY_TOKEN}</S:Body></S:Envelope>'
    for text in (envelope(timestamp(), LOGIN_BY_TOKEN), bare.encode()):
        assert (await login_by_soap(app, text)).fault[0] == "InvalidLogin"
