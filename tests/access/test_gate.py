from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends import BACKEND
from contentlib.access.gate import needs
from contentlib.access.passwords import Argon2Passwords
from contentlib.access.scopes import FINDERS
from contentlib.library.model import Login, User
from contentlib.library.principals import Permission, user_key
from services.declared import OPERATIONS, contract_of
from whole import START, TOKEN, HandClock, Whole, told, whole

ROBIN = "robin@lab"
ROBINS_TOKEN = "cd" * 32


@pytest.fixture
async def robin(data_dir: Path, clock: HandClock) -> AsyncIterator[Whole]:
    """The application, with a client whose user has no role."""
    metadata = BACKEND.open_rows(data_dir / "contentlib.db")
    async with metadata.transaction(durable=True) as transaction:
        await transaction.users.put(User(ROBIN, ROBIN, Argon2Passwords().decoy()))
        await transaction.logins.add(Login(hashlib.sha256(ROBINS_TOKEN.encode()).hexdigest(), ROBIN, START, START))
    await metadata.close()
    async with whole(data_dir, clock) as app:
        app.client.headers[TOKEN] = ROBINS_TOKEN
        yield app


PRIVILEGED = [
    name for name in OPERATIONS if {each["privilege"] for each in contract_of(name)["privileges"] or ()} - {"System.Anonymous"}
]


@pytest.mark.parametrize("name", PRIVILEGED)
async def test_who_has_no_role_is_refused_with_the_privilege_or_sees_nothing(robin: Whole, name: str) -> None:
    service, _, operation = name.rpartition(".")
    path = "/rest/" + service.replace(".", "/").replace("_", "-")
    query = f"~action={operation.replace('_', '-')}&{_filled(name)}"
    status, kind, text = told(await robin.send("POST", f"{path}?{query}"))
    if _names_a_thing(name):
        assert (status, kind) == (404, "NOT_FOUND")
        assert text.endswith("'x' does not exist")
        return
    privilege = contract_of(name)["privileges"][0]["privilege"]
    assert (status, kind) == (403, "UNAUTHORIZED")
    assert text.startswith(f"user {ROBIN} needs the privilege {privilege} ")
    assert text.endswith(f" for {name}")


def _names_a_thing(name: str) -> bool:
    """Whether the request of `_filled` says on which library, or on what in one, the first privilege is asked."""
    given = {each.partition("=")[0]: "x" for each in _filled(name).split("&")}
    first = next(iter(needs(OPERATIONS[name], given)))
    return first.resource in FINDERS and first.thing is not None


async def test_a_refusal_names_the_thing_that_the_privilege_is_missing_on(
    data_dir: Path, clock: HandClock, robin: Whole
) -> None:
    async with whole(data_dir, clock) as app:
        library = await app.library()
    await _permit(data_dir, "auditor", None)
    answer = await robin.refusal("POST", "/library/item", {"create_spec": {"name": "tiny", "library_id": library}})
    text = (
        f"user {ROBIN} needs the privilege ContentLibrary.AddLibraryItem on com.vmware.content.Library '{library}' "
        "for com.vmware.content.library.item.create"
    )
    assert answer == (403, "UNAUTHORIZED", text)


async def _permit(data_dir: Path, role: str, library: str | None) -> None:
    """Gives the user a permission, as another process would."""
    metadata = BACKEND.open_rows(data_dir / "contentlib.db")
    async with metadata.transaction(durable=True) as transaction:
        await transaction.permissions.add(Permission(f"{role}-{library}", user_key(ROBIN), role, library))
    await metadata.close()


async def test_who_has_no_role_may_look_at_the_own_session(robin: Whole) -> None:
    answer = await robin.send("GET", "/api/session")
    assert (answer.status_code, answer.json()["user"]) == (200, ROBIN)


async def test_the_place_of_a_file_is_told_to_those_who_may_read_the_storage(
    data_dir: Path, clock: HandClock, robin: Whole
) -> None:
    async with whole(data_dir, clock) as app:
        item = await app.item()
        await app.fill(item, tiny_iso=b"bytes")
    await _permit(data_dir, "content user", None)
    session = await robin.download_session(item)
    target = f"/library/item/downloadsession/file/id:{session}?~action=prepare"
    status, kind, text = await robin.refusal("POST", target, {"file_name": "tiny.iso", "endpoint_type": "DIRECT"})
    assert (status, kind) == (403, "UNAUTHORIZED")
    privilege = f"ContentLibrary.ReadStorage on download session '{session}'"
    assert text == f"user {ROBIN} needs the privilege {privilege} for a DIRECT endpoint"


async def test_a_publisher_reads_where_files_are_and_imports_none_of_the_servers_machine(
    data_dir: Path, clock: HandClock, robin: Whole
) -> None:
    async with whole(data_dir, clock) as app:
        item = await app.item()
        await app.fill(item, tiny_iso=b"bytes")
    await _permit(data_dir, "content publisher", None)
    (stored,) = await robin.rest("GET", f"/library/item/storage?library_item_id={item}")
    assert stored["name"] == "tiny.iso"
    session = await robin.session(item)
    spec = {"name": "a", "source_type": "PULL", "source_endpoint": {"uri": "file:///srv/a.iso"}}
    target = f"/library/item/updatesession/file/id:{session}?~action=add"
    status, kind, text = await robin.refusal("POST", target, {"file_spec": spec})
    assert (status, kind) == (403, "UNAUTHORIZED")
    assert text == f"user {ROBIN} needs the privilege ContentLibrary.ImportStorage for an address on the server's own storage"


async def test_the_administrator_may_do_everything(app: Whole) -> None:
    assert (await app.send("GET", "/api/content/configuration")).status_code == 200


def _filled(name: str) -> str:
    """A query with a value for each required parameter; a structure is given by one of its fields."""
    given = []
    for parameter, declared in contract_of(name)["parameters"].items():
        if declared in ("id", "string"):
            given.append(f"{parameter}=x")
        elif declared == "boolean":
            given.append(f"{parameter}=true")
        elif not declared.startswith("optional<"):
            given.append(_SPECS.get(f"{name}.{parameter}", f"{parameter}.unknown=1"))
    return "&".join(given)


_SPECS = {
    "com.vmware.content.library.migrate.migrate_spec": "migrate_spec.storage_backings.1.type=DATASTORE",
    "com.vmware.content.library.convert.conversion_spec": "conversion_spec.conversion_type=TO_PUBLISHED_LIBRARY",
    "com.vmware.content.library.subscriptions.create.spec": "&".join(
        f"spec.subscribed_library.{name}" for name in ("location=LOCAL", "target=USE_EXISTING", "subscribed_library=x")
    ),
    "com.vmware.content.library.usages.add.spec": "spec.resource_urn=x",
    "com.vmware.content.trusted_certificates.create.spec": "spec.cert_text=x",
}
