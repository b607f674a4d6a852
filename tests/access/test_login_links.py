"""Links that log the administrator in to the console once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from access.people import People
from contentlib.access.login_links import issue
from contentlib.library.errors import Missing, Unsupported
from contentlib.library.ports import AccessStore
from contentlib.stores import open_rows
from whole import NAME, TOKEN, HandClock, Whole, told

REDEEM = "/api/contentlib/access/login-links?action=redeem"
REFUSED = (401, "UNAUTHENTICATED", "the login link does not exist, has expired or was used before")


@pytest.fixture
async def beside(app: Whole) -> AsyncIterator[AccessStore]:
    """The store as a command beside the server opens it."""
    metadata = open_rows(app.settings)
    yield metadata
    await metadata.close()


async def redeem(app: Whole, secret: str) -> httpx.Response:
    """The answer to a link that is opened in a new browser."""
    return await app.send("POST", REDEEM, {"secret": secret}, {TOKEN: ""})


async def test_a_link_logs_in_once(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, clock, NAME)
    answer = await redeem(app, secret)
    assert answer.status_code == 201
    assert "HttpOnly" in answer.headers["set-cookie"]
    session = await app.send("GET", "/api/session", headers={TOKEN: answer.json()})
    assert session.json()["user"] == NAME
    assert told(await redeem(app, secret)) == REFUSED


async def test_of_many_callers_one_is_logged_in(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, clock, NAME)
    answers = await asyncio.gather(*(redeem(app, secret) for _ in range(10)))
    assert sorted(each.status_code for each in answers) == [201] + [401] * 9


async def test_a_link_ends_after_fifteen_minutes(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, clock, NAME)
    clock.pass_seconds(15 * 60)
    assert told(await redeem(app, secret)) == REFUSED


async def test_a_link_of_a_clock_that_was_wrong_is_refused(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, HandClock(clock.now() + 3_600_000), NAME)
    assert told(await redeem(app, secret)) == REFUSED


async def test_a_new_link_replaces_the_former(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    former, secret = await issue(beside, clock, NAME), await issue(beside, clock, NAME)
    assert told(await redeem(app, former)) == REFUSED
    assert (await redeem(app, secret)).status_code == 201


async def test_a_new_password_ends_the_link(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, clock, NAME)
    spec = {"password": "Another-horse 2!"}
    changed = await app.send("POST", f"/api/contentlib/access/users/{NAME}?action=set-password", spec)
    assert changed.status_code == 204
    assert told(await redeem(app, secret)) == REFUSED


async def test_a_disabled_or_removed_user_has_no_link(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    user = await People(app).user("robin")
    secret = await issue(beside, clock, user)
    await app.send("PATCH", f"/api/contentlib/access/users/{user}", {"enabled": False})
    await app.send("PATCH", f"/api/contentlib/access/users/{user}", {"enabled": True})
    assert told(await redeem(app, secret)) == REFUSED
    secret = await issue(beside, clock, user)
    assert (await app.send("DELETE", f"/api/contentlib/access/users/{user}")).status_code == 204
    assert told(await redeem(app, secret)) == REFUSED
    with pytest.raises(Missing):
        await issue(beside, clock, user)


async def test_a_disabled_user_gets_no_link(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    user = await People(app).user("robin")
    await app.send("PATCH", f"/api/contentlib/access/users/{user}", {"enabled": False})
    with pytest.raises(Unsupported, match="is disabled"):
        await issue(beside, clock, user)


@pytest.mark.parametrize("change", [str.upper, lambda secret: secret[:-1] + "~", lambda _: "", lambda _: "cll_\ud800"])
async def test_a_guess_is_refused(app: Whole, beside: AccessStore, clock: HandClock, change: object) -> None:
    assert callable(change)
    secret = await issue(beside, clock, NAME)
    assert (await redeem(app, change(secret))).status_code in (400, 401)
    assert (await redeem(app, secret)).status_code == 201


async def test_a_page_of_another_site_cannot_log_the_browser_in(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    body = f'{{"secret": "{await issue(beside, clock, NAME)}"}}'.encode()
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = await app.send("POST", REDEEM, body, {TOKEN: "", "content-type": "text/plain", **foreign})
        assert "set-cookie" not in answer.headers


async def test_a_link_is_not_spent_by_reading_an_address(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, clock, NAME)
    for method in ("GET", "HEAD"):
        assert (await app.send(method, f"{REDEEM}&secret={secret}", headers={TOKEN: ""})).status_code >= 400
    assert (await redeem(app, secret)).status_code == 201


async def test_the_session_is_not_one_that_the_caller_brought(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    former = app.client.headers[TOKEN]
    answer = await app.send("POST", REDEEM, {"secret": await issue(beside, clock, NAME)}, {TOKEN: "cd" * 32})
    assert answer.json() not in (former, "cd" * 32)
    assert (await app.send("GET", "/api/session", headers={TOKEN: "cd" * 32})).status_code == 401


@pytest.mark.embedded
async def test_the_secret_is_stored_nowhere(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    unused, used = await issue(beside, clock, await People(app).user("robin")), await issue(beside, clock, NAME)
    assert (await redeem(app, used)).status_code == 201
    for file in app.settings.data_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert unused.encode() not in content
            assert used.encode() not in content


async def test_a_login_by_a_link_is_in_the_audit_log(app: Whole, beside: AccessStore, clock: HandClock) -> None:
    secret = await issue(beside, clock, NAME)
    await redeem(app, secret)
    await redeem(app, secret)
    entries = (await app.send("GET", "/api/contentlib/access/audit?size=3")).json()["entries"]
    operation = "contentlib.access.login_links.redeem"
    assert [(each["operation"], each["outcome"]) for each in entries[:2]] == [(operation, "REFUSED"), (operation, "SUCCEEDED")]
    assert entries[1]["user"] == NAME
    assert "login link" in [each["type"] for each in entries[2]["things"]]
    assert secret not in str(entries)
