"""API tokens: what they look like, where they do in place of a password, and what ends them."""

from __future__ import annotations

import base64

import httpx
import pytest

from access.people import People
from contentlib.access.api_tokens import is_secret, new_secret
from vim.soap import Soap
from vim.test_front import login as soap_login
from whole import NAME, TOKEN, HandClock, Whole

ROBIN = "robin@vsphere.local"


@pytest.fixture
async def people(app: Whole) -> People:
    made = People(app)
    await made.user("robin")
    return made


def test_a_token_is_known_by_prefix_and_checksum() -> None:
    secret = new_secret()
    assert secret.startswith("clt_")
    assert is_secret(secret)
    for other in (secret[:-1], secret + "0", "clt_" + "0" * 38, secret.swapcase(), secret.replace("clt_", "ghp_"), ""):
        assert not is_secret(other)


@pytest.mark.embedded
async def test_a_secret_is_kept_nowhere(people: People) -> None:
    _, secret = await people.token(ROBIN)
    database = people.app.settings.data_dir / "contentlib.db"
    kept = b"".join(each.read_bytes() for each in database.parent.glob("contentlib.db*"))
    assert secret.encode() not in kept
    assert secret.removeprefix("clt_")[:16].encode() not in kept


async def test_a_token_does_in_place_of_a_password(people: People) -> None:
    _, secret = await people.token(ROBIN)
    for name in ("robin", ROBIN, "VSPHERE.LOCAL\\robin"):
        assert (await people.app.login(name, secret)).status_code == 200
    assert (await people.app.login(NAME, secret)).status_code == 401
    assert "vmware_soap_session" in await soap_login(Soap(people.app), "robin", secret)


async def test_a_token_alone_starts_a_session_and_calls_without_one(people: People) -> None:
    token, secret = await people.token(ROBIN)
    bearer = {TOKEN: "", "authorization": f"Bearer {secret}"}
    started = await people.app.client.post("/api/session", headers=bearer)
    assert started.status_code == 201
    assert (await people.done("GET", "/self", token=secret))["token"] == token
    assert (await people.app.client.get("/api/session", headers=bearer)).json()["user"] == ROBIN
    listed = await people.app.send("GET", "/api/contentlib/access/self", headers={TOKEN: started.json()})
    assert listed.json()["token"] == token


async def test_a_session_of_a_token_is_as_narrow_as_the_token(people: People) -> None:
    library, other = await people.app.library(), await people.app.library()
    await people.permit(ROBIN, "Administrator")
    _, secret = await people.token(ROBIN, role="Content user", libraries=[library])
    session = {TOKEN: (await people.app.login("robin", secret)).json()["value"]}
    assert (await people.app.send("GET", "/api/content/library", headers=session)).json() == [library]
    assert (await people.app.send("GET", f"/api/content/library/{other}", headers=session)).status_code == 404
    changed = await people.app.send("PATCH", f"/api/content/local-library/{library}", {"description": "x"}, session)
    assert changed.status_code == 403


async def test_a_token_that_is_removed_ends_with_its_sessions(people: People) -> None:
    token, secret = await people.token(ROBIN)
    mine = {TOKEN: await people.login("robin")}
    its = {TOKEN: (await people.app.login("robin", secret)).json()["value"]}
    await people.done("DELETE", f"/tokens/{token}")
    assert (await people.ask("GET", "/self", token=secret)).status_code == 401
    assert (await people.app.send("GET", "/api/session", headers=its)).status_code == 401
    assert (await people.app.send("GET", "/api/session", headers=mine)).status_code == 200
    assert (await people.app.login("robin", secret)).status_code == 401


async def test_a_token_ends_at_its_time_with_its_sessions(people: People, clock: HandClock) -> None:
    _, secret = await people.token(ROBIN, expires="2023-11-14T22:13:30.000Z")
    session = {TOKEN: (await people.app.login("robin", secret)).json()["value"]}
    assert (await people.app.send("GET", "/api/contentlib/access/self", headers=session)).status_code == 200
    clock.pass_seconds(10)
    assert (await people.app.send("GET", "/api/contentlib/access/self", headers=session)).status_code == 401
    assert (await people.ask("GET", "/self", token=secret)).status_code == 401
    assert (await people.app.login("robin", secret)).status_code == 401


async def test_a_token_makes_no_token(people: People) -> None:
    _, secret = await people.token(ROBIN, role="Content user")
    for authorization in (secret, None):
        headers = {TOKEN: "", "authorization": f"Bearer {secret}"}
        if authorization is None:
            headers = {TOKEN: (await people.app.login("robin", secret)).json()["value"]}
        answer = await people.app.send("POST", "/api/contentlib/access/tokens", {"name": "wider"}, headers)
        assert answer.status_code == 403


async def test_ones_own_tokens_are_made_shown_and_removed_by_oneself(people: People) -> None:
    session = {TOKEN: await people.login("robin")}
    other, _ = await people.token(NAME)
    made = (await people.app.send("POST", "/api/contentlib/access/tokens", {"name": "mine"}, session)).json()
    listed = await people.app.send("GET", "/api/contentlib/access/tokens", headers=session)
    assert listed.json() == [made["token"]]
    path = f"/api/contentlib/access/tokens/{made['token']}"
    assert made["secret"] not in (await people.app.send("GET", path, headers=session)).text
    for method in ("GET", "DELETE"):
        answer = await people.app.send(method, f"/api/contentlib/access/tokens/{other}", headers=session)
        assert answer.status_code == 404
    for_other = await people.app.send("POST", "/api/contentlib/access/tokens", {"name": "sly", "user": NAME}, session)
    assert for_other.status_code == 404
    assert (await people.app.send("DELETE", path, headers=session)).status_code == 204


async def test_the_last_use_of_a_token_is_shown(people: People, clock: HandClock) -> None:
    token, secret = await people.token(ROBIN)
    assert "last_used" not in await people.done("GET", f"/tokens/{token}")
    clock.pass_seconds(5)
    await people.done("GET", "/self", token=secret)
    told = await people.done("GET", f"/tokens/{token}")
    assert (told["last_used"], told["last_address"]) == ("2023-11-14T22:13:25.000Z", "192.0.2.7")


async def test_a_wrong_token_is_slow_like_a_wrong_password(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("contentlib.access.guessing.sleep", sleep)
    for _ in range(2):
        assert (await people.app.login("robin", new_secret())).status_code == 401
    assert waited == [0.25, 0.5]


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer clt_", "bearer " + "x" * 5000, "Bearer \xff"])
async def test_a_bearer_that_is_no_token_is_refused(people: People, value: str) -> None:
    answer = await people.app.client.get(
        "/api/content/library", headers=httpx.Headers({TOKEN: "", "authorization": value}, encoding="latin-1")
    )
    assert answer.status_code == 401


async def test_a_users_password_by_basic_starts_no_call_of_its_own(people: People) -> None:
    """As upstream: name and password are for logging in, all else needs the session or a token."""
    _, secret = await people.token(ROBIN)
    basic = base64.b64encode(f"{ROBIN}:{secret}".encode()).decode()
    answer = await people.app.send("GET", "/api/content/library", headers={TOKEN: "", "authorization": f"Basic {basic}"})
    assert answer.status_code == 401
