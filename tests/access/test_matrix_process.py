"""Every operation in every form by every built-in role, against a server process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import httpx
import pytest

import processes
from access.asking import ASKED, Things, arguments, things
from access.described import described, own_structures
from access.test_matrix import NOT_FOUND, Case, expected_of, has_empty, heard
from conformance.contract import OPERATIONS as CONTRACT
from conformance.forms import Form, RestQuery
from conformance.servers import FORMS
from contentlib.access.roles import BUILT_IN, EVERYBODY
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Login, User
from contentlib.library.principals import Permission, user_key
from contentlib.metadata.sqlite import SqliteMetadata
from whole import TOKEN, copied, whole

__all__ = ["own_structures"]
pytestmark = pytest.mark.slow
NOTHING = "nothing"
ROLES = (*BUILT_IN, NOTHING)


@dataclass(frozen=True)
class Served:
    """A server, and what a user of each role owns on a library of that role, and on one of nobody."""

    http: httpx.Client
    own: dict[str, Things]
    foreign: Things


def _name(role: str) -> str:
    return f"{role.replace(' ', '-')}@lab"


def _token(role: str) -> str:
    return f"session of {role}"


async def _prepare(directory: Path) -> tuple[dict[str, Things], Things]:
    metadata, own, now = SqliteMetadata(directory / "contentlib.db"), {}, int(time.time() * 1000)
    async with whole(directory) as app:
        app.client.headers[TOKEN] = (await app.login()).json()["value"]
        for role in ROLES:
            own[role] = await things(app, metadata, _name(role), now)
        foreign = await things(app, metadata, "somebody@lab", now)
    async with metadata.transaction(durable=True) as rows:
        for role in ROLES:
            await rows.users.put(User(_name(role), _name(role), "hash"))
            await rows.logins.add(Login(hashlib.sha256(_token(role).encode()).hexdigest(), _name(role), now, now))
            if role != NOTHING:
                await rows.permissions.add(Permission(new_identifier(), user_key(_name(role)), role, own[role].library))
    await metadata.close()
    return own, foreign


@pytest.fixture(scope="module")
def served(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("matrix")
    own, foreign = asyncio.run(_prepare(copied(template, directory / "data")))
    command = [sys.executable, "-m", "access.stopped_server", "serve", "--data-dir", str(directory / "data"), "--no-tls"]
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    running = processes.start([*command, "--listen", "127.0.0.1:0"], directory, PYTHONPATH=path)
    with httpx.Client(base_url=running.url, timeout=60) as http:
        log = Thread(target=running.output.read)  # a server whose log is not read stops when the pipe is full
        log.start()
        yield Served(http, own, foreign)
    running.process.terminate()
    running.ended()
    log.join(60)
    running.output.close()


@pytest.mark.parametrize("form", FORMS, ids=[form.title for form in FORMS])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("own_structures")
def test_not_one_cell_differs_from_the_declarations(served: Served, role: str, form: Form) -> None:
    held = EVERYBODY if role == NOTHING else frozenset(BUILT_IN[role].privileges) | EVERYBODY
    there = Case(EVERYBODY, held, held, owner=True)
    cells = ((served.own[role], there), (served.foreign, replace(there, there=EVERYBODY, owner=False)))
    assert [each for about, case in cells for each in _differences(served, role, form, about, case)] == []


def _differences(served: Served, role: str, form: Form, about: Things, case: Case) -> Iterator[tuple[str, str, str]]:
    for name, declared in ASKED.items():
        given = arguments(declared, about)
        if declared.own or (isinstance(form, RestQuery) and has_empty(given)):  # which a query cannot say
            continue
        sent = form.signed(form.request(CONTRACT[name] if name in CONTRACT else described(declared), given), _token(role))
        answer = served.http.request(sent.method, sent.target, content=sent.content, headers=sent.headers)
        served.http.cookies.clear()
        expected = expected_of(declared, case)
        if expected == NOT_FOUND and not any(each.name == NOT_FOUND for each in declared.errors):
            expected = "invalid_argument"
        if (told := heard(answer.text)) != expected:
            yield name, told, expected
