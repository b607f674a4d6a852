"""Asks every declared operation, with arguments that name real things, and stops each call where its work would begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from contentlib.access.api_tokens import hash_of, new_secret, token_id
from contentlib.access.scopes import ITEM
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import DownloadSession, Login, State, Task, TaskStatus, TaskTarget, UpdateSession, User
from contentlib.library.ports import AccessStore
from contentlib.library.principals import ApiToken, Permission, creators, user_key
from contentlib.messages import Fault
from contentlib.vapi.declare import Operation, operations_of
from contentlib.vapi.errors import UnableToAllocateResource
from contentlib.vapi.registry import Endpoint, Registry
from contentlib.vapi.types import Field, Type, fields_of
from services.declared import SERVICES
from whole import START, Whole

REACHED = "the work of the operation begins"
EVERY = {declared.id: declared for service in SERVICES.values() for declared in operations_of(service)}
ASKED = {name: declared for name, declared in EVERY.items() if not declared.anonymous}


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that is opened from now on performs nothing: whoever passes the gate hears so."""
    stop_all(monkeypatch)


def stop_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the work of all operations."""

    async def stop(*_: object, **__: object) -> None:
        raise UnableToAllocateResource(Fault("test.reached", REACHED))

    def endpoints(registry: Registry) -> dict[tuple[str, str], Endpoint]:
        kept = registry.__dict__["endpoints"]
        return {key: Endpoint(each.operation, stop, each.translate) for key, each in kept.items()}

    made = Registry.__init__

    def make(registry: Registry, *arguments: Any) -> None:
        made(registry, *arguments)
        registry.endpoints = endpoints(registry)

    monkeypatch.setattr(Registry, "__init__", make)


@dataclass(frozen=True)
class Things:
    """A library and what is in it or about it, by the name of the parameter that takes it."""

    library: str
    item: str
    update_session: str
    download_session: str
    deleted: str
    task: str
    permission: str
    user: str
    token: str
    session: str

    def of(self, path: str) -> str | None:
        """The thing that a parameter or field names."""
        name = path.rpartition(".")[2]
        return {
            "library": self.library,
            "library_id": self.library,
            "library_item": self.item,
            "library_item_id": self.item,
            "source_library_item_id": self.item,
            "ovf_library_item_id": self.item,
            "update_session_id": self.update_session,
            "download_session_id": self.download_session,
            "deleted_id": self.deleted,
            "task": self.task,
            "permission": self.permission,
            "user": self.user,
            "token": self.token,
            "session": self.session,
        }.get(name)


async def things(app: Whole, metadata: AccessStore, owner: str, at: int = START) -> Things:
    """A new library of the administrator with one of each kind; sessions, a task and a token belong to a user."""
    library = await app.library()
    item, deleted = await app.item("kept", library), await app.item("deleted", library)
    await app.rest("DELETE", f"/library/item/id:{deleted}")
    session = await app.session(item)
    download = await app.download_session(item)
    task = replace(ended_task(item, owner), created=at, due=at, ended=at)
    async with metadata.transaction(durable=True) as rows:
        update_row, download_row = await rows.update_sessions.get(session), await rows.download_sessions.get(download)
        assert isinstance(update_row, UpdateSession)
        assert isinstance(download_row, DownloadSession)
        await rows.update_sessions.put(replace(update_row, user=owner, state=State.CANCELED, ended=at))
        await rows.download_sessions.put(replace(download_row, user=owner))
        await rows.tasks.add(task)
        token, login = ApiToken(new_identifier(), "", owner, "kept", at), Login(new_identifier(), owner, at, at)
        await rows.users.put(User(owner, owner))
        await rows.api_tokens.add(token)
        await rows.logins.add(login)
        permission = creators("someone", library)
        await rows.permissions.add(permission)
    return Things(library, item, session, download, deleted, task.id, permission.id, owner, token.id, login.token_hash)


def ended_task(item: str, owner: str) -> Task:
    """A task on an item that has ended."""
    return Task(
        id=new_identifier(),
        kind="none",
        service="test",
        operation="test",
        description=Fault("test", "test"),
        user=owner,
        arguments="{}",
        status=TaskStatus.SUCCEEDED,
        created=START,
        due=START,
        ended=START,
        target=TaskTarget(ITEM, item),
    )


async def add_user(metadata: AccessStore, name: str, role: str | None, library: str | None) -> str:
    """A new user with a role on a library or on everything, and the secret of a token, which is that of a session too."""
    secret = new_secret()
    hashed = hash_of(secret)
    async with metadata.transaction(durable=True) as rows:
        await rows.users.put(User(name, name, "hash"))
        await rows.api_tokens.add(ApiToken(token_id(hashed), hashed, name, "test", START))
        await rows.logins.add(Login(hashed, name, START, START))
        if role is not None:
            await rows.permissions.add(Permission(new_identifier(), user_key(name), role, library))
    return secret


def arguments(operation: Operation, about: Things) -> dict[str, Any]:
    """The smallest arguments that the wire takes, with the things where their names stand."""
    given = {each.name: _value(each, each.name, operation, about) for each in operation.parameters}
    return {name: value for name, value in given.items() if value is not None}


def _paths(operation: Operation) -> Iterator[str]:
    """The paths by which privileges are asked."""
    yield from (each.on for each in (*operation.privileges, *operation.also) if each.on is not None)
    if operation.about is not None:
        yield operation.about.on


_UNIONS = {
    "spec.filepath": "x",
    "spec.subscribed_library": {"target": "USE_EXISTING", "location": "LOCAL", "subscribed_library": "x"},
}
"""Structures that are not valid with their required fields alone."""


def _value(field: Field, path: str, operation: Operation, about: Things) -> Any:
    if path in _UNIONS:
        return _UNIONS[path]
    asked = [each for each in _paths(operation) if each == path or each.startswith(f"{path}.")]
    if path in asked and about.of(path) is not None:
        return about.of(path)
    if not field.required and not asked:
        return None
    declared = field.type if field.required else field.type.of
    assert declared is not None
    return _plain(declared, path, operation, about)


def _plain(declared: Type, path: str, operation: Operation, about: Things) -> Any:
    match declared.kind:
        case "structure":
            given = {each.name: _value(each, f"{path}.{each.name}", operation, about) for each in fields_of(declared.python)}
            return {name: value for name, value in given.items() if value is not None}
        case "enumeration":
            return next(iter(declared.python)).value
        case "list" | "set":
            return []
        case "boolean":
            return False
        case "integer":
            return 1
        case "datetime":
            return "2026-01-01T00:00:00.000Z"
    return "urn:x" if declared.kind == "uri" else "x"


async def outcome(app: Whole, secret: str, operation: Operation, about: Things) -> str:
    """What comes of a call: allowed, or the name of the error."""
    path = "/rest/" + operation.service.replace(".", "/").replace("_", "-")
    target = f"{path}?~action={operation.name.replace('_', '-')}"
    headers = {"authorization": f"Bearer {secret}", "vmware-api-session-id": ""}
    answer = await app.send("POST", target, arguments(operation, about), headers)
    value = answer.json()["value"]
    if value["messages"][0]["default_message"] == REACHED:
        return "allowed"
    return str(value["error_type"]).lower()
