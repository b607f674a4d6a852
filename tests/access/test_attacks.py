"""Attempts to get around the gate: by another user, by a name that somebody else had, and by what answers tell."""

from __future__ import annotations

import httpx
import pytest

from access.people import SECRET, People
from access.test_reach import ROBIN, Robin, robin
from whole import TOKEN, Whole

__all__ = ["robin"]
UUID = "11111111-2222-4333-8444-555555555555"
NAMES = ("robin", "ROBIN", "Robin@VSPHERE.local", "VSPHERE.LOCAL\\robin", "robin@vsphere.local")


async def _again(robin: Robin) -> None:
    """Removes the user, and makes one of the same name with the same role."""
    await robin.people.done("DELETE", f"/users/{ROBIN}")
    await robin.people.done("POST", "/users", {"name": "ROBIN", "password": SECRET})
    _, robin.secret = await robin.people.token(ROBIN)
    await robin.permit("Content publisher")


@pytest.mark.parametrize("kind", ["update-session", "download-session"])
async def test_a_user_of_a_former_name_does_not_own_the_former_sessions(robin: Robin, kind: str) -> None:
    path = f"/api/content/library/item/{kind}"
    status, session = await robin.ask("POST", path, {"library_item_id": robin.own_item})
    assert status == 201
    assert (await robin.ask("GET", f"{path}/{session}"))[0] == 200
    await _again(robin)
    assert (await robin.ask("GET", path)) == (200, [])
    status, told = await robin.ask("GET", f"{path}/{session}")
    assert status == 403
    assert "ContentLibrary.UpdateLibrary" in str(told)


async def test_a_user_of_a_former_name_has_neither_logins_nor_tokens_nor_permissions(robin: Robin) -> None:
    former = robin.secret
    session = await robin.people.login("robin", former)
    await robin.people.done("DELETE", f"/users/{ROBIN}")
    await robin.people.done("POST", "/users", {"name": "robin"})
    for headers in ({TOKEN: session}, {TOKEN: "", "authorization": f"Bearer {former}"}):
        assert (await robin.app.send("GET", "/api/content/library", None, headers)).status_code == 401
    assert (await robin.app.login("robin", former)).status_code == 401
    _, robin.secret = await robin.people.token(ROBIN)
    assert (await robin.ask("GET", f"/api/content/library/{robin.own}"))[0] == 404


async def test_a_user_of_a_former_name_cannot_cancel_the_former_tasks(robin: Robin) -> None:
    await robin.app.fill(robin.own_item, a_iso=b"newer")
    path = f"/api/contentlib/library/item/{robin.own_item}/versions/2?action=make-current&vmw-task=true"
    _, task = await robin.ask("POST", path)
    _, before = await robin.ask("GET", f"/api/cis/tasks/{task}")
    assert isinstance(before, dict)
    assert before["user"] == ROBIN
    await _again(robin)
    _, after = await robin.ask("GET", f"/api/cis/tasks/{task}")
    assert isinstance(after, dict)
    assert after["user"] != ROBIN
    assert (await robin.ask("POST", f"/api/cis/tasks/{task}?action=cancel"))[0] == 403


async def test_a_client_token_is_one_of_its_user(robin: Robin) -> None:
    """Neither another user nor a later one of the same name gets what was made with it."""
    spec = {"library_id": robin.own, "name": "made"}
    path, headers = "/api/content/library/item", {"client-token": UUID}
    made = (await robin.app.send("POST", path, spec, headers)).json()
    bearer = {TOKEN: "", "authorization": f"Bearer {robin.secret}"}
    taken = await robin.app.send("POST", path, {**spec, "name": "other"}, {**headers, **bearer})
    assert taken.json() != made
    await _again(robin)
    bearer = {TOKEN: "", "authorization": f"Bearer {robin.secret}"}
    later = await robin.app.send("POST", path, {**spec, "name": "third"}, {**headers, **bearer})
    assert later.status_code == 201
    assert later.json() not in (made, taken.json())


async def test_addresses_and_sessions_end_with_their_user(robin: Robin) -> None:
    spec = {"library_item_id": robin.own_item}
    _, session = await robin.ask("POST", "/api/content/library/item/download-session", spec)
    prepare = f"/api/content/library/item/download-session/{session}/file?action=prepare"
    prepared = (await robin.people.as_user("POST", prepare, robin.secret, {"file_name": "a.iso"})).json()
    address = prepared["download_endpoint"]["uri"]
    login = await robin.people.login("robin", robin.secret)
    static = f"/cls/static/{robin.own}/{robin.own_item}/a.iso"
    assert (await robin.app.client.get(address, headers={TOKEN: ""})).status_code == 200
    assert (await robin.app.client.get(static, headers={TOKEN: login})).status_code == 200
    await robin.people.done("PATCH", f"/users/{ROBIN}", {"enabled": False})
    assert (await robin.app.client.get(address, headers={TOKEN: ""})).status_code == 403
    assert (await robin.app.client.get(static, headers={TOKEN: login})).status_code == 401
    await robin.people.done("DELETE", f"/users/{ROBIN}")
    assert (await robin.app.client.get(address, headers={TOKEN: ""})).status_code == 403


async def test_an_item_of_a_hidden_library_is_found_in_no_way(robin: Robin) -> None:
    find = "/api/content/library/item?action=find"
    for spec in ({"name": "theirs"}, {"name": "THEIRS"}, {"type": "", "name": "theirs"}):
        assert await robin.ask("POST", find, spec) == (200, [])
    for field, thing in (("library_id", robin.other), ("source_id", robin.other_item)):
        hidden, unknown = [await robin.ask("POST", find, {field: each}) for each in (thing, UUID)]
        assert (hidden[0], str(hidden[1]).replace(thing, UUID)) == (unknown[0], str(unknown[1]))


async def test_a_hidden_thing_is_told_from_none_by_no_call(robin: Robin) -> None:
    async def told(method: str, target: str, thing: str, body: object = None) -> tuple[int, str]:
        status, answer = await robin.ask(method, target.format(thing), body)
        return status, str(answer).replace(thing, "…")

    item, library = "/api/content/library/item/{}", "/api/content/library/{}"
    destination = {"library_id": robin.own, "name": "copied"}
    for method, target, thing, body in (
        ("POST", f"{item}?action=copy", robin.other_item, destination),
        ("POST", f"{item}?action=copy&vmw-task=true", robin.other_item, destination),
        ("POST", f"{item}?action=publish&vmw-task=true", robin.other_item, {}),
        ("POST", f"{library}?action=migrate&vmw-task=true", robin.other, {"storage_backings": []}),
        ("POST", "/api/content/local-library/{}?action=publish&vmw-task=true", robin.other, None),
        ("GET", f"{library}/subscriptions", robin.other, None),
    ):
        assert await told(method, target, thing, body) == await told(method, target, UUID, body), target


async def test_a_copy_goes_into_no_hidden_library(robin: Robin) -> None:
    path = f"/api/content/library/item/{robin.own_item}?action=copy"
    hidden = await robin.ask("POST", path, {"library_id": robin.other, "name": "x"})
    unknown = await robin.ask("POST", path, {"library_id": UUID, "name": "x"})
    assert hidden[0] == unknown[0] == 404
    assert str(hidden[1]).replace(robin.other, UUID) == str(unknown[1])


async def test_the_trash_gives_back_no_library_that_one_may_not_make(robin: Robin) -> None:
    for thing, target in ((robin.other_item, "item/"), (robin.other, "")):
        assert (await robin.app.send("DELETE", f"/api/content/library/{target}{thing}")).status_code == 204
        assert (await robin.ask("POST", f"/api/contentlib/library/trash/{thing}?action=restore"))[0] == 404
    assert (await robin.app.send("DELETE", f"/api/content/library/{robin.own}")).status_code == 204
    assert (await robin.ask("POST", f"/api/contentlib/library/trash/{robin.own}?action=restore"))[0] in (403, 404)


@pytest.mark.parametrize("name", NAMES)
async def test_a_permission_holds_however_the_name_is_written(app: Whole, name: str) -> None:
    people = People(app)
    await people.user("robin")
    assert (await people.refusal("POST", "/users", {"name": name, "password": SECRET}))[0] == 400
    library = await app.library()
    await people.permit(ROBIN, "No access", library)
    await people.permit(ROBIN, "Content user")
    token = await people.login(name)
    headers = httpx.Headers({TOKEN: token})
    assert (await app.send("GET", "/api/content/library", None, headers)).json() == []


async def test_a_subscription_does_not_name_a_hidden_library(robin: Robin) -> None:
    published = await robin.app.library("published", publish_info={"published": True, "authentication_method": "NONE"})
    new = {"name": "secret name", "automatic_sync_enabled": False, "on_demand": False, "storage_backings": []}
    wanted = {"location": "LOCAL", "target": "CREATE_NEW", "new_subscribed_library": new}
    path = f"/api/content/library/{published}/subscriptions"
    made = (await robin.app.send("POST", path, {"subscribed_library": wanted})).json()
    await robin.permit("Auditor", published)
    own = (await robin.app.send("GET", path)).json()[0]
    hidden = (await robin.people.as_user("GET", path, robin.secret)).json()[0]
    assert own["subscribed_library_name"] == "secret name"
    assert hidden["subscribed_library_name"] == hidden["subscribed_library"] == own["subscribed_library"]
    assert "secret name" not in str(await robin.ask("GET", f"{path}/{made}"))
    await robin.permit("Auditor", own["subscribed_library"])
    assert "secret name" in str(await robin.ask("GET", f"{path}/{made}"))
