"""Every operation, asked by a user of every role on the own library, on a foreign one, and with nothing, against what the
declarations say. Whoever passes the gate hears so; nothing is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from access.asking import ASKED, REACHED, Things, add_user, arguments, outcome, stopped, things
from access.described import described, own_structures
from backends import BACKEND
from conformance.contract import OPERATIONS as CONTRACT
from conformance.contract import Operation as ContractOperation
from conformance.forms import Form, RestQuery
from conformance.servers import FORMS
from contentlib.access.roles import ADMINISTERING, ANYWHERE, BUILT_IN, EVERYBODY, FROM_EVERYTHING
from contentlib.access.scopes import API_TOKEN, FINDERS, LOGIN
from contentlib.access.scopes import USER as USER_KIND
from contentlib.library.ports import AccessStore
from contentlib.vapi.declare import Operation
from services.declared import OPERATIONS, contract_of
from whole import TOKEN, HandClock, Whole, whole

__all__ = ["own_structures", "stopped"]
ALLOWED, UNAUTHORIZED, NOT_FOUND = "allowed", "unauthorized", "not_found"
USER = "robin@lab"


@dataclass(frozen=True)
class Case:
    """What a user holds: on everything, on the library that is asked about, and on any; whose the sessions are there."""

    everything: frozenset[str]
    there: frozenset[str]
    anywhere: frozenset[str]
    owner: bool


def expected_of(operation: Operation, case: Case) -> str:
    """What the declaration of an operation says of a user."""
    about = operation.about
    asked = [(each.name, each.resource, each.on) for each in (*operation.privileges, *operation.also)]
    if about is not None:
        asked = [(name, about.resource, about.on) if kind is None else (name, kind, on) for name, kind, on in asked]
        asked.append((about.privilege or "System.Anonymous", about.resource, about.on))
    for name, kind, _ in asked:
        if kind not in FINDERS:
            if name not in case.everything and not (name in ANYWHERE and name in case.anywhere):
                return UNAUTHORIZED
            continue
        if kind in (USER_KIND, API_TOKEN, LOGIN):  # on nothing of a library: one's own, or by privileges on everything
            if not case.owner and about is not None and about.others not in case.everything:
                return UNAUTHORIZED if "System.Read" in case.everything else NOT_FOUND
            continue
        wanted = {name} | ({about.others} if about is not None and about.others and not case.owner else set())
        lacking = wanted - case.there - (case.everything & FROM_EVERYTHING)
        if lacking and "System.Read" in case.there:
            return UNAUTHORIZED
        if lacking:
            return NOT_FOUND
    return ALLOWED


@dataclass(frozen=True)
class World:
    """Two libraries, with one of each kind that belongs to the user, and one of each that belongs to another."""

    app: Whole
    metadata: AccessStore
    own: Things
    foreign: Things
    others: Things


@pytest.fixture
async def world(
    data_dir: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    metadata = BACKEND.open_rows(data_dir / "contentlib.db")
    async with whole(data_dir, clock) as app:
        own, foreign = await things(app, metadata, USER), await things(app, metadata, USER)
        another = await things(app, metadata, "somebody@lab")
    request.getfixturevalue("stopped")
    async with whole(data_dir, clock) as app:
        yield World(app, metadata, own, foreign, another)
    await metadata.close()


async def _differences(world: World, secret: str, about: Things, case: Case) -> list[tuple[str, str, str]]:
    """The operations whose outcome is not the expected one."""
    found = []
    for name, operation in ASKED.items():
        if operation.own:
            continue
        told, expected = await outcome(world.app, secret, operation, about), expected_of(operation, case)
        if told == "invalid_argument" and expected == NOT_FOUND and not any(e.name == NOT_FOUND for e in operation.errors):
            continue
        if told != expected:
            found.append((name, told, expected))
    return found


@pytest.mark.parametrize("role", BUILT_IN)
async def test_a_role_on_a_library_is_one_there_and_nowhere_else(world: World, role: str) -> None:
    held = frozenset(BUILT_IN[role].privileges) | EVERYBODY
    secret = await add_user(world.metadata, USER, role, world.own.library)
    there = Case(EVERYBODY, held, held, owner=True)
    assert await _differences(world, secret, world.own, there) == []
    assert await _differences(world, secret, world.foreign, replace(there, there=EVERYBODY)) == []


@pytest.mark.parametrize("role", BUILT_IN)
async def test_a_role_on_everything_is_one_on_each_library(world: World, role: str) -> None:
    held = frozenset(BUILT_IN[role].privileges) | EVERYBODY
    secret = await add_user(world.metadata, USER, role, None)
    everything = Case(held, held, held, owner=True)
    assert await _differences(world, secret, world.own, everything) == []
    assert await _differences(world, secret, world.others, replace(everything, owner=False)) == []


async def test_a_user_without_a_permission_is_let_in_nowhere(world: World) -> None:
    secret = await add_user(world.metadata, USER, None, None)
    nothing = Case(EVERYBODY, EVERYBODY, EVERYBODY, owner=True)
    assert await _differences(world, secret, world.own, nothing) == []
    allowed = {name for name, each in ASKED.items() if not each.own and expected_of(each, nothing) == ALLOWED}
    assert allowed == FOR_EVERYBODY


FOR_EVERYBODY = {
    "com.vmware.cis.tasks.list",
    "com.vmware.vapi.metadata.authentication.component.fingerprint",
    "com.vmware.vapi.metadata.authentication.component.get",
    "com.vmware.vapi.metadata.authentication.component.list",
    "com.vmware.vapi.metadata.authentication.package.get",
    "com.vmware.vapi.metadata.authentication.package.list",
    "com.vmware.vapi.metadata.authentication.service.get",
    "com.vmware.vapi.metadata.authentication.service.list",
    "com.vmware.vapi.metadata.authentication.service.operation.get",
    "com.vmware.vapi.metadata.authentication.service.operation.list",
    "com.vmware.vapi.metadata.authentication.source.create",
    "com.vmware.vapi.metadata.authentication.source.delete",
    "com.vmware.vapi.metadata.authentication.source.fingerprint",
    "com.vmware.vapi.metadata.authentication.source.get",
    "com.vmware.vapi.metadata.authentication.source.list",
    "com.vmware.vapi.metadata.authentication.source.reload",
    "com.vmware.vapi.metadata.cli.command.fingerprint",
    "com.vmware.vapi.metadata.cli.command.get",
    "com.vmware.vapi.metadata.cli.command.list",
    "com.vmware.vapi.metadata.cli.namespace.fingerprint",
    "com.vmware.vapi.metadata.cli.namespace.get",
    "com.vmware.vapi.metadata.cli.namespace.list",
    "com.vmware.vapi.metadata.cli.source.create",
    "com.vmware.vapi.metadata.cli.source.delete",
    "com.vmware.vapi.metadata.cli.source.fingerprint",
    "com.vmware.vapi.metadata.cli.source.get",
    "com.vmware.vapi.metadata.cli.source.list",
    "com.vmware.vapi.metadata.cli.source.reload",
    "com.vmware.vapi.metadata.metamodel.component.fingerprint",
    "com.vmware.vapi.metadata.metamodel.component.get",
    "com.vmware.vapi.metadata.metamodel.component.list",
    "com.vmware.vapi.metadata.metamodel.enumeration.get",
    "com.vmware.vapi.metadata.metamodel.enumeration.list",
    "com.vmware.vapi.metadata.metamodel.package.get",
    "com.vmware.vapi.metadata.metamodel.package.list",
    "com.vmware.vapi.metadata.metamodel.resource.list",
    "com.vmware.vapi.metadata.metamodel.resource.model.list",
    "com.vmware.vapi.metadata.metamodel.service.get",
    "com.vmware.vapi.metadata.metamodel.service.hidden.list",
    "com.vmware.vapi.metadata.metamodel.service.list",
    "com.vmware.vapi.metadata.metamodel.service.operation.get",
    "com.vmware.vapi.metadata.metamodel.service.operation.list",
    "com.vmware.vapi.metadata.metamodel.source.create",
    "com.vmware.vapi.metadata.metamodel.source.delete",
    "com.vmware.vapi.metadata.metamodel.source.fingerprint",
    "com.vmware.vapi.metadata.metamodel.source.get",
    "com.vmware.vapi.metadata.metamodel.source.list",
    "com.vmware.vapi.metadata.metamodel.source.reload",
    "com.vmware.vapi.metadata.metamodel.structure.get",
    "com.vmware.vapi.metadata.metamodel.structure.list",
    "com.vmware.vapi.metadata.privilege.component.fingerprint",
    "com.vmware.vapi.metadata.privilege.component.get",
    "com.vmware.vapi.metadata.privilege.component.list",
    "com.vmware.vapi.metadata.privilege.package.get",
    "com.vmware.vapi.metadata.privilege.package.list",
    "com.vmware.vapi.metadata.privilege.service.get",
    "com.vmware.vapi.metadata.privilege.service.list",
    "com.vmware.vapi.metadata.privilege.service.operation.get",
    "com.vmware.vapi.metadata.privilege.service.operation.list",
    "com.vmware.vapi.metadata.privilege.source.create",
    "com.vmware.vapi.metadata.privilege.source.delete",
    "com.vmware.vapi.metadata.privilege.source.fingerprint",
    "com.vmware.vapi.metadata.privilege.source.get",
    "com.vmware.vapi.metadata.privilege.source.list",
    "com.vmware.vapi.metadata.privilege.source.reload",
    "com.vmware.vapi.metadata.routing.component.fingerprint",
    "com.vmware.vapi.metadata.routing.component.get",
    "com.vmware.vapi.metadata.routing.component.list",
    "com.vmware.vapi.metadata.routing.package.get",
    "com.vmware.vapi.metadata.routing.package.list",
    "com.vmware.vapi.metadata.routing.service.get",
    "com.vmware.vapi.metadata.routing.service.list",
    "com.vmware.vapi.metadata.routing.service.operation.get",
    "com.vmware.vapi.metadata.routing.service.operation.list",
    "com.vmware.vapi.metadata.routing.source.create",
    "com.vmware.vapi.metadata.routing.source.delete",
    "com.vmware.vapi.metadata.routing.source.fingerprint",
    "com.vmware.vapi.metadata.routing.source.get",
    "com.vmware.vapi.metadata.routing.source.list",
    "com.vmware.vapi.metadata.routing.source.reload",
    "com.vmware.vapi.std.introspection.operation.get",
    "com.vmware.vapi.std.introspection.operation.list",
    "com.vmware.vapi.std.introspection.provider.get",
    "com.vmware.vapi.std.introspection.service.get",
    "com.vmware.vapi.std.introspection.service.list",
    "contentlib.access.quotas.get",
    "contentlib.access.audit.list",
    "contentlib.access.roles.get",
    "contentlib.access.roles.list",
    "contentlib.access.sessions.delete",
    "contentlib.access.sessions.list",
    "contentlib.access.tokens.create",
    "contentlib.access.tokens.delete",
    "contentlib.access.tokens.get",
    "contentlib.access.tokens.list",
}
"""What every user may call: on what is their own, or to list what they may see."""


@pytest.mark.parametrize("form", FORMS[1:], ids=[form.title for form in FORMS[1:]])
@pytest.mark.usefixtures("own_structures")
async def test_every_form_of_the_wire_asks_the_same_gate(world: World, form: Form) -> None:
    """One role, which may some of what there is, on the own library and on a foreign one."""
    held = frozenset(BUILT_IN["content publisher"].privileges) | EVERYBODY
    secret = await add_user(world.metadata, USER, "content publisher", world.own.library)
    there = Case(EVERYBODY, held, held, owner=True)
    for about, case in ((world.own, there), (world.foreign, replace(there, there=EVERYBODY))):
        for name, declared in ASKED.items():
            given = arguments(declared, about)
            if declared.own or (isinstance(form, RestQuery) and has_empty(given)):  # which a query cannot say
                continue
            operation = CONTRACT[name] if name in CONTRACT else described(declared)
            told = await _ask(world.app, form, operation, given, secret)
            expected = expected_of(declared, case)
            if expected == NOT_FOUND and NOT_FOUND not in operation.errors:
                expected = "invalid_argument"
            assert told == expected, name


def has_empty(value: Any) -> bool:
    return value in ({}, []) or (isinstance(value, dict) and any(has_empty(each) for each in value.values()))


async def _ask(app: Whole, form: Form, operation: ContractOperation, given: dict[str, Any], session: str) -> str:
    """What comes of a call: allowed, or the name of the error, however the form writes it."""
    sent = form.signed(form.request(operation, given), session)
    answer = await app.client.request(sent.method, sent.target, content=sent.content, headers={TOKEN: "", **sent.headers})
    return heard(answer.text)


def heard(text: str) -> str:
    """What an answer says: allowed, or the name of the error."""
    if REACHED in text:
        return ALLOWED
    written = text.lower().replace("_", "")
    return next(name for name in ("invalid_argument", UNAUTHORIZED, NOT_FOUND) if f"{name.replace('_', '')}" in written)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if contract_of(name)["privileges"] is not None])
def test_no_role_is_let_in_without_each_privilege_of_the_contract(name: str) -> None:
    """Said a second time from the contract alone, on the own library and for the own sessions."""
    wanted = {each["privilege"] for each in contract_of(name)["privileges"]} - EVERYBODY
    for role in BUILT_IN.values():
        held = frozenset(role.privileges) | EVERYBODY
        if not wanted <= held and not ASKED.get(name, OPERATIONS[name]).anonymous:
            assert expected_of(OPERATIONS[name], Case(held, held, held, owner=True)) != ALLOWED


@pytest.mark.parametrize("name", ASKED)
def test_every_operation_says_whom_it_is_for(name: str) -> None:
    operation = ASKED[name]
    privileged = {each.name for each in (*operation.privileges, *operation.also)} - {"System.Anonymous"}
    assert privileged or operation.about or operation.shows or operation.own


@pytest.mark.parametrize("name", [name for name, each in ASKED.items() if each.about is not None])
def test_what_an_operation_is_about_is_found_and_needs_a_privilege(name: str) -> None:
    operation = ASKED[name]
    assert operation.about is not None
    assert operation.about.resource in FINDERS
    assert operation.about.privilege or {each.name for each in operation.privileges} - EVERYBODY


def test_those_who_administer_a_library_hold_what_says_so() -> None:
    assert [name for name, role in BUILT_IN.items() if ADMINISTERING in role.privileges] == [
        "administrator",
        "content library administrator",
    ]
