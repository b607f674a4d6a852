from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
from collections.abc import MutableMapping
from pathlib import Path

import httpx
import pytest

from contentlib.access.guessing import Rate
from contentlib.access.names import UserNames
from contentlib.access.passwords import Argon2Passwords
from contentlib.library.names import fold
from processes import PATIENCE_SECONDS
from vim.soap import Soap
from vim.test_front import SESSIONS
from whole import KNOWN_TOKEN, NAME, PASSWORD, SESSION, TOKEN, HandClock, Whole, told, whole

CHALLENGE = 'Basic realm="contentlib"'
SPELLINGS = ["administrator", "ADMINISTRATOR", "VSPHERE.LOCAL\\Administrator", "vsphere.local\\administrator"]


async def test_a_wrong_password_is_answered_later_each_time(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    _record_sleeps(monkeypatch, waited)
    for name in (NAME, NAME.upper(), *SPELLINGS, NAME):
        await app.login(name, "wrong")
    assert waited == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


async def test_the_right_password_never_waits_and_ends_the_waiting(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    _record_sleeps(monkeypatch, waited)
    for _ in range(3):
        await app.login(NAME, "wrong")
    assert (await app.login()).status_code == 200
    await app.login(NAME, "wrong")
    assert waited == [0.25, 0.5, 1.0, 0.25]


async def test_others_are_served_while_a_wrong_password_waits(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    waits, over = asyncio.Event(), asyncio.Event()

    async def wait(_: float) -> None:
        waits.set()
        await over.wait()

    monkeypatch.setattr("contentlib.access.guessing.sleep", wait)
    waiting = asyncio.create_task(app.login(NAME, "wrong"))
    await waits.wait()
    assert (await app.send("GET", SESSION)).status_code == 200
    assert not waiting.done()
    over.set()
    assert (await waiting).status_code == 401


async def test_a_name_that_nobody_has_is_answered_like_a_wrong_password(app: Whole) -> None:
    unknown, wrong = await app.login("nobody", PASSWORD), await app.login(NAME, "wrong")
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


@pytest.mark.embedded
async def test_a_token_is_kept_as_a_hash_only(app: Whole) -> None:
    token = (await app.login()).json()["value"]
    database = app.settings.data_dir / "contentlib.db"
    kept = b"".join(each.read_bytes() for each in database.parent.glob("contentlib.db*"))
    assert len(token) == 64
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


async def test_a_session_ends_when_it_is_idle(app: Whole, clock: HandClock) -> None:
    clock.pass_seconds(1801)
    answer = await app.send("GET", SESSION)
    text = "login session expired after 1800 seconds without use; log in again"
    assert told(answer) == (401, "UNAUTHENTICATED", text)


async def test_every_call_keeps_the_session_alive(app: Whole, clock: HandClock) -> None:
    for _ in range(3):
        clock.pass_seconds(1700)
        assert (await app.send("GET", "/api/content/library")).status_code == 200


async def test_a_download_with_the_session_keeps_it_alive(app: Whole, clock: HandClock) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    (file,) = await app.rest("GET", f"/library/item/file?library_item_id={item}")
    for _ in range(2):
        clock.pass_seconds(1700)
        assert (await app.client.get(file["file_download_endpoint"])).status_code == 200
    assert (await app.send("GET", SESSION)).status_code == 200


async def test_a_session_that_was_used_lives_on_after_a_restart(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock) as app:
        clock.pass_seconds(1700)
        await app.send("GET", SESSION)
    clock.pass_seconds(1700)
    async with whole(data_dir, clock) as app:
        assert (await app.send("GET", SESSION)).status_code == 200


async def test_a_logout_in_one_worker_is_known_to_the_other(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, workers=2) as one, whole(data_dir, clock, workers=2) as other:
        assert (await other.send("GET", SESSION)).status_code == 200
        await one.send("DELETE", SESSION)
        assert (await other.send("GET", SESSION)).status_code == 401


async def test_a_login_in_one_worker_is_known_to_the_other(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, workers=2) as one, whole(data_dir, clock, workers=2) as other:
        other.client.headers[TOKEN] = (await one.login()).json()["value"]
        assert (await other.send("GET", SESSION)).status_code == 200


async def test_a_login_too_many_ends_the_session_that_was_not_used_for_the_longest_time(
    data_dir: Path, clock: HandClock
) -> None:
    async with whole(data_dir, clock, sessions_per_user=2) as app:
        tokens = [KNOWN_TOKEN]
        for _ in range(2):
            clock.pass_seconds(10)
            tokens.append((await app.login()).json()["value"])
        answers = [await app.send("GET", SESSION, headers={TOKEN: token}) for token in tokens]
    assert [answer.status_code for answer in answers] == [401, 200, 200]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "user name and password are required"),
        ({"authorization": "Bearer x"}, "the API token does not exist or has expired"),
        ({"authorization": "Basic"}, "Authorization header does not contain a user name and a password"),
        ({"authorization": "Basic !!!"}, "Authorization header does not contain a user name and a password"),
        ({"authorization": "Basic bmFtZQ=="}, "Authorization header does not contain a user name and a password"),
        ({"authorization": "Basic //8="}, "Authorization header does not contain a user name and a password"),
        ({"authorization": "Basic bmFtZTpwYXNz"}, "wrong user name or password"),
    ],
)
@pytest.mark.parametrize("path", [SESSION, "/api/session"])
async def test_a_login_that_fails_asks_for_name_and_password(app: Whole, headers: dict[str, str], text: str, path: str) -> None:
    answer = await app.send("POST", path, headers={**headers, TOKEN: ""})
    assert told(answer) == (401, "UNAUTHENTICATED", text)
    assert answer.headers["www-authenticate"] == CHALLENGE


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("", "authentication required: the request has no session"),
        ("x" * 64, "login session does not exist or has expired; log in again"),
        ("é", "login session does not exist or has expired; log in again"),
    ],
)
@pytest.mark.parametrize("target", [SESSION, "/api/content/library", "/rest/com/vmware/content/library"])
async def test_a_call_without_a_session_asks_for_a_login(app: Whole, token: str, text: str, target: str) -> None:
    headers = {TOKEN.encode(): token.encode("latin-1")}
    app.client.headers.pop(TOKEN)
    answer = await app.client.get(target, headers=httpx.Headers(headers))
    assert told(answer) == (401, "UNAUTHENTICATED", text)
    assert answer.headers["www-authenticate"] == CHALLENGE


async def test_a_session_may_come_as_a_cookie(app: Whole) -> None:
    answer = await app.login()
    token = answer.json()["value"]
    app.client.headers.pop(TOKEN)
    app.client.cookies.clear()
    assert answer.headers["set-cookie"] == f"{TOKEN}={token}; Path=/; HttpOnly; SameSite=Strict; Secure"
    found = await app.send("GET", "/api/session", headers={"cookie": f"other=1; {TOKEN}={token}"})
    assert found.json()["user"] == NAME


async def test_json_rpc_logs_in_by_its_security_context(app: Whole) -> None:
    context = {"schemeId": "com.vmware.vapi.std.security.user_pass", "userName": NAME, "password": PASSWORD}
    answer = await json_rpc(app, context)
    token = answer["result"]["output"]["SECRET"]
    assert (await app.send("GET", SESSION, headers={TOKEN: token})).status_code == 200


@pytest.mark.parametrize("password", ["wrong", "\ud800", "x" * 10_000, "\x00"])
async def test_json_rpc_with_a_wrong_password_is_unauthenticated(app: Whole, password: str) -> None:
    context = {"schemeId": "com.vmware.vapi.std.security.user_pass", "userName": "\ud800", "password": password}
    answer = await json_rpc(app, context)
    assert "com.vmware.vapi.std.errors.unauthenticated" in json.dumps(answer) or "error" in answer


async def json_rpc(app: Whole, context: dict[str, str]) -> dict[str, dict[str, dict[str, str]]]:
    """The answer to `session.create`."""
    call = {
        "serviceId": "com.vmware.cis.session",
        "operationId": "create",
        "ctx": {"appCtx": {}, "securityCtx": context},
        "input": {"STRUCTURE": {"operation-input": {}}},
    }
    answer = await app.send("POST", "/api", {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": call}, {TOKEN: ""})
    assert answer.status_code == 200
    found: dict[str, dict[str, dict[str, str]]] = answer.json()
    return found


@pytest.mark.embedded
async def test_the_database_holds_the_hash_of_a_password(data_dir: Path) -> None:
    with sqlite3.connect(data_dir / "contentlib.db") as database:
        ((name, hashed),) = database.execute("SELECT name, password_hash FROM users").fetchall()
    database.close()
    assert (name, hashed[:10]) == (NAME, "$argon2id$")


def _record_sleeps(monkeypatch: pytest.MonkeyPatch, waited: list[float]) -> None:
    """Waiting costs these tests no time; what would have been waited is noted."""

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("contentlib.access.guessing.sleep", note)


async def test_what_is_remembered_of_a_session_is_not_older_than_what_is_stored(app: Whole, clock: HandClock) -> None:
    """Bytes keep a login alive, also between two calls that are long apart."""
    session = await app.session(await app.item())
    address = (await app.add(session, "disk.vmdk", size=100))["upload_endpoint"]["uri"]
    for n in range(12):
        clock.pass_seconds(290)
        part = {"content-range": f"bytes {n}-{n}/100", TOKEN: ""}
        assert (await app.client.put(address, content=b"x", headers=part)).status_code == 200
        await app.application._handle.__self__._expiry.save_touches()  # type: ignore[attr-defined]  # as the job does every few seconds
    assert (await app.send("GET", SESSION)).status_code == 200


# names as clients of vSphere write them


@pytest.mark.parametrize("name", SPELLINGS)
async def test_the_administrator_logs_in_by_any_spelling_of_the_name(app: Whole, name: str) -> None:
    token = (await app.login(name)).json()["value"]
    assert (await app.send("GET", "/api/session", headers={TOKEN: token})).json()["user"] == NAME


async def test_json_rpc_and_soap_take_the_name_without_its_domain(app: Whole) -> None:
    context = {"schemeId": "com.vmware.vapi.std.security.user_pass", "userName": SPELLINGS[2], "password": PASSWORD}
    assert "output" in (await json_rpc(app, context))["result"]
    soap = Soap(app)
    secret = f"<userName>{SPELLINGS[0]}</userName><password>{PASSWORD}</password>"
    assert (await soap.call("Login", SESSIONS, secret)).texts("userName") == [NAME]


@pytest.mark.parametrize(
    "name", ["OTHER\\administrator", "administrator@other", "\\administrator", "administrator\\", "\\", "@"]
)
def test_the_administrator_has_no_other_name(name: str) -> None:
    assert NAME not in UserNames(NAME).meant(name)


@pytest.mark.parametrize(
    ("administrator", "written"),
    [
        ("admin", "admin"),
        ("admin", "admin@vsphere.local"),
        ("admin", "VSPHERE.LOCAL\\ADMIN"),
        ("root@lab.example", "root"),
        ("root@lab.example", "Lab.Example\\Root"),
        ("LAB\\root", "lab\\root"),
    ],
)
def test_another_administrator_is_found_by_name_and_domain_too(administrator: str, written: str) -> None:
    names = UserNames(administrator)
    assert fold(administrator) in [fold(each) for each in names.meant(written)]
    assert names.key(written) == names.key(administrator)


# more than the server can check


async def test_a_login_that_is_refused_unseen_says_when_to_come_back(
    data_dir: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contentlib.access.guessing.BY_ADDRESS", Rate(burst=1, seconds=30))
    _record_sleeps(monkeypatch, [])
    refusal = "too many wrong passwords from this address"
    async with whole(data_dir, clock) as app:
        assert (await app.login("nobody", "wrong")).status_code == 401
        for path in (SESSION, "/api/session"):
            answer = await app.client.post(path, auth=(NAME.encode(), PASSWORD.encode()), headers={TOKEN: ""})
            status, kind, text = told(answer)
            assert (status, kind) == (429, "SERVICE_UNAVAILABLE")
            assert text == f"{refusal}; try again in {answer.headers['retry-after']} seconds"
        context = {"schemeId": "com.vmware.vapi.std.security.user_pass", "userName": NAME, "password": PASSWORD}
        assert "com.vmware.vapi.std.errors.service_unavailable" in json.dumps(await json_rpc(app, context))
        secret = f"<userName>{NAME}</userName><password>{PASSWORD}</password>"
        heard = await Soap(app).call("Login", SESSIONS, secret)
        assert heard.fault == ("SystemError", f"{refusal}; try again in {heard.headers['retry-after']} seconds")
        assert (await app.send("GET", SESSION)).status_code == 200


async def test_a_client_that_hangs_up_is_not_waited_for(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(_: float) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr("contentlib.access.guessing.sleep", wait)
    gone, began = asyncio.Event(), asyncio.Event()
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, object]:
        if not messages:
            began.set()
            await gone.wait()
        return messages.pop() if messages else {"type": "http.disconnect"}

    sent: list[MutableMapping[str, object]] = []

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Basic " + base64.b64encode(b"robin:wrong"))]
    scope = {"type": "http", "method": "POST", "path": "/api/session", "query_string": b"", "headers": headers}
    answering = asyncio.create_task(app.application({**scope, "scheme": "http", "client": ("192.0.2.9", 1)}, receive, send))
    await began.wait()
    gone.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await answering


@pytest.mark.parametrize("name", ["x" * 256, ""])
async def test_a_name_that_nobody_can_have_is_refused_without_hashing(
    app: Whole, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Argon2Passwords, "verify", None)
    assert told(await app.login(name, "x"))[:2] == (401, "UNAUTHENTICATED")
    assert told(await app.login(NAME, "x" * 1025))[:2] == (401, "UNAUTHENTICATED")
