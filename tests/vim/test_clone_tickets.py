"""Tests clone tickets: another connection gets a session of the same user, once."""

from __future__ import annotations

from access.people import People
from vim.soap import Heard, Soap
from whole import NAME, HandClock

SESSIONS = ("SessionManager", "SessionManager")


async def ticket(soap: Soap) -> str:
    return (await soap.call("AcquireCloneTicket", SESSIONS)).texts("returnval")[0]


async def clone(soap: Soap, value: str) -> Heard:
    """The answer to a connection without a session."""
    own, soap.token = soap.token, None
    heard = await soap.call("CloneSession", SESSIONS, f"<cloneTicket>{value}</cloneTicket>")
    soap.token = own
    return heard


async def test_a_ticket_starts_another_session_of_the_same_user(soap: Soap) -> None:
    heard = await clone(soap, await ticket(soap))
    assert heard.texts("userName") == [NAME]
    soap.token = heard.headers["set-cookie"].partition('"')[2].partition('"')[0]
    assert (await soap.call("SessionIsActive", SESSIONS, "<sessionID/><userName/>")).status == 200


async def test_a_ticket_is_used_once_and_within_a_minute(soap: Soap, clock: HandClock) -> None:
    first, second = await ticket(soap), await ticket(soap)
    assert (await clone(soap, first)).status == 200
    assert (await clone(soap, first)).fault[0] == "InvalidLogin"
    clock.pass_seconds(60)
    assert (await clone(soap, second)).fault[0] == "InvalidLogin"
    assert (await clone(soap, "cst-guessed")).fault[0] == "InvalidLogin"


async def test_a_ticket_ends_with_its_session(soap: Soap) -> None:
    value = await ticket(soap)
    await soap.call("Logout", SESSIONS)
    assert (await clone(soap, value)).fault[0] == "InvalidLogin"


async def test_a_ticket_needs_a_session(soap: Soap) -> None:
    soap.token = None
    assert (await soap.call("AcquireCloneTicket", SESSIONS)).fault[0] == "NotAuthenticated"


async def test_a_cloned_session_has_the_rights_of_its_api_token(soap: Soap) -> None:
    _, secret = await People(soap.app).token(NAME, role="Content user")
    soap.token = (await soap.app.login(NAME, secret)).json()["value"]
    heard = await clone(soap, await ticket(soap))
    session = heard.headers["set-cookie"].partition('"')[2].partition('"')[0]
    headers = {"vmware-api-session-id": session}
    refused = await soap.app.client.post("/api/contentlib/access/groups", json={"name": "new"}, headers=headers)
    assert refused.json()["error_type"] == "UNAUTHORIZED"
