"""Logins of users of an Active Directory, by the API: its codes, identifiers and names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import certificates
from access.people import People
from active_directory import SECRET, ActiveDirectory, active_directory
from listening import listening
from whole import NAME, PASSWORD, HandClock, Whole, told, whole

ROBIN = "robin@corp.example"
WRONG = (401, "UNAUTHENTICATED", "wrong user name or password")
DOWN = (503, "SERVICE_UNAVAILABLE", "the LDAP directory 'corp' cannot be asked now; try again later")


@pytest.fixture
async def directory(tmp_path: Path) -> AsyncIterator[ActiveDirectory]:
    async with active_directory(tmp_path) as running:
        yield running


@pytest.fixture
async def corp(directory: ActiveDirectory, data_dir: Path, clock: HandClock) -> AsyncIterator[Whole]:
    async with whole(data_dir, clock, ldap=[directory.settings()]) as app:
        yield app


async def refusal(app: Whole, name: str = ROBIN, password: str = SECRET) -> tuple[int, str, str]:
    return told(await app.login(name, password))


@pytest.mark.parametrize("name", [ROBIN, "CORP\\robin", "ROBIN@Corp"])
async def test_a_user_logs_in_with_the_groups_of_the_directory(corp: Whole, directory: ActiveDirectory, name: str) -> None:
    directory.add("robin", groups=("Packagers", "Everybody"))
    await People(corp).done("POST", "/groups", {"name": "ours", "source": "ldap:corp", "external_name": "packagers"})
    assert (await corp.login(name, SECRET)).status_code == 200
    found = await People(corp).done("GET", f"/users/{ROBIN}")
    assert (found["source"], found["display_name"], found["groups"]) == ("ldap:corp", "Named", ["ours"])


@pytest.mark.parametrize("name", ["nobody@corp.example", "rob@corp.example", "@corp.example"])
async def test_an_unknown_name_is_wrong(corp: Whole, directory: ActiveDirectory, name: str) -> None:
    directory.add("robin")
    assert await refusal(corp, name) == WRONG


@pytest.mark.parametrize("password", ["wrong", "", "\u00ad"])
async def test_a_wrong_password_is_wrong(corp: Whole, directory: ActiveDirectory, password: str) -> None:
    directory.add("robin")
    assert await refusal(corp, password=password) == WRONG


async def test_an_empty_password_never_reaches_the_directory(corp: Whole, directory: ActiveDirectory) -> None:
    directory.add("robin")
    assert await refusal(corp, password="") == WRONG
    assert directory.binds == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("532", "the password of user 'robin' in directory 'corp' has expired or must be changed"),
        ("773", "the password of user 'robin' in directory 'corp' has expired or must be changed"),
        ("533", "user 'robin' of directory 'corp' is disabled or has expired there"),
        ("701", "user 'robin' of directory 'corp' is disabled or has expired there"),
        ("530", "user 'robin' of directory 'corp' may not log in at this time or from this server"),
        ("775", WRONG[2]),  # the code of a locked account comes for wrong passwords too
        ("999", WRONG[2]),
    ],
)
async def test_a_user_hears_why_a_right_password_is_refused(
    corp: Whole, directory: ActiveDirectory, code: str, text: str
) -> None:
    directory.add("robin", refusal=code)
    assert await refusal(corp) == (401, "UNAUTHENTICATED", text)
    assert await refusal(corp, password="wrong") == WRONG


@pytest.mark.parametrize("result", [8, 10, 51, 52])
async def test_a_directory_that_does_not_check_passwords_is_down(corp: Whole, directory: ActiveDirectory, result: int) -> None:
    directory.add("robin")
    directory.result = result
    assert await refusal(corp) == DOWN
    assert (await corp.login(NAME, PASSWORD)).status_code == 200


async def test_logins_while_the_directory_is_down_do_not_count_as_wrong(corp: Whole, directory: ActiveDirectory) -> None:
    directory.add("robin")
    directory.result = 51
    for _ in range(30):
        assert await refusal(corp) == DOWN
    directory.result = None
    assert (await corp.login(ROBIN, SECRET)).status_code == 200


async def test_a_renamed_account_stays_the_same_user(corp: Whole, directory: ActiveDirectory) -> None:
    account = directory.add("robin")
    await corp.login(ROBIN, SECRET)
    account.login = "rob"
    assert (await corp.login("rob@corp.example", SECRET)).status_code == 200
    assert set(await People(corp).done("GET", "/users")) == {NAME, ROBIN}


async def test_another_account_of_the_same_name_does_not_become_the_user(
    directory: ActiveDirectory, data_dir: Path, clock: HandClock
) -> None:
    directory.add("robin")
    async with whole(data_dir, clock, ldap=[directory.settings(remember_seconds=0)]) as app:
        assert (await app.login(ROBIN, SECRET)).status_code == 200
        directory.accounts.clear()
        directory.add("robin")
        text = f"user '{ROBIN}' of ldap:corp cannot log in: the name belongs to another user"
        assert await refusal(app) == (401, "UNAUTHENTICATED", text)


async def test_users_bind_themselves_by_a_template(directory: ActiveDirectory, data_dir: Path, clock: HandClock) -> None:
    directory.add("robin")
    changes = {"bind_dn": None, "bind_password": None, "user_template": "{login}@corp.example"}
    async with whole(data_dir, clock, ldap=[directory.settings(**changes)]) as app:
        assert (await app.login("CORP\\robin", SECRET)).status_code == 200
    assert directory.binds == [ROBIN]


async def test_a_directory_that_never_answers_delays_no_local_user(
    directory: ActiveDirectory, data_dir: Path, clock: HandClock
) -> None:
    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            writer.transport.abort()

    async with listening(hang) as port:
        changes = {"urls": [f"ldaps://127.0.0.1:{port}"], "timeout_seconds": 1}
        async with whole(data_dir, clock, ldap=[directory.settings(**changes)]) as app:
            hanging = asyncio.create_task(app.login(ROBIN, SECRET))
            assert (await app.login(NAME, PASSWORD)).status_code == 200
            assert told(await hanging) == DOWN


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x03\x02\x01", b"\x30\x05\x02\x01\x01\x61\x00", b"\xff" * 99]
)
async def test_a_server_that_does_not_speak_ldap_is_down(
    directory: ActiveDirectory, data_dir: Path, clock: HandClock, tmp_path: Path, answer: bytes
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await writer.drain()
        writer.transport.abort()

    other = certificates.make(tmp_path / "other.pem")
    async with listening(serve, context=other.context()) as port:
        changes = {"urls": [f"ldaps://127.0.0.1:{port}"], "ca_file": str(tmp_path / "other.pem")}
        async with whole(data_dir, clock, ldap=[directory.settings(**changes)]) as app:
            assert await refusal(app) == DOWN
