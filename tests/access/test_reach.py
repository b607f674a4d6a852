"""What of the server is behind the gate beside the calls: lists, tasks, the addresses of bytes, SOAP and inner privileges."""

from __future__ import annotations

import httpx
import pytest
from msgspec.structs import replace

from access.asking import ended_task
from access.people import SECRET, People
from backends import BACKEND
from contentlib.library.model import TaskStatus
from services.test_operations_as_tasks import ended
from vim.soap import ROOT, Soap, objects, properties
from vim.test_front import login as soap_login
from vim.test_front import value_of
from whole import KNOWN_TOKEN, TOKEN, Whole

ROBIN = "robin@vsphere.local"


class Robin:
    """A user with an API token, two libraries with a filled item in each, and a role on the first."""

    def __init__(self, people: People, secret: str, own: str, other: str) -> None:
        self.people = people
        self.app = people.app
        self.secret = secret
        self.own = own
        self.other = other
        self.own_item = ""
        self.other_item = ""

    async def ask(self, method: str, target: str, body: object = None) -> tuple[int, object]:
        answer = await self.people.as_user(method, target, self.secret, body)
        return answer.status_code, answer.json() if answer.content else None

    async def permit(self, role: str, library: str | None = None) -> None:
        await self.people.permit(ROBIN, role, library or self.own)


@pytest.fixture
async def robin(app: Whole) -> Robin:
    people = People(app)
    await people.done("POST", "/users", {"name": "robin"})
    _, secret = await people.token(ROBIN)
    made = Robin(people, secret, await app.library(), await app.library())
    made.own_item, made.other_item = await app.item("mine", made.own), await app.item("theirs", made.other)
    for item in (made.own_item, made.other_item):
        await app.fill(item, a_iso=b"content")
    await made.permit("Content publisher")
    return made


async def test_lists_leave_out_what_one_may_not_see(robin: Robin) -> None:
    for target, body, seen in [
        ("/api/content/library", None, [robin.own]),
        ("/api/content/local-library", None, [robin.own]),
        ("/api/content/subscribed-library", None, []),
        ("/api/content/library?action=find", {"type": "LOCAL"}, [robin.own]),
        ("/api/content/library/item?action=find", {"type": ""}, []),
        ("/api/content/library/item?action=find", {"cached": True}, [robin.own_item]),
        ("/api/content/library/item?action=find", {"name": "theirs"}, []),
    ]:
        assert await robin.ask("GET" if body is None else "POST", target, body) == (200, seen), target
    status, _ = await robin.ask("POST", "/api/content/library/item?action=find", {"library_id": robin.other})
    assert status in (400, 404)
    assert (await robin.ask("GET", f"/api/content/library/item?library_id={robin.other}"))[0] == 404


async def test_what_is_hidden_is_refused_as_what_does_not_exist(robin: Robin) -> None:
    for target in ("/api/content/library/{}", "/api/content/local-library/{}", "/api/content/library/item?library_id={}"):
        hidden = await robin.people.as_user("GET", target.format(robin.other), robin.secret)
        unknown = await robin.people.as_user("GET", target.format("0" * 8), robin.secret)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.text.replace(robin.other, "…") == unknown.text.replace("0" * 8, "…")


async def test_the_trash_shows_what_was_in_libraries_that_one_sees(robin: Robin) -> None:
    for item in (robin.own_item, robin.other_item):
        assert (await robin.app.send("DELETE", f"/api/content/library/item/{item}")).status_code == 204
    status, listed = await robin.ask("GET", "/api/contentlib/library/trash")
    assert isinstance(listed, list)
    assert (status, [each["id"] for each in listed]) == (200, [robin.own_item])
    assert (await robin.ask("GET", f"/api/contentlib/library/trash/{robin.other_item}"))[0] == 404
    assert (await robin.ask("POST", f"/api/contentlib/library/trash/{robin.own_item}?action=purge"))[0] == 403


async def test_sessions_of_others_need_the_administration_of_the_library(robin: Robin) -> None:
    session = await robin.app.session(robin.own_item)
    path = f"/api/content/library/item/update-session/{session}"
    status, body = await robin.ask("GET", path)
    assert status == 403
    assert "ContentLibrary.UpdateLibrary on update session" in str(body)
    assert (await robin.ask("POST", f"{path}?action=cancel"))[0] == 403
    await robin.permit("Content library administrator")
    assert (await robin.ask("POST", f"{path}?action=cancel"))[0] == 204


async def test_a_session_is_no_longer_its_users_when_the_privilege_is_gone(robin: Robin) -> None:
    spec = {"library_item_id": robin.own_item}
    _, session = await robin.ask("POST", "/api/content/library/item/download-session", spec)
    path = f"/api/content/library/item/download-session/{session}"
    for _ in range(2):  # the second answer is given by the remembered verdict
        assert (await robin.ask("GET", path))[0] == 200
    await robin.permit("Auditor")
    assert (await robin.ask("GET", path))[0] == 403
    await robin.permit("Content publisher")
    assert (await robin.ask("GET", path))[0] == 200
    await robin.permit("No access")
    assert (await robin.ask("GET", path))[0] == 404
    assert (await robin.ask("GET", "/api/content/library/item/download-session"))[0] == 403


async def test_a_verdict_on_a_session_is_remembered_for_its_operation_and_its_caller_alone(robin: Robin) -> None:
    """The administrator's update session is seen by a user whose narrower token does not even show it."""
    session = await robin.app.session(robin.own_item)
    path = f"/api/content/library/item/update-session/{session}"
    await robin.permit("Content library administrator")
    assert (await robin.ask("GET", path))[0] == 200
    _, narrow = await robin.people.token(ROBIN, role="Content user")
    assert (await robin.people.as_user("GET", path, narrow)).status_code == 403
    assert (await robin.people.as_user("POST", f"{path}?action=cancel", narrow)).status_code == 403
    assert (await robin.ask("GET", path))[0] == 200
    assert (await robin.ask("DELETE", path))[0] == 400  # it is active, which only those hear who may delete it
    assert (await robin.ask("POST", f"{path}?action=cancel"))[0] == 204
    assert (await robin.ask("DELETE", path))[0] == 204
    assert (await robin.ask("GET", path))[0] == 404


async def test_a_transfer_address_dies_with_the_privilege_of_its_user(robin: Robin) -> None:
    spec = {"library_item_id": robin.own_item}
    _, session = await robin.ask("POST", "/api/content/library/item/download-session", spec)
    prepare = f"/api/content/library/item/download-session/{session}/file?action=prepare"
    prepared = (await robin.people.as_user("POST", prepare, robin.secret, {"file_name": "a.iso"})).json()
    download = prepared["download_endpoint"]["uri"]
    _, update = await robin.ask("POST", "/api/content/library/item/update-session", spec)
    added = await robin.people.as_user(
        "POST",
        f"/api/content/library/item/update-session/{update}/file",
        robin.secret,
        {"name": "b.iso", "source_type": "PUSH"},
    )
    upload = added.json()["upload_endpoint"]["uri"]
    client = robin.app.client
    assert (await client.get(download, headers={TOKEN: ""})).content == b"content"
    await robin.permit("Content user")
    assert (await client.get(download, headers={TOKEN: ""})).status_code == 200
    assert (await client.put(upload, content=b"late", headers={TOKEN: ""})).status_code == 403
    await robin.permit("Auditor")
    assert (await client.get(download, headers={TOKEN: ""})).status_code == 403


async def test_a_static_address_asks_for_the_privilege_to_download(robin: Robin) -> None:
    files = await robin.app.send("GET", f"/api/content/library/item/{robin.own_item}/storage")
    uris = [uri for file in files.json() for uri in file["storage_uris"]]
    assert uris
    path = f"/cls/static/{robin.own}/{robin.own_item}/a.iso"
    foreign = f"/cls/static/{robin.other}/{robin.other_item}/a.iso"
    assert (await robin.people.as_user("GET", path, robin.secret)).content == b"content"
    assert (await robin.people.as_user("GET", foreign, robin.secret)).status_code == 404
    await robin.permit("Auditor")
    assert (await robin.people.as_user("GET", path, robin.secret)).status_code == 403
    assert (await robin.app.client.get(path, headers={TOKEN: ""})).status_code == 401


async def test_a_file_on_a_datastore_asks_for_the_privilege_to_download(robin: Robin) -> None:
    path = "/folder/contentlib-{}/{}/a.iso?dsName=default"
    own, foreign = path.format(robin.own, robin.own_item), path.format(robin.other, robin.other_item)
    assert (await robin.people.as_user("GET", own, robin.secret)).content == b"content"
    assert (await robin.people.as_user("GET", foreign, robin.secret)).status_code == 404
    await robin.permit("Auditor")
    assert (await robin.people.as_user("GET", own, robin.secret)).status_code == 403
    assert (await robin.app.client.get(own, headers={TOKEN: ""})).status_code == 401


async def test_a_datastore_is_browsed_without_what_one_may_not_see(robin: Robin) -> None:
    await robin.people.user("ann")
    await robin.people.permit("ann@vsphere.local", "Auditor", robin.own)
    soap, browser = Soap(robin.app), ("HostDatastoreBrowser", "browser-datastore-1")
    found: dict[str, list[list[str]]] = {"administrator": [], "ann": []}
    tokens = {"administrator": KNOWN_TOKEN, "ann": await robin.people.login("ann@vsphere.local")}
    for path in ("", f"contentlib-{robin.own}", f"contentlib-{robin.other}", f"contentlib-{robin.other}/{robin.other_item}"):
        for user, soap.token in tokens.items():
            given = f"<datastorePath>[default] {path}</datastorePath>"
            (task,) = (await soap.call("SearchDatastore_Task", browser, given)).texts("returnval")
            heard = await soap.collect(properties("Task", "info") + objects(("Task", task)))
            found[user].append(heard.texts("path") or heard.texts("localizedMessage"))
    own, other = f"contentlib-{robin.own}", f"contentlib-{robin.other}"
    assert found["administrator"] == [sorted([own, other]), [robin.own_item], [robin.other_item], ["a.iso"]]
    missing = [f"no such directory: '[default] {other}/'", f"no such directory: '[default] {other}/{robin.other_item}/'"]
    assert found["ann"] == [[own], [robin.own_item], *([each] for each in missing)]


async def test_a_task_is_performed_by_what_its_user_may_when_it_runs(robin: Robin) -> None:
    """It was submitted by a publisher, who is an auditor by the time when a worker takes it up."""
    await robin.app.fill(robin.own_item, a_iso=b"newer")
    await robin.permit("Auditor")
    arguments = f'{{"library_item_id": "{robin.own_item}", "version": "2", "client_token": null}}'
    task = replace(ended_task(robin.own_item, ROBIN), ended=None, kind="operation", arguments=arguments)
    service = "contentlib.library.item.versions"
    submitted = replace(task, status=TaskStatus.PENDING, service=service, operation="make_current$task")
    metadata = BACKEND.open_rows(robin.app.settings.database_file)
    async with metadata.transaction(durable=False) as rows:
        await rows.tasks.add(submitted)
    await metadata.close()
    info = await ended(robin.app, task.id)
    assert (info["status"], info["error"]["error_type"]) == ("FAILED", "UNAUTHORIZED")
    assert "ContentLibrary.UpdateSession" in str(info["error"])


async def test_tasks_are_seen_with_what_they_are_about(robin: Robin) -> None:
    tasks = {}
    for item in (robin.own_item, robin.other_item):
        await robin.app.fill(item, a_iso=b"newer")
        path = f"/api/contentlib/library/item/{item}/versions/2?action=make-current&vmw-task=true"
        tasks[item] = (await robin.app.send("POST", path)).json()
    own, other = tasks[robin.own_item], tasks[robin.other_item]
    listed = await robin.people.as_user(
        "GET", f"/api/cis/tasks?filter_spec.tasks={own}&filter_spec.tasks={other}", robin.secret
    )
    assert list(listed.json()) == [own]
    assert (await robin.ask("GET", f"/api/cis/tasks/{own}"))[0] == 200
    assert (await robin.ask("GET", f"/api/cis/tasks/{other}"))[0] == 404
    assert (await robin.ask("POST", f"/api/cis/tasks/{own}?action=cancel"))[0] == 403


async def test_a_copy_needs_the_privilege_to_download_the_original(robin: Robin) -> None:
    await robin.permit("Auditor", robin.other)
    path = f"/api/content/library/item/{robin.other_item}?action=copy"
    spec = {"library_id": robin.own, "name": "copied"}
    status, body = await robin.ask("POST", path, spec)
    assert status == 403
    assert "ContentLibrary.DownloadSession" in str(body)
    await robin.permit("Content user", robin.other)
    assert (await robin.ask("POST", path, spec))[0] == 200


async def test_a_subscription_reaches_no_library_that_its_maker_may_not_change(robin: Robin) -> None:
    info = {"published": True, "authentication_method": "NONE"}
    published = await robin.app.library("published", publish_info=info)
    await robin.permit("Content library administrator", published)
    path = f"/api/content/library/{published}/subscriptions"
    wanted: dict[str, object] = {"location": "LOCAL", "target": "USE_EXISTING", "subscribed_library": robin.other}
    assert (await robin.ask("POST", path, {"subscribed_library": wanted}))[0] == 404
    new = {"name": "copy", "automatic_sync_enabled": False, "on_demand": False, "storage_backings": []}
    wanted = {"location": "LOCAL", "target": "CREATE_NEW", "new_subscribed_library": new}
    assert (await robin.ask("POST", path, {"subscribed_library": wanted}))[0] == 403


async def test_soap_shows_the_inventory_to_those_who_may_read_anything(robin: Robin) -> None:
    await robin.people.done("POST", "/users", {"name": "nobody", "password": SECRET})
    for name, password, sees in (("robin", robin.secret, True), ("nobody", SECRET, False)):
        soap = Soap(robin.app)
        soap.token = value_of(await soap_login(soap, name, password))
        heard = await soap.collect(properties("Folder", "name") + objects(ROOT))
        if sees:
            assert heard.objects()
        else:
            assert heard.fault == ("NoPermission", "Permission to perform this operation was denied.")


async def test_a_batch_of_json_rpc_calls_is_refused_as_a_whole(robin: Robin) -> None:
    call = {
        "jsonrpc": "2.0",
        "id": "1",
        "method": "invoke",
        "params": {"serviceId": "com.vmware.content.library", "operationId": "list"},
    }
    answer = await robin.people.as_user("POST", "/api", robin.secret, [call, call])
    assert "batch" in answer.text


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/healthz", "/readyz"])
async def test_what_operators_look_at_is_open_and_names_no_user(robin: Robin, path: str) -> None:
    answer = await robin.app.client.get(path, headers={TOKEN: ""})
    assert answer.status_code == 200
    assert [each for each in (ROBIN, robin.own, robin.own_item, "mine") if each in answer.text.split('"')] == []


async def test_a_published_library_is_read_with_its_own_password_and_no_users(
    robin: Robin, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(_: float) -> None:
        """Wrong passwords are answered late, which is tested elsewhere."""

    monkeypatch.setattr("contentlib.access.guessing.sleep", sleep)
    info = {"published": True, "authentication_method": "BASIC", "password": "s3cret"}
    published = await robin.app.library("published", publish_info=info)
    await robin.permit("Administrator", published)
    path = f"/cls/vcsp/lib/{published}/lib.json"
    for headers in ({"authorization": f"Bearer {robin.secret}"}, {"vmware-api-session-id": KNOWN_TOKEN}, {}):
        assert (await robin.app.client.get(path, headers={TOKEN: "", **headers})).status_code == 401
    for user in (("robin", robin.secret), ("vcsp", robin.secret)):
        assert (await robin.app.client.get(path, headers={TOKEN: ""}, auth=httpx.BasicAuth(*user))).status_code == 401
    right = httpx.BasicAuth("vcsp", "s3cret")
    assert (await robin.app.client.get(path, headers={TOKEN: ""}, auth=right)).status_code == 200


async def test_a_library_that_is_not_published_is_hidden_from_subscribers(robin: Robin) -> None:
    """Also from a user who may read it."""
    path = "/cls/vcsp/lib/{}/{}"
    for rest in ("lib.json", "items.json", f"{robin.own_item}/a.iso"):
        hidden = await robin.people.as_user("GET", path.format(robin.own, rest), robin.secret)
        unknown = await robin.people.as_user("GET", path.format("0" * 8, rest), robin.secret)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.text.replace(robin.own, "0" * 8) == unknown.text
