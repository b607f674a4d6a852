"""Logins in a browser: there and back, and every way back that does not count."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from access.people import People
from issuer import ANN, CLIENT, Issuer, issuing, table
from whole import KNOWN_TOKEN, TOKEN, HandClock, Whole, whole

LOGIN, CALLBACK = "/cls/login/corp", "/cls/login/corp/callback"
FOREIGN = {TOKEN: "", "sec-fetch-site": "cross-site"}


class Browser:
    """A browser: it keeps cookies, and comes from another site when a provider sends it back."""

    def __init__(self, app: Whole) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **query: str) -> httpx.Response:
        """The answer to a navigation."""
        return self._kept(await self.app.client.get(path, params=query or None, headers=FOREIGN | self._cookie()))

    async def post(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a form that is sent from a page of the server, or from elsewhere."""
        return self._kept(await self.app.client.post(path, headers={TOKEN: "", **headers} | self._cookie()))

    async def session(self) -> httpx.Response:
        """What a page of the server is told of the session."""
        headers = {"sec-fetch-site": "same-origin"} | self._cookie()
        del self.app.client.headers[TOKEN]
        return await self.app.client.get("/api/session", headers=headers)

    def _cookie(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        for each in answer.headers.get_list("set-cookie"):
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        self.app.client.cookies.clear()
        return answer


@pytest.fixture
def browser(app: Whole) -> Browser:
    return Browser(app)


async def begun(browser: Browser, issuer: Issuer, **query: str) -> dict[str, str]:
    """What a browser brings back after a login at the provider."""
    return issuer.confirm((await browser.get(LOGIN, **query)).headers["location"])


async def test_a_login_there_and_back_starts_a_session(browser: Browser, issuer: Issuer) -> None:
    sent = await browser.get(LOGIN)
    query = {name: value[0] for name, value in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert (sent.status_code, query["response_type"], query["code_challenge_method"]) == (303, "code", "S256")
    assert (query["client_id"], query["redirect_uri"]) == (CLIENT, f"https://lib.example{CALLBACK}")
    back = await browser.get(CALLBACK, **issuer.confirm(sent.headers["location"]))
    assert back.status_code == 200
    assert "Logged in as ann@corp.example" in back.text
    assert list(browser.cookies) == [TOKEN]
    assert (await browser.session()).json()["user"] == "ann@corp.example"


async def test_the_audit_log_tells_of_refused_logins(browser: Browser, issuer: Issuer) -> None:
    await browser.get(CALLBACK, **await begun(browser, issuer))
    assert (await browser.get(CALLBACK, code="x", state="of another browser")).status_code == 400
    assert (await browser.get(CALLBACK, **await begun(browser, issuer) | {"error": "access_denied"})).status_code == 403
    spec = {"enabled": False}
    answer = await browser.app.send("PATCH", "/api/contentlib/access/users/ann@corp.example", spec, {TOKEN: KNOWN_TOKEN})
    assert answer.status_code == 204, answer.text
    assert (await browser.get(CALLBACK, **await begun(browser, issuer))).status_code == 403
    path = "/api/contentlib/access/audit?operation=oidc.login&outcome=REFUSED"
    entries = (await browser.app.send("GET", path, headers={TOKEN: KNOWN_TOKEN})).json()["entries"]
    users = [each.get("user") for each in entries]
    assert (users, {each["error"] for each in entries}) == (["ann@corp.example", None, None], {"unauthenticated"})


async def test_the_audit_log_tells_who_has_logged_in(browser: Browser, issuer: Issuer) -> None:
    await browser.get(CALLBACK, **await begun(browser, issuer))
    entries = (await browser.app.send("GET", "/api/contentlib/access/audit?operation=oidc.login")).json()["entries"]
    assert {(each.get("user"), each["address"]) for each in entries} >= {("ann@corp.example", "192.0.2.7")}


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser, issuer: Issuer) -> None:
    sent = await browser.get(LOGIN)
    (kept,) = sent.headers.get_list("set-cookie")
    assert kept.endswith("; Path=/cls/login/corp; HttpOnly; SameSite=Lax; Max-Age=600; Secure")
    back = await browser.get(CALLBACK, **issuer.confirm(sent.headers["location"]))
    session, gone = back.headers.get_list("set-cookie")
    assert session.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
    assert "Max-Age=0" in gone
    assert back.headers["cache-control"] == "no-store"


async def test_a_login_ends_once(browser: Browser, issuer: Issuer) -> None:
    issuer.reuses = True
    answer = await begun(browser, issuer)
    cookies = dict(browser.cookies)
    assert (await browser.get(CALLBACK, **answer)).status_code == 200
    browser.cookies = cookies
    again = await browser.get(CALLBACK, **answer)
    assert again.status_code == 400
    assert again.text == "the login at oidc:corp was not started in this browser, or has expired or ended\n"


async def test_of_many_ends_at_once_one_counts(browser: Browser, issuer: Issuer) -> None:
    issuer.reuses = True
    answer, others = await begun(browser, issuer), [Browser(browser.app) for _ in range(5)]
    for each in others:
        each.cookies = dict(browser.cookies)
    ended = await asyncio.gather(*(each.get(CALLBACK, **answer) for each in others))
    assert sorted(each.status_code for each in ended) == [200, 400, 400, 400, 400]


async def test_a_code_that_the_provider_has_taken_back_is_refused(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    issuer.logins.clear()
    back = await browser.get(CALLBACK, **answer)
    assert (back.status_code, back.text) == (403, "login at oidc:corp failed: the provider answered invalid_grant\n")


async def test_another_browser_cannot_end_a_login(browser: Browser, issuer: Issuer) -> None:
    answer, other = await begun(browser, issuer), Browser(browser.app)
    assert (await other.get(CALLBACK, **answer)).status_code == 400
    await begun(other, issuer)  # its own login does not help
    assert (await other.get(CALLBACK, **answer)).status_code == 400
    assert not issuer.asked["/token"]


async def test_a_wrong_state_is_refused(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    for state in ("x", "", "\u00e4"):
        assert (await browser.get(CALLBACK, **answer | {"state": state})).status_code == 400
    assert not issuer.asked["/token"]


async def test_a_parameter_that_is_given_twice_does_not_count(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    twice = f"{CALLBACK}?state={answer['state']}&code={answer['code']}&state=other"
    assert (await browser.get(twice)).status_code == 400
    twice = f"{CALLBACK}?state={answer['state']}&code={answer['code']}&code=other"
    assert (await browser.get(twice)).status_code == 403
    assert not issuer.asked["/token"]


async def test_a_cookie_that_is_not_ours_is_refused(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    for value in ("", "x", "AAAA", "!" * 20, "A" * 5000):
        browser.cookies = {"contentlib-login-corp": value}
        assert (await browser.get(CALLBACK, **answer)).status_code == 400


async def test_a_login_expires(browser: Browser, issuer: Issuer, clock: HandClock) -> None:
    answer = await begun(browser, issuer)
    clock.pass_seconds(601)
    assert (await browser.get(CALLBACK, **answer)).status_code == 400


async def test_a_login_of_one_provider_does_not_end_at_another(data_dir: Path, clock: HandClock, issuer: Issuer) -> None:
    async with issuing() as other, whole(data_dir, clock, oidc=[table(issuer), table(other, name="other")]) as app:
        browser = Browser(app)
        answer = await begun(browser, issuer)
        browser.cookies = {"contentlib-login-other": browser.cookies["contentlib-login-corp"]}
        assert (await browser.get("/cls/login/other/callback", **answer)).status_code == 400


WRONG_ID_TOKENS: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, "it belongs to another login"),
    ({"nonce": None}, "it belongs to another login"),
    ({"aud": "another"}, "it was made for another audience"),
    ({"aud": [CLIENT, "another"]}, "it was issued to another client"),
    ({"azp": "another"}, "it was issued to another client"),
    ({"iss": "https://other.example"}, "it is of another issuer"),
    ({"exp": 1}, "it has expired"),
    ({"sub": None}, "it has no subject"),
]


async def test_an_id_token_that_is_not_the_answer_to_this_login_is_refused(browser: Browser, issuer: Issuer) -> None:
    for issuer.id_claims, problem in WRONG_ID_TOKENS:
        back = await browser.get(CALLBACK, **await begun(browser, issuer))
        assert (back.status_code, back.text) == (403, f"login at oidc:corp failed: ID token: {problem}\n")
        assert TOKEN not in browser.cookies


async def test_an_answer_of_another_issuer_is_refused(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    back = await browser.get(CALLBACK, **answer | {"iss": "https://attacker.example"})
    assert (back.status_code, issuer.asked["/token"]) == (403, 0)


async def test_what_the_provider_refuses_is_told_without_its_words(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    del answer["code"]
    back = await browser.get(CALLBACK, **answer, error="access_denied", error_description="<b>call 555</b>")
    assert (back.status_code, back.text) == (403, "login at oidc:corp failed: the provider answered access_denied\n")


async def test_a_login_never_leads_elsewhere(browser: Browser) -> None:
    elsewhere = (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/a\r\nx: y",
        "javascript:x",
        "",
        "/<b>",
    )
    for target in elsewhere:
        assert (await browser.get(LOGIN, next=target)).status_code == 400, target


async def test_a_login_leads_to_the_page_where_it_began(browser: Browser, issuer: Issuer) -> None:
    back = await browser.get(CALLBACK, **await begun(browser, issuer, next="/ui/libraries?sort=name&x=1"))
    assert 'href="/ui/libraries?sort=name&amp;x=1"' in back.text


async def test_groups_that_only_the_user_information_has_count(data_dir: Path, clock: HandClock, issuer: Issuer) -> None:
    issuer.id_claims = dict.fromkeys(ANN) | {"sub": "4711"}
    issuer.userinfo = dict(ANN)
    async with whole(data_dir, clock, oidc=[table(issuer)]) as app:
        people, browser = People(app), Browser(app)
        await people.done("POST", "/groups", {"name": "staff", "source": "oidc:corp", "external_name": "/staff"})
        assert (await browser.get(CALLBACK, **await begun(browser, issuer))).status_code == 200
        assert (await people.done("GET", "/users/ann@corp.example"))["groups"] == ["staff"]
        issuer.userinfo["sub"] = "4712"
        refused = await browser.get(CALLBACK, **await begun(browser, issuer))
        assert refused.text == "login at oidc:corp failed: the provider's user information is that of another user\n"


async def test_a_local_user_is_not_logged_in_by_a_provider(browser: Browser, issuer: Issuer) -> None:
    issuer.id_claims = {"preferred_username": "administrator@elsewhere.example"}
    people = People(browser.app)
    await people.user("administrator@elsewhere.example")
    back = await browser.get(CALLBACK, **await begun(browser, issuer))
    assert back.status_code == 403
    assert "the name belongs to another user" in back.text
    assert "www-authenticate" not in back.headers


async def test_a_provider_that_hangs_holds_no_other_login(browser: Browser, issuer: Issuer) -> None:
    answer = await begun(browser, issuer)
    issuer.held.add("/token")
    waiting = asyncio.create_task(browser.get(CALLBACK, **answer))
    await issuer.holding.wait()
    assert (await browser.app.login()).status_code == 200
    issuer.released.set()
    assert (await waiting).status_code == 200


async def test_logins_that_a_provider_does_not_answer_are_bounded(browser: Browser, issuer: Issuer) -> None:
    others = [Browser(browser.app) for _ in range(17)]
    answers = [await begun(each, issuer) for each in others]
    issuer.held.add("/token")
    waiting = [asyncio.create_task(each.get(CALLBACK, **answer)) for each, answer in zip(others, answers, strict=True)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = done
    assert (refused.result().status_code, refused.result().headers["retry-after"]) == (503, "5")
    issuer.released.set()
    assert sorted(each.status_code for each in await asyncio.gather(*waiting)) == [200] * 16 + [503]


async def test_a_provider_that_is_down_is_named(browser: Browser, issuer: Issuer) -> None:
    issuer.statuses["/.well-known/openid-configuration"] = 500
    sent = await browser.get(LOGIN)
    assert sent.status_code == 503
    assert sent.text.startswith("provider oidc:corp is not usable: ")
    assert sent.text.endswith("; local users can log in\n")


async def test_logging_out_ends_the_session_here_and_at_the_provider(browser: Browser, issuer: Issuer) -> None:
    await browser.get(CALLBACK, **await begun(browser, issuer))
    session = dict(browser.cookies)
    foreign = await browser.post("/cls/logout", origin="https://evil.example")  # its cookie does not count
    assert foreign.headers["location"] == "/"
    browser.cookies = session
    out = await browser.post("/cls/logout", origin="https://lib.example")
    expected = f"{issuer.url}/logout?client_id={CLIENT}&post_logout_redirect_uri=https%3A%2F%2Flib.example%2F"
    assert (out.status_code, out.headers["location"]) == (303, expected)
    assert TOKEN not in browser.cookies
    browser.cookies = session
    assert (await browser.session()).status_code == 401


EVENT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}


async def told_of_logout(browser: Browser, token: str) -> int:
    """What the provider is answered that sends a logout token."""
    headers = {TOKEN: "", "content-type": "application/x-www-form-urlencoded"}
    content = f"logout_token={token}".encode()
    return (await browser.app.client.post("/cls/login/corp/logout", content=content, headers=headers)).status_code


async def test_the_provider_ends_the_sessions_of_a_user(browser: Browser, issuer: Issuer) -> None:
    await browser.get(CALLBACK, **await begun(browser, issuer))
    token = issuer.token({"alg": "RS256", "kid": "one", "typ": "logout+jwt"}, aud=CLIENT, events=EVENT, jti="1")
    assert await told_of_logout(browser, token) == 200
    kept = dict(browser.cookies)
    assert (await browser.session()).status_code == 401
    await browser.get(CALLBACK, **await begun(browser, issuer))
    assert await told_of_logout(browser, token) == 200  # sent again, it ends nothing
    browser.app.client.headers[TOKEN] = ""
    assert (await browser.session()).status_code == 200
    assert kept != browser.cookies


async def test_the_provider_ends_one_of_its_sessions(browser: Browser, issuer: Issuer) -> None:
    sessions = []
    for sid in ("one", "two", None):
        sent = (await browser.get(LOGIN)).headers["location"]
        await browser.get(CALLBACK, **issuer.confirm(sent, ANN if sid is None else {**ANN, "sid": sid}))
        sessions.append(dict(browser.cookies))
    token = {"aud": CLIENT, "events": EVENT, "sub": None, "sid": "one"}
    assert await told_of_logout(browser, issuer.token({"alg": "RS256", "kid": "one"}, **token, jti="1")) == 200
    seen = []
    for browser.cookies in sessions:
        browser.app.client.headers[TOKEN] = ""
        seen.append((await browser.session()).status_code)
    assert seen == [401, 200, 200]


async def test_only_a_logout_token_ends_sessions(browser: Browser, issuer: Issuer) -> None:
    await browser.get(CALLBACK, **await begun(browser, issuer))
    good: dict[str, Any] = {"aud": CLIENT, "events": EVENT, "jti": "1"}
    wrong: list[dict[str, Any]] = [
        {"aud": "x"},
        {"events": None},
        {"events": {}},
        {"jti": None},
        {"nonce": "x"},
        {"sub": None},
        {"exp": 1},
    ]
    for changes in wrong:
        assert await told_of_logout(browser, issuer.token({"alg": "RS256", "kid": "one"}, **good | changes)) == 400, changes
    for token in ("", "x", issuer.token({"alg": "RS256", "kid": "one"}, b"", **good)):
        assert await told_of_logout(browser, token) == 400
    assert await told_of_logout(browser, "x" * 40_000) == 413
    other = issuer.token({"alg": "RS256", "kid": "one"}, **good | {"sub": "another"})
    assert await told_of_logout(browser, other) == 200
    assert (await browser.session()).status_code == 200


async def test_pages_have_one_method(browser: Browser, issuer: Issuer) -> None:
    for method, path in (
        ("POST", LOGIN),
        ("POST", CALLBACK),
        ("HEAD", LOGIN),
        ("GET", "/cls/logout"),
        ("GET", f"{LOGIN}/logout"),
    ):
        assert (await browser.app.send(method, path)).status_code == 405, path
    assert (await browser.get("/cls/login")).json() == [{"name": "corp", "login": LOGIN, "issuer": issuer.url}]
    assert (await browser.get("/cls/login/nobody")).status_code == 404
    assert (await browser.get("/cls/login/corp/callback/x")).status_code == 404


async def test_behind_a_proxy_addresses_are_those_that_the_browser_knows(
    data_dir: Path, clock: HandClock, issuer: Issuer
) -> None:
    async with whole(data_dir, clock, oidc=[table(issuer)], public_url="https://corp.example/lib") as app:
        browser = Browser(app)
        sent = await browser.get(LOGIN)
        (kept,) = sent.headers.get_list("set-cookie")
        assert "; Path=/lib/cls/login/corp;" in kept
        answer = issuer.confirm(sent.headers["location"])
        back = await browser.get(CALLBACK, **answer)
        assert 'href="/lib/"' in back.text
