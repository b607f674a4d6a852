"""Users, groups, roles and permissions by their services: what an administrator does, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from access.people import SECRET, People
from whole import NAME, TOKEN, HandClock, Whole, whole

ROBIN = "robin@vsphere.local"


@pytest.fixture
def people(app: Whole) -> People:
    return People(app)


async def test_a_user_logs_in_by_every_way_of_writing_the_name(people: People) -> None:
    assert await people.user("Robin") == "Robin@vsphere.local"
    for name in ("robin", "ROBIN@VSPHERE.LOCAL", "vsphere.local\\Robin", "VSPHERE.LOCAL\\robin"):
        assert (await people.app.login(name, SECRET)).status_code == 200, name
    assert (await people.app.login("robin@elsewhere", SECRET)).status_code == 401


async def test_a_name_is_taken_in_every_way_of_writing_it(people: People) -> None:
    await people.user("Robin")
    for name in ("robin", "ROBIN@vsphere.local", "vsphere.local\\robin"):
        status, kind, _ = await people.refusal("POST", "/users", {"name": name})
        assert (status, kind) == (400, "ALREADY_EXISTS"), name


@pytest.mark.parametrize("name", ["", " robin", "ro:bin", "ro/bin", "@lab", "robin@", "a@b@c", "a\nb", "x" * 300, "a\\b\\c"])
async def test_a_name_that_cannot_be_written_everywhere_is_refused(people: People, name: str) -> None:
    status, kind, text = await people.refusal("POST", "/users", {"name": name})
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert text.startswith("spec.name ")


async def test_a_user_is_shown_with_groups_and_last_login(people: People, clock: HandClock) -> None:
    await people.user("robin", display_name="Robin R.", email="robin@lab.example")
    await people.group("inner", ROBIN)
    await people.group("outer", groups=("inner",))
    await people.login("robin")
    told = await people.done("GET", f"/users/{ROBIN}")
    assert told["groups"] == ["inner", "outer"]
    assert (told["display_name"], told["email"], told["enabled"]) == ("Robin R.", "robin@lab.example", True)
    assert told["last_address"] == "192.0.2.7"
    assert told["last_login"] == "2023-11-14T22:13:20.000Z"
    assert "password" not in str(told).replace("has_password", "")


async def test_a_user_who_is_disabled_is_out_at_once(people: People) -> None:
    await people.user("robin")
    session = await people.login("robin")
    _, secret = await people.token(ROBIN)
    await people.done("PATCH", f"/users/{ROBIN}", {"enabled": False})
    assert (await people.app.send("GET", "/api/session", headers={TOKEN: session})).status_code == 401
    assert (await people.ask("GET", "/self", token=secret)).status_code == 401
    assert (await people.app.login("robin", SECRET)).status_code == 401
    await people.done("PATCH", f"/users/{ROBIN}", {"enabled": True})
    assert (await people.app.login("robin", SECRET)).status_code == 200
    assert (await people.ask("GET", "/self", token=secret)).status_code == 200


async def test_a_user_of_the_same_name_inherits_nothing(people: People) -> None:
    await people.user("robin")
    await people.group("ops", ROBIN)
    await people.permit(ROBIN, "auditor")
    session, (_, secret) = await people.login("robin"), await people.token(ROBIN)
    await people.done("DELETE", f"/users/{ROBIN}")
    await people.user("robin")
    assert (await people.done("GET", f"/users/{ROBIN}"))["groups"] == []
    assert (await people.ask("GET", "/self", token=secret)).status_code == 401
    assert (await people.app.send("GET", "/api/session", headers={TOKEN: session})).status_code == 401
    assert all(each["principal"] != ROBIN for each in await people.done("GET", "/permissions"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", f"/users/{NAME}", None),
        ("PATCH", f"/users/{NAME}", {"enabled": False}),
        ("PUT", "/permissions", {"principal": NAME, "principal_type": "USER", "role": "Auditor"}),
    ],
)
async def test_the_last_administrator_stays(people: People, method: str, path: str, body: object) -> None:
    await people.user("robin", enabled=False)
    await people.permit(ROBIN, "Administrator")
    status, kind, text = await people.refusal(method, path, body)
    assert (status, kind) == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert text == "no enabled user would have the role Administrator on everything; give it to another user first"
    await people.done("PATCH", f"/users/{ROBIN}", {"enabled": True})
    assert (await people.ask(method, path, body)).status_code < 300


async def test_the_last_administrator_by_a_group_stays_in_it(people: People) -> None:
    await people.user("robin")
    await people.group("inner", ROBIN)
    await people.group("admins", groups=("inner",))
    permission = await people.permit("admins", "Administrator", kind="GROUP")
    own = next(each["id"] for each in await people.done("GET", "/permissions") if each["principal"] == NAME.lower())
    await people.done("DELETE", f"/permissions/{own}")
    session = {TOKEN: await people.login("robin")}
    people.app.client.headers.update(session)
    for method, path, body in [
        ("DELETE", "/groups/inner", None),
        ("POST", "/groups/inner?action=remove-member", {"name": ROBIN, "type": "USER"}),
        ("POST", "/groups/admins?action=remove-member", {"name": "inner", "type": "GROUP"}),
        ("DELETE", f"/permissions/{permission}", None),
    ]:
        assert (await people.refusal(method, path, body))[1] == "NOT_ALLOWED_IN_CURRENT_STATE", path


async def test_groups_cannot_contain_each_other(people: People) -> None:
    await people.group("a")
    await people.group("b", groups=("a",))
    await people.group("c", groups=("b",))
    for inner, outer in (("c", "a"), ("b", "a"), ("a", "a")):
        status, kind, text = await people.refusal(
            "POST", f"/groups/{outer}?action=add-member", {"name": inner, "type": "GROUP"}
        )
        assert (status, kind) == (400, "INVALID_ARGUMENT")
        assert text == f"member group '{inner}' contains group '{outer}': groups cannot contain each other"


async def test_a_role_of_ones_own_is_changed_for_all_who_have_it(people: People) -> None:
    library = await people.app.library()
    await people.user("robin")
    _, secret = await people.token(ROBIN)
    await people.done("POST", "/roles", {"name": "Looker", "privileges": ["System.Read"]})
    await people.permit(ROBIN, "looker", library)
    path = f"/api/content/library/{library}"
    assert (await people.as_user("GET", path, secret)).status_code == 200
    await people.done("PATCH", "/roles/Looker", {"privileges": []})
    assert (await people.as_user("GET", path, secret)).status_code == 404
    assert (await people.refusal("DELETE", "/roles/looker"))[1] == "NOT_ALLOWED_IN_CURRENT_STATE"


@pytest.mark.parametrize("privilege", ["Authorization.ModifyUsers", "Authorization.ModifyRoles"])
async def test_privileges_that_lead_to_all_others_are_in_no_other_role(people: People, privilege: str) -> None:
    status, kind, text = await people.refusal("POST", "/roles", {"name": "sly", "privileges": [privilege]})
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert text == f"spec.privileges contains {privilege}, which only the role Administrator can have"


async def test_a_role_that_is_built_in_is_not_changed(people: People) -> None:
    for method, body in (("PATCH", {"privileges": []}), ("DELETE", None)):
        assert (await people.refusal(method, "/roles/Auditor", body))[1] == "NOT_ALLOWED_IN_CURRENT_STATE"


async def test_nobody_gives_more_than_they_have(people: People) -> None:
    library, other = await people.app.library(), await people.app.library()
    for name in ("robin", "ann"):
        await people.user(name)
    _, secret = await people.token(ROBIN)
    await people.permit(ROBIN, "Content library administrator", library)
    spec = {"principal": "ann@vsphere.local", "principal_type": "USER", "library": library}
    assert await people.done("PUT", "/permissions", {**spec, "role": "Content publisher"}, secret)
    status, kind, text = await people.refusal("PUT", "/permissions", {**spec, "role": "Administrator"}, secret)
    assert (status, kind) == (403, "UNAUTHORIZED")
    assert text.startswith("role 'administrator' has the privilege Authorization.ModifyRoles, which you do not have")
    for more in ({"library": other}, {"library": None}):
        body = {name: value for name, value in {**spec, "role": "Content user", **more}.items() if value}
        assert (await people.ask("PUT", "/permissions", body, secret)).status_code in (403, 404), more
    own = await people.permit(NAME, "Administrator", library)
    assert (await people.refusal("DELETE", f"/permissions/{own}", None, secret))[0] == 403


_MAKER = {"name": "maker", "privileges": ["ContentLibrary.CreateLocalLibrary", "Datastore.AllocateSpace"]}


async def test_who_creates_a_library_administers_it_and_no_other(people: People) -> None:
    other = await people.app.library()
    await people.user("robin")
    _, secret = await people.token(ROBIN)
    await people.done(
        "POST", "/roles", {"name": "maker", "privileges": ["ContentLibrary.CreateLocalLibrary", "Datastore.AllocateSpace"]}
    )
    await people.permit(ROBIN, "maker")
    spec = {"name": "robins", "storage_backings": []}
    made = await people.as_user("POST", "/api/content/local-library", secret, spec)
    assert made.status_code == 201, made.text
    assert (
        await people.as_user("PATCH", f"/api/content/local-library/{made.json()}", secret, {"description": "x"})
    ).status_code == 204
    assert (await people.as_user("GET", "/api/content/library", secret)).json() == [made.json()]
    assert (await people.as_user("GET", f"/api/content/library/{other}", secret)).status_code == 404
    await people.user("ann")
    spec = {"principal": "ann@vsphere.local", "principal_type": "USER", "library": made.json(), "role": "Content user"}
    assert (await people.ask("PUT", "/permissions", spec, secret)).status_code == 200


async def test_an_administrator_who_is_shut_out_of_a_library_can_open_it_again(people: People) -> None:
    library = await people.app.library()
    permission = await people.permit(NAME, "No access", library)
    assert (await people.app.send("GET", f"/api/content/library/{library}")).status_code == 404
    assert permission in [each["id"] for each in await people.done("GET", f"/permissions?library={library}")]
    await people.done("DELETE", f"/permissions/{permission}")
    assert (await people.app.send("GET", f"/api/content/library/{library}")).status_code == 200


async def test_ones_own_password_is_changed_with_the_old_one(people: People) -> None:
    await people.user("robin")
    here, there = await people.login("robin"), await people.login("robin")
    path, new = "/api/contentlib/access/self?action=change-password", "another fine secret"
    wrong = {"old_password": "wrong", "new_password": new}
    assert (await people.app.send("POST", path, wrong, {TOKEN: here})).status_code == 400
    right = {"old_password": SECRET, "new_password": new}
    assert (await people.app.send("POST", path, right, {TOKEN: here})).status_code == 204
    assert (await people.app.send("GET", "/api/session", headers={TOKEN: here})).status_code == 200
    assert (await people.app.send("GET", "/api/session", headers={TOKEN: there})).status_code == 401
    assert (await people.app.login("robin", SECRET)).status_code == 401
    assert (await people.app.login("robin", new)).status_code == 200


async def test_a_password_that_an_administrator_sets_ends_the_sessions(people: People) -> None:
    await people.user("robin")
    session = await people.login("robin")
    await people.done("POST", f"/users/{ROBIN}?action=set-password", {"password": "another fine secret"})
    assert (await people.app.send("GET", "/api/session", headers={TOKEN: session})).status_code == 401
    assert (await people.app.login("robin", "another fine secret")).status_code == 200


async def test_short_and_breached_passwords_are_refused(data_dir: Path, clock: HandClock, tmp_path: Path) -> None:
    digest = hashlib.sha1(b"hashed-password-1", usedforsecurity=False).hexdigest().upper()
    breached = tmp_path / "breached.txt"
    breached.write_text(f"letmein-letmein\n{digest}:42\n")
    async with whole(data_dir, clock, breached_passwords=breached) as app:
        people = People(app)
        for password, problem in [
            ("short", "must be at least 12 characters long"),
            ("letmein-letmein", "is in the list of breached passwords; choose a different password"),
            ("hashed-password-1", "is in the list of breached passwords; choose a different password"),
            ("robin-the-great", "must not be the name of the user"),
        ]:
            answer = await people.refusal("POST", "/users", {"name": "robin-the-great", "password": password})
            assert answer == (400, "INVALID_ARGUMENT", f"spec.password {problem}")
        await people.user("robin-the-great")


async def test_sessions_are_ones_own_and_for_those_who_may_all(people: People) -> None:
    await people.user("robin")
    session = await people.login("robin")
    listed = await people.app.send("GET", "/api/contentlib/access/sessions", headers={TOKEN: session})
    assert [(each["user"], each["own"]) for each in listed.json()] == [(ROBIN, True)]
    everybody = await people.done("GET", "/sessions")
    assert sorted(each["user"] for each in everybody) == sorted([NAME, ROBIN])
    admins = next(each["id"] for each in everybody if each["user"] == NAME)
    path = f"/api/contentlib/access/sessions/{admins}"
    assert (await people.app.send("DELETE", path, headers={TOKEN: session})).status_code == 404
    robins = listed.json()[0]["id"]
    await people.done("DELETE", f"/sessions/{robins}")
    assert (await people.app.send("GET", "/api/session", headers={TOKEN: session})).status_code == 401


async def test_who_calls_is_told_with_privileges(people: People) -> None:
    library = await people.app.library()
    await people.user("robin")
    token, secret = await people.token(ROBIN, role="Content user")
    await people.permit(ROBIN, "Content publisher", library)
    told = await people.done("GET", "/self", token=secret)
    assert (told["user"], told["token"], told["groups"]) == (ROBIN, token, [])
    held = await people.done("GET", f"/self/privileges/{library}", token=secret)
    assert "ContentLibrary.DownloadSession" in held
    assert "ContentLibrary.UpdateSession" not in held
