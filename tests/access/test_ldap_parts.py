"""Settings of directories, names in filters, and how many wrong passwords are passed on; without a directory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from ldap3.utils.dn import parse_dn

from contentlib.access.ldap.attempts import Attempts
from contentlib.access.ldap.client import Conversation, DirectoryDown
from contentlib.access.ldap.escaping import fill_filter, fill_name
from contentlib.access.ldap.pool import DirectoryThreads
from contentlib.settings import ConfigurationError, load
from contentlib.settings.ldap import LdapProvider
from contentlib.vapi.errors import ServiceUnavailable

TABLE: Mapping[str, object] = {
    "name": "corp",
    "type": "active-directory",
    "urls": ["ldaps://dc.corp.example"],
    "domains": ["corp.example", "CORP"],
    "bind_dn": "CN=reader,DC=corp,DC=example",
    "bind_password": "reads",
    "user_base": "DC=corp,DC=example",
}


def faults(tmp_path: Path, *tables: Mapping[str, object]) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(None, {"data_dir": tmp_path, "ldap": list(tables)})
    return refused.value.faults


def test_a_table_is_taken(tmp_path: Path) -> None:
    (provider,) = load(None, {"data_dir": tmp_path, "ldap": [TABLE]}).settings.ldap
    assert provider.addresses() == [("dc.corp.example", 636, True)]
    assert (provider.source, provider.login, provider.identifier) == ("ldap:corp", "sAMAccountName", "objectGUID")
    assert provider.password() == "reads"
    assert not provider.walks_groups


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("ldap://dc", ("dc", 389, False)),
        ("ldaps://10.0.0.1:1636/", ("10.0.0.1", 1636, True)),
        ("ldaps://[2001:db8::1]:99", ("2001:db8::1", 99, True)),
    ],
)
def test_an_address_is_read(url: str, address: tuple[object, ...]) -> None:
    assert LdapProvider.model_validate({**TABLE, "urls": [url]}).addresses() == [address]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"urls": ["https://dc"]}, "must be ldaps://HOST[:PORT] or ldap://HOST[:PORT]"),
        ({"urls": ["ldaps://dc:0"]}, "must be ldaps://"),
        ({"urls": ["ldaps://dc:65536"]}, "must be ldaps://"),
        ({"urls": ["ldaps://robin:secret@dc"]}, "must be ldaps://"),
        ({"urls": ["ldaps://dc/dc=corp"]}, "must be ldaps://"),
        ({"urls": []}, "ldap[0].urls"),
        ({"urls": ["ldap://dc"], "start_tls": False}, "passwords need TLS"),
        ({"urls": ["ldap://dc"], "start_tls": False, "insecure_loopback": True}, "passwords need TLS"),
        ({"domains": []}, "ldap[0].domains"),
        ({"domains": ["a@b"]}, "ldap[0].domains"),
        ({"bind_password": ""}, "bind_password must not be empty"),
        ({"bind_password": None}, "bind_dn requires one of bind_password and bind_password_file"),
        ({"bind_dn": None}, "either bind_dn or user_template is required"),
        ({"user_template": "{login}@corp.example"}, "either bind_dn or user_template is required"),
        ({"bind_dn": None, "bind_password": None, "user_template": "robin"}, "must contain {login} once"),
        ({"user_filter": "(uid=robin)"}, "must be a filter in parentheses that contains {login}"),
        ({"user_filter": "(uid={login}"}, "must be a filter in parentheses"),
        ({"bind_password": None, "bind_password_file": "/nowhere/at/all"}, "/nowhere/at/all cannot be read"),
        ({"ca_file": "/nowhere/at/all"}, "/nowhere/at/all cannot be read"),
        ({"colour": "red"}, "ldap[0].colour"),
    ],
)
def test_a_wrong_table_is_refused_without_its_password(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    fault, *_ = faults(tmp_path, {**TABLE, **change})
    assert problem in fault
    assert "reads" not in fault


def test_plain_connections_to_this_machine_can_be_allowed() -> None:
    change = {"urls": ["ldap://127.0.0.1", "ldap://localhost"], "start_tls": False, "insecure_loopback": True}
    assert LdapProvider.model_validate({**TABLE, **change})


def test_directories_do_not_share_names_and_domains(tmp_path: Path) -> None:
    other = {**TABLE, "name": "other", "domains": ["Corp"]}
    assert faults(tmp_path, TABLE, other) == ["ldap: the domain corp is given twice"]
    same = {**TABLE, "domains": ["else.example"]}
    assert faults(tmp_path, TABLE, same) == ["ldap: the name corp is given twice"]


def test_a_password_is_read_from_a_file_without_the_end_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("reads it \n")
    table = {**TABLE, "bind_password": None, "bind_password_file": tmp_path / "password"}
    assert LdapProvider.model_validate(table).password() == "reads it "


def test_a_name_is_no_syntax_in_a_filter() -> None:
    template = "(|(uid={login})(member={dn}))"
    filled = fill_filter(template, login="*)(uid=\\\0{dn}", dn="cn=(a)")
    assert filled == "(|(uid=\\2a\\29\\28uid=\\5c\\00{dn})(member=cn=\\28a\\29))"


@pytest.mark.parametrize("login", ["robin", "o'neil, (the *)", "a+b=c", '#"<>;\\', " ends ", "üñ\U0001f600", "a\u202eb", "="])
def test_a_name_is_one_value_in_a_distinguished_name(login: str) -> None:
    (first, second) = parse_dn(fill_name("uid={login},ou=people", login))
    assert (first[0], second[:2]) == ("uid", ("ou", "people"))
    raw, read, rest = first[1].encode(), b"", 0
    while rest < len(raw):
        escaped = raw[rest : rest + 1] == b"\\"
        read += bytes([int(raw[rest + 1 : rest + 3], 16)]) if escaped else raw[rest : rest + 1]
        rest += 3 if escaped else 1
    assert read.decode() == login


def test_a_principal_name_is_not_escaped() -> None:
    assert fill_name("{login}@corp.example", "o'neil, jr") == "o'neil, jr@corp.example"


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_so_many_wrong_passwords_are_passed_on_and_no_more() -> None:
    clock = Clock()
    attempts = Attempts(2, 60, clock)
    attempts.begin("robin", stranger=True)
    clock.time += 30
    attempts.begin("Robin", stranger=True)
    with pytest.raises(ServiceUnavailable) as refused:
        attempts.begin("robin", stranger=True)
    assert refused.value.retry_after == 30
    attempts.begin("robin", stranger=False)
    attempts.begin("ann", stranger=True)
    clock.time += 30
    attempts.begin("robin", stranger=True)
    with pytest.raises(ServiceUnavailable):
        attempts.check("robin", stranger=True)


def test_a_right_password_forgets_the_wrong_ones_before_it() -> None:
    attempts = Attempts(2, 60, Clock())
    for _ in range(3):
        attempts.begin("robin", stranger=False)
        attempts.begin("robin", stranger=False)
        attempts.forget("robin", stranger=False, all=True)


def test_a_password_that_was_not_tried_does_not_count() -> None:
    attempts = Attempts(2, 60, Clock())
    attempts.begin("robin", stranger=True)
    for _ in range(3):
        attempts.begin("robin", stranger=True)
        attempts.forget("robin", stranger=True, all=False)
    attempts.begin("robin", stranger=True)
    with pytest.raises(ServiceUnavailable):
        attempts.begin("robin", stranger=True)


async def test_a_call_that_takes_too_long_is_given_up_and_ended() -> None:
    threads, seen = DirectoryThreads("corp", 0.05), []

    def hang(conversation: Conversation) -> None:
        seen.append(conversation)
        while not conversation.ended:
            pass

    with pytest.raises(DirectoryDown, match=r"did not answer within 0\.05 seconds"):
        await threads.run(hang)
    assert seen[0].ended


async def test_more_calls_than_can_wait_are_refused_at_once() -> None:
    threads, go_on = DirectoryThreads("corp", 60), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait(_: Conversation) -> None:
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    calls = [asyncio.create_task(threads.run(wait)) for _ in range(36)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable, match="too many logins are waiting"):
        await threads.run(wait)
    go_on.set()
    await asyncio.gather(*calls)
    await threads.run(lambda _: None)
