"""Logins of users of a directory, by the API, against OpenLDAP's own server."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from access.people import People
from listening import listening
from processes import CONTENTLIB, PATIENCE_SECONDS, run
from slapd import PEOPLE, SECRET, Slapd, running_slapd
from whole import HOST, NAME, PASSWORD, HandClock, Whole, told, whole

pytestmark = pytest.mark.slow
Open = Callable[..., AbstractAsyncContextManager[Whole]]
ROBIN = "robin@corp.example"
WRONG = (401, "UNAUTHENTICATED", "wrong user name or password")
DOWN = (503, "SERVICE_UNAVAILABLE", "the LDAP directory 'corp' cannot be asked now; try again later")


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with running_slapd(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def served(data_dir: Path, clock: HandClock, slapd: Slapd) -> Open:
    """The application with the directory, whose settings are changed so."""

    def open_with(**changes: object) -> AbstractAsyncContextManager[Whole]:
        return whole(data_dir, clock, ldap=[slapd.settings(**changes)])

    return open_with


@pytest.fixture
async def corp(served: Open) -> AsyncIterator[Whole]:
    async with served() as app:
        yield app


@dataclass
class Relay:
    """Passes connections on to a directory, and counts them."""

    port: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        return f"ldaps://127.0.0.1:{self.port}"


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    between = Relay()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        between.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    async with listening(serve) as between.port:
        yield between


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def elsewhere(app: Whole) -> AsyncIterator[Whole]:
    """The same application, reached from another address."""
    transport = httpx.ASGITransport(app.application, client=("198.51.100.9", 40000))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield Whole(app.settings, app.application, client)


async def refusal(app: Whole, name: str, password: str) -> tuple[int, str, str]:
    return told(await app.login(name, password))


async def user(app: Whole, name: str = ROBIN) -> dict[str, object]:
    return dict(await People(app).done("GET", f"/users/{name}"))


async def test_a_user_of_the_directory_logs_in_and_is_known_from_then_on(corp: Whole) -> None:
    assert (await corp.login(ROBIN, SECRET)).status_code == 200
    found = await user(corp)
    assert (found["source"], found["display_name"], found["email"]) == ("ldap:corp", "Robin R.", "robin@mail.example")
    assert found["has_password"] is False


@pytest.mark.parametrize("name", ["robin@corp.example", "CORP\\robin", "ROBIN@corp", "Robin@Corp.Example"])
async def test_a_name_may_be_written_as_vsphere_takes_it(corp: Whole, name: str) -> None:
    assert (await corp.login(name, SECRET)).status_code == 200
    assert set(await People(corp).done("GET", "/users")) == {NAME, ROBIN}


async def test_local_users_log_in_as_before(corp: Whole) -> None:
    assert (await corp.login(NAME, PASSWORD)).status_code == 200
    assert await refusal(corp, "robin", SECRET) == WRONG, "a bare name is of the administrator's domain"


async def test_groups_are_found_through_other_groups(corp: Whole) -> None:
    people = People(corp)
    for name in ("inner", "outer", "third", "circle", "others"):
        await people.done("POST", "/groups", {"name": f"our {name}", "source": "ldap:corp", "external_name": name.upper()})
    by_name = {"name": "by name", "source": "ldap:corp", "external_name": f"cn=outer,ou=groups,{PEOPLE.partition(',')[2]}"}
    await people.done("POST", "/groups", by_name)
    await corp.login(ROBIN, SECRET)
    assert set((await user(corp))["groups"]) == {"our inner", "our outer", "our third", "our circle", "by name"}  # type: ignore[call-overload] # JSON


async def test_nested_groups_can_be_left_out(served: Open) -> None:
    async with served(nested_groups=False) as app:
        for name in ("inner", "outer"):
            await People(app).done("POST", "/groups", {"name": name, "source": "ldap:corp", "external_name": name})
        await app.login(ROBIN, SECRET)
        assert (await user(app))["groups"] == ["inner"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ROBIN, "wrong"),
        (ROBIN, ""),
        (ROBIN, "\u00ad"),  # nothing is left of it by the rules for texts of SASL
        ("nobody@corp.example", SECRET),
        ("*@corp.example", SECRET),
        ("rob*@corp.example", SECRET),
        ("robin)(uid=*@corp.example", SECRET),
        ("robin\\2a@corp.example", SECRET),
        ("robin,ou=people@corp.example", SECRET),
        (" robin@corp.example", SECRET),
        ("ro\0bin@corp.example", SECRET),
        ("@corp.example", SECRET),
        ("reader@corp.example", "reads"),
        ("twin@corp.example", SECRET),
    ],
)
@pytest.mark.parametrize("direct", [False, True], ids=["searched", "direct"])
async def test_what_is_wrong_is_wrong(served: Open, name: str, password: str, direct: bool) -> None:
    changes = {"bind_dn": None, "bind_password": None, "user_template": f"uid={{login}},{PEOPLE}"} if direct else {}
    async with served(**changes) as app:
        assert await refusal(app, name, password) == WRONG


@pytest.mark.parametrize("direct", [False, True], ids=["searched", "direct"])
async def test_a_name_with_every_special_character_logs_in(served: Open, direct: bool) -> None:
    changes = {"bind_dn": None, "bind_password": None, "user_template": f"uid={{login}},{PEOPLE}"} if direct else {}
    async with served(**changes) as app:
        assert (await app.login("o'neil (the *)@corp.example", SECRET)).status_code == 200


async def test_start_tls_is_required_on_a_plain_port(served: Open, slapd: Slapd) -> None:
    async with served(urls=[f"ldap://127.0.0.1:{slapd.ldap}"]) as app:
        assert (await app.login(ROBIN, SECRET)).status_code == 200


async def test_a_certificate_for_another_host_is_refused(served: Open, slapd: Slapd) -> None:
    async with served(urls=[f"ldaps://127.0.0.2:{slapd.ldaps}"]) as app:
        assert await refusal(app, ROBIN, SECRET) == DOWN


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
async def test_a_certificate_of_another_authority_is_refused(served: Open, slapd: Slapd, scheme: str) -> None:
    async with served(ca_file=None, urls=[f"{scheme}://127.0.0.1:{getattr(slapd, scheme)}"]) as app:
        assert await refusal(app, ROBIN, SECRET) == DOWN


async def test_a_wrong_service_password_says_that_the_directory_is_down(served: Open) -> None:
    async with served(bind_password="other") as app:
        assert await refusal(app, ROBIN, SECRET) == DOWN
        assert await refusal(app, ROBIN, SECRET) == DOWN


async def test_a_missing_base_says_that_the_directory_is_down(served: Open) -> None:
    async with served(user_base="ou=nowhere,dc=corp,dc=example") as app:
        assert await refusal(app, ROBIN, SECRET) == DOWN


async def test_the_next_server_is_asked_when_the_first_is_down(served: Open, slapd: Slapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with served(urls=[f"ldaps://127.0.0.1:{port}", f"ldaps://127.0.0.1:{slapd.ldaps}"]) as app:
        assert (await app.login(ROBIN, SECRET)).status_code == 200


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ("expired", "the password of user 'expired' in directory 'corp' has expired or must be changed"),
        ("reset", "the password of user 'reset' in directory 'corp' has expired or must be changed"),
        ("locked", "user 'locked' of directory 'corp' is locked after too many wrong passwords"),
    ],
)
async def test_a_user_hears_what_the_password_policy_says(corp: Whole, user: str, text: str) -> None:
    assert await refusal(corp, f"{user}@corp.example", SECRET) == (401, "UNAUTHENTICATED", text)


async def test_a_wrong_password_tells_nothing_of_an_expired_one(corp: Whole) -> None:
    assert await refusal(corp, "expired@corp.example", "wrong") == WRONG


async def test_a_directory_that_hangs_delays_no_local_user(served: Open) -> None:
    reached, over = asyncio.Event(), asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        try:
            await over.wait()
        finally:
            writer.transport.abort()

    async with listening(hang) as port, served(urls=[f"ldaps://127.0.0.1:{port}"], timeout_seconds=PATIENCE_SECONDS) as app:
        hanging = [asyncio.create_task(app.login(f"user{n}@corp.example", SECRET)) for n in range(12)]
        await reached.wait()
        assert (await app.login(NAME, PASSWORD)).status_code == 200
        assert not any(each.done() for each in hanging)
        over.set()
        assert {told(await each) for each in hanging} == {DOWN}


async def test_a_session_goes_on_when_the_directory_is_down(served: Open, tmp_path: Path) -> None:
    async with served() as app:
        token = (await app.login(ROBIN, SECRET)).json()["value"]
    async with served(urls=["ldaps://127.0.0.1:1"]) as app:
        assert await refusal(app, ROBIN, SECRET) == DOWN
        answer = await app.send("GET", "/api/contentlib/access/self", headers={"vmware-api-session-id": token})
        assert answer.status_code == 200


async def test_a_right_password_is_remembered_and_a_wrong_one_is_not(data_dir: Path, clock: HandClock, slapd: Slapd) -> None:
    async with relay(slapd.ldaps) as between, whole(data_dir, clock, ldap=[slapd.settings(urls=[between.url])]) as app:
        for _ in range(3):
            assert (await app.login(ROBIN, SECRET)).status_code == 200
        assert between.connections == 2, "one to search, one to bind as the user"
        assert await refusal(app, ROBIN, "wrong") == WRONG
        assert await refusal(app, ROBIN, "wrong") == WRONG
        assert between.connections == 6


async def test_nothing_is_remembered_if_the_setting_is_zero(data_dir: Path, clock: HandClock, slapd: Slapd) -> None:
    async with relay(slapd.ldaps) as between:
        changes = {"urls": [between.url], "remember_seconds": 0}
        async with whole(data_dir, clock, ldap=[slapd.settings(**changes)]) as app:
            for _ in range(2):
                assert (await app.login(ROBIN, SECRET)).status_code == 200
            assert between.connections == 4


async def test_only_a_few_wrong_passwords_reach_the_directory(data_dir: Path, clock: HandClock, slapd: Slapd) -> None:
    async with relay(slapd.ldaps) as between:
        changes = {"urls": [between.url], "wrong_passwords": 2}
        async with whole(data_dir, clock, ldap=[slapd.settings(**changes)]) as app:
            for _ in range(2):
                assert await refusal(app, ROBIN, "wrong") == WRONG
            reached = between.connections
            status, kind, text = await refusal(app, "CORP\\Robin", "wrong")
            assert (status, kind) == (503, "SERVICE_UNAVAILABLE")
            assert text.startswith("too many wrong passwords for this user; try again in ")
            assert between.connections == reached


async def test_strangers_do_not_keep_out_a_user_who_has_logged_in_before(served: Open) -> None:
    async with served(wrong_passwords=1, remember_seconds=0) as app:
        assert (await app.login(ROBIN, SECRET)).status_code == 200
        async with elsewhere(app) as stranger:
            assert await refusal(stranger, ROBIN, "wrong") == WRONG
            assert (await stranger.login(ROBIN, "wrong")).status_code == 503
        assert (await app.login(ROBIN, SECRET)).status_code == 200


async def test_a_user_who_is_disabled_here_is_refused(corp: Whole) -> None:
    await corp.login(ROBIN, SECRET)
    await People(corp).done("PATCH", f"/users/{ROBIN}", {"enabled": False})
    assert await refusal(corp, ROBIN, SECRET) == WRONG


async def test_a_local_user_of_the_same_name_keeps_it(corp: Whole) -> None:
    await People(corp).done("POST", "/users", {"name": ROBIN, "password": "kept here alone"})
    assert await refusal(corp, ROBIN, SECRET) == WRONG
    assert (await corp.login(ROBIN, "kept here alone")).status_code == 200


async def test_an_api_token_takes_the_place_of_the_password(corp: Whole) -> None:
    await corp.login(ROBIN, SECRET)
    token = (await People(corp).done("POST", "/tokens", {"name": "t", "user": ROBIN}))["secret"]
    for name in (ROBIN, "CORP\\robin"):
        assert (await corp.login(name, token)).status_code == 200


def checked(directory: Path, slapd: Slapd, *options: str, **changes: object) -> subprocess.CompletedProcess[str]:
    tables = json.dumps([slapd.settings(**changes)])
    command = [str(CONTENTLIB), "ldap", "check", *options]
    return run(command, directory, CONTENTLIB_LDAP=tables, CONTENTLIB_DATA_DIR=str(directory))


def test_the_command_tells_what_works(tmp_path: Path, slapd: Slapd) -> None:
    (tmp_path / "password").write_text(SECRET)
    ended = checked(tmp_path, slapd, "corp", "--user", "robin", "--password-file", "password")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == f"connected to 127.0.0.1:{slapd.ldaps} and bound as cn=reader,dc=corp,dc=example"
    assert lines[1:3] == [f"user_base {PEOPLE} exists", "group_base ou=groups,dc=corp,dc=example exists"]
    assert lines[3].startswith("user robin@corp.example with the identifier ")
    assert "group outer" in lines


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ca_file": None}, "CERTIFICATE_VERIFY_FAILED"),
        ({"bind_password": "other"}, "bind_dn cn=reader,dc=corp,dc=example was refused: invalidCredentials"),
        ({"group_base": "ou=nowhere"}, "search below ou=nowhere: noSuchObject"),
        ({"urls": ["ldaps://127.0.0.1:1"]}, "Connection refused"),
    ],
)
def test_the_command_tells_what_does_not_work(tmp_path: Path, slapd: Slapd, changes: dict[str, object], problem: str) -> None:
    ended = checked(tmp_path, slapd, "corp", **changes)
    assert ended.returncode == 1
    assert problem in ended.stderr


def test_the_command_names_the_directories_that_are_there(tmp_path: Path, slapd: Slapd) -> None:
    ended = checked(tmp_path, slapd, "other")
    assert (ended.returncode, ended.stderr) == (1, "contentlib: unknown directory 'other'; configured: corp\n")
