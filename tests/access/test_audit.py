"""Tests what the whole application writes to its audit log."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from access.audited import entries, named
from access.people import SECRET, People
from services.test_operations_as_tasks import ended
from whole import KNOWN_TOKEN, NAME, PASSWORD, TOKEN, Whole

PUBLIC = hashlib.sha256(KNOWN_TOKEN.encode()).hexdigest()


def of(app: Whole, operation: str) -> list[dict[str, Any]]:
    return entries(app.settings.database_file, operation)


async def test_creating_a_library_and_an_item_names_both(app: Whole) -> None:
    library = await app.library("Images")
    item = await app.item("Debian", library)
    (first,) = of(app, "com.vmware.content.local_library.create")
    assert (first["user"], first["session"], first["outcome"]) == (NAME, PUBLIC, "SUCCEEDED")
    assert {"type": "library", "id": library, "name": "Images"} in first["things"]
    assert first["address"] and first["request"] and first["time"]
    (second,) = of(app, "com.vmware.content.library.item.create")
    assert {"type": "library item", "id": item, "name": "Debian", "library": library} in second["things"]
    assert {"type": "library", "id": library, "name": "Images"} in second["things"]


async def test_reading_is_not_recorded(app: Whole) -> None:
    item = await app.item()
    before = len(of(app, ""))
    await app.rest("GET", f"/library/item/id:{item}")
    await app.rest("GET", "/library")
    assert len(of(app, "")) == before


async def test_an_upload_names_the_file_and_its_user(app: Whole) -> None:
    item = await app.item("Debian")
    session = await app.session(item)
    await app.push(session, "disk.iso", b"content")
    uploads = of(app, "transfer.upload")
    assert uploads and {each["user"] for each in uploads} == {NAME}
    assert named(uploads[-1])["file"] == "disk.iso"
    assert named(uploads[-1])["library item"] == "Debian"
    await app.complete(session)
    assert of(app, "com.vmware.content.library.item.update_session.complete")


async def test_keeping_a_session_alive_is_not_recorded(app: Whole) -> None:
    session = await app.session(await app.item())
    before = len(of(app, ""))
    await app.rest("POST", f"/library/item/update-session/id:{session}?~action=keep-alive", {})
    assert len(of(app, "")) == before


async def test_a_download_session_is_recorded_only_when_it_is_used(app: Whole) -> None:
    item = await app.item("Debian")
    await app.fill(item, disk_iso=b"content")
    before = len(of(app, ""))
    unused, used = await app.download_session(item), await app.download_session(item)
    await app.rest("POST", f"/library/item/download-session/id:{used}?~action=keep-alive", {})
    await app.rest("DELETE", f"/library/item/download-session/id:{unused}")
    assert len(of(app, "")) == before
    await app.read(used, "disk.iso")
    assert len(of(app, "com.vmware.content.library.item.downloadsession.file.prepare")) == 1
    assert named(of(app, "transfer.download")[-1])["library item"] == "Debian"
    assert len(of(app, "")) == before + 2


async def test_a_download_is_recorded_once_for_each_file(app: Whole) -> None:
    item = await app.item("Debian")
    await app.fill(item, disk_iso=b"content")
    assert await app.content(item) == {"disk.iso": b"content"}
    assert await app.content(item) == {"disk.iso": b"content"}
    found = of(app, "transfer.download")
    assert len(found) == 2  # two sessions
    assert (found[0]["user"], named(found[0])["file"], named(found[0])["library item"]) == (NAME, "disk.iso", "Debian")


async def test_a_deleted_item_is_named(app: Whole) -> None:
    item = await app.item("Debian")
    await app.rest("DELETE", f"/library/item/id:{item}")
    (entry,) = of(app, "com.vmware.content.library.item.delete")
    assert named(entry)["library item"] == "Debian"


async def test_a_login_and_a_logout_are_recorded_with_the_public_identifier(app: Whole) -> None:
    token = (await app.login()).json()["value"]
    (entry,) = of(app, "com.vmware.cis.session.create")
    public = hashlib.sha256(token.encode()).hexdigest()
    assert (entry["user"], entry["session"], entry["outcome"]) == (NAME, public, "SUCCEEDED")
    await app.send("DELETE", "/api/session", headers={TOKEN: token})
    (entry,) = of(app, "com.vmware.cis.session.delete")
    assert (entry["user"], entry["session"]) == (NAME, public)
    assert {"type": "login session", "id": public} in entry["things"]


async def test_a_refused_login_names_the_user_who_is_known(app: Whole) -> None:
    assert (await app.login(NAME.upper(), "wrong")).status_code == 401
    (entry,) = of(app, "com.vmware.cis.session.create")
    assert (entry["user"], entry["outcome"], entry["error"]) == (NAME, "REFUSED", "unauthenticated")


async def test_a_name_that_no_user_has_is_recorded_as_a_digest(app: Whole) -> None:
    """It may be a password. Attempts with the same name, however it is written, have the same digest."""
    for name in ("Tr0ub4dor&3", "tr0ub4dor&3@vsphere.local", "mallory\n2026 ok", "x" * 5000, "\u0130"):
        assert (await app.login(name, "wrong")).status_code == 401
    users = [entry["user"] for entry in of(app, "com.vmware.cis.session.create")]
    assert all(re.fullmatch("unknown:[0-9a-f]{8}", each) for each in users)
    assert users[0] == users[1]
    assert len(set(users)) == 4


async def test_a_call_without_a_session_is_recorded_as_refused(app: Whole) -> None:
    await app.send("GET", "/api/content/library", headers={TOKEN: "ef" * 32})
    (entry,) = of(app, "com.vmware.content.library.list")
    assert ("user" in entry, entry["outcome"], entry["error"]) == (False, "REFUSED", "unauthenticated")


@pytest.fixture
def people(app: Whole) -> People:
    return People(app)


async def reader(people: People, library: str) -> str:
    """The secret of an API token of a user who may read one library."""
    robin = await people.user("robin@vsphere.local")
    await people.permit(robin, "Content user", library)
    return (await people.token(robin))[1]


async def test_a_call_that_is_not_allowed_is_recorded_with_the_thing(people: People) -> None:
    library = await people.app.library("Secret")
    secret = await reader(people, library)
    assert (await people.as_user("DELETE", f"/api/content/local-library/{library}", secret)).status_code == 403
    (entry,) = of(people.app, "com.vmware.content.local_library.delete")
    assert (entry["user"], entry["outcome"], entry["error"]) == ("robin@vsphere.local", "REFUSED", "unauthorized")
    assert named(entry)["library"] == "Secret"
    assert len(entry["token"]) == 32 and "session" not in entry


async def test_a_call_for_a_hidden_thing_is_recorded_as_refused(people: People) -> None:
    hidden, seen = await people.app.library("Hidden"), await people.app.library("Seen")
    secret = await reader(people, seen)
    assert (await people.as_user("GET", f"/api/content/library/{hidden}", secret)).status_code == 404
    (entry,) = of(people.app, "com.vmware.content.library.get")
    assert (entry["outcome"], entry["error"], named(entry)["library"]) == ("REFUSED", "not_found", "Hidden")
    assert (await people.as_user("GET", "/api/content/library/nothing", secret)).status_code == 404
    assert len(of(people.app, "com.vmware.content.library.get")) == 1


async def test_a_stranger_who_floods_the_server_costs_a_limited_number_of_entries(app: Whole) -> None:
    for number in range(300):
        await app.send("GET", f"/api/content/library/{number}", headers={TOKEN: "ef" * 32})
    assert 10 <= len(of(app, "")) <= 60


async def test_changes_of_users_permissions_and_tokens_are_recorded_without_secrets(people: People) -> None:
    library = await people.app.library("Images")
    secret = await reader(people, library)
    await people.as_user("GET", "/api/content/library", secret)
    assert [each["user"] for each in of(people.app, "contentlib.access.")] == [NAME] * 3
    (user,) = of(people.app, "contentlib.access.users.create")
    assert named(user)["user"] == "robin@vsphere.local"
    (permission,) = of(people.app, "contentlib.access.permissions.set")
    assert named(permission) == {"library": "Images", "permission": "user:robin@vsphere.local"}
    (token,) = of(people.app, "contentlib.access.tokens.create")
    assert named(token)["API token"] == "pipeline"


async def test_no_secret_is_in_the_database_file(people: People) -> None:
    library = await people.app.library()
    secret = await reader(people, library)
    session = await people.login("robin")
    await people.app.login("robin", "another password")
    await people.app.login(secret, "x")  # a secret in the wrong place
    await people.ask("POST", "/self?action=change-password", {"old_password": "x", "new_password": "a long new secret"})
    text = str(of(people.app, ""))
    assert PASSWORD not in text and SECRET not in text
    assert not any(each in text for each in (secret, session, KNOWN_TOKEN, "another password", "a long new secret"))


async def test_work_in_a_task_is_recorded_for_the_one_who_submitted_it(app: Whole) -> None:
    item = await app.item("Debian")
    await app.fill(item, disk_iso=b"content")
    target = await app.library("Copies")
    body = {"destination_create_spec": {"name": "Copy", "library_id": target}}
    answer = await app.send("POST", f"/api/content/library/item/{item}?action=copy&vmw-task=true", body)
    assert answer.status_code == 202, answer.text
    assert (await ended(app, answer.json()))["status"] == "SUCCEEDED"
    found = of(app, "com.vmware.content.library.item.copy")
    assert {each["user"] for each in found} == {NAME}
    assert len({each["request"] for each in found}) == 1
    assert any(named(each).get("library item") == "Copy" for each in found)
