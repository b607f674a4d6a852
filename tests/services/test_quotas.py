"""Tests quotas of libraries and users through the whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from access.people import People
from whole import NAME, TOKEN, Whole, told

LIBRARY = "/api/contentlib/library/{}/quota"
FILES = "/library/item/updatesession/file/id:{}?~action=add"


@pytest.fixture
async def people(app: Whole) -> AsyncIterator[People]:
    yield People(app)


async def test_a_library_has_no_limits_until_they_are_set(app: Whole) -> None:
    library = await app.library()
    await app.fill(await app.item(library=library), a_txt=b"12345")
    nothing = {"id": library, "bytes": 5, "items": 1, "reserved_bytes": 0, "state": "NORMAL"}
    assert (await app.send("GET", LIBRARY.format(library))).json() == nothing
    spec = {"bytes_limit": 6, "items_limit": 1}
    assert (await app.send("PUT", LIBRARY.format(library), spec)).status_code == 204
    assert (await app.send("GET", LIBRARY.format(library))).json() == {**nothing, **spec, "state": "FULL"}
    assert (await app.send("GET", "/api/contentlib/library/quotas")).json() == [{**nothing, **spec, "state": "FULL"}]
    assert (await app.send("PUT", LIBRARY.format(library), {})).status_code == 204
    assert (await app.send("GET", LIBRARY.format(library))).json() == nothing


async def test_a_user_reads_the_own_quota_and_that_of_a_library_but_sets_neither(app: Whole, people: People) -> None:
    library = await app.library()
    name = await people.user("ann")
    await people.permit(name, "content user", library)
    _, secret = await people.token(name)
    assert (await people.as_user("GET", LIBRARY.format(library), secret)).status_code == 200
    assert (await people.as_user("PUT", LIBRARY.format(library), secret, {})).status_code == 403
    assert (await people.done("GET", f"/quotas/{name}", token=secret))["id"] == name
    assert (await people.ask("PUT", f"/quotas/{name}", {}, secret)).status_code == 403
    assert (await people.ask("GET", f"/quotas/{NAME}", None, secret)).status_code in (403, 404)
    assert (await people.ask("GET", "/quotas", None, secret)).status_code == 403


async def test_quotas_of_users_are_listed_and_refuse_more_items(app: Whole, people: People) -> None:
    await people.done("PUT", f"/quotas/{NAME}", {"items_limit": 1})
    library = await app.library()
    await app.item("first", library)
    spec = {"create_spec": {"name": "second", "library_id": library}}
    text = f"quota of user {NAME} is 1 items: 1 items exist, 1 more are needed"
    assert await app.refusal("POST", "/library/item", spec) == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)
    (found,) = await people.done("GET", "/quotas")
    assert (found["id"], found["items"], found["state"]) == (NAME, 1, "FULL")


@pytest.mark.parametrize("limits", [{"bytes_limit": -1}, {"items_limit": -1}])
async def test_a_negative_limit_is_refused(app: Whole, limits: dict[str, int]) -> None:
    status, kind, _ = told(await app.send("PUT", LIBRARY.format(await app.library()), limits))
    assert (status, kind) == (400, "INVALID_ARGUMENT")


async def test_unknown_libraries_and_users_have_no_quota(app: Whole, people: People) -> None:
    assert told(await app.send("PUT", LIBRARY.format("nothing"), {}))[:2] == (404, "NOT_FOUND")
    assert (await people.refusal("PUT", "/quotas/nobody", {}))[:2] == (404, "NOT_FOUND")


async def test_a_declared_file_and_one_that_comes_are_refused_with_the_same_sentence(app: Whole) -> None:
    library = await app.library()
    await app.send("PUT", LIBRARY.format(library), {"bytes_limit": 4})
    session = await app.session(await app.item(library=library))
    text = f"quota of library {library} is 4 bytes: 0 bytes are used or reserved, 5 more are needed"
    declared = await app.refusal("POST", FILES.format(session), {"file_spec": {"name": "a", "source_type": "PUSH", "size": 5}})
    assert declared == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)
    answer = await app.push(session, "a", b"12345")
    assert (answer.status_code, answer.text.strip()) == (507, text)
    assert (await app.push(session, "a", b"1234")).status_code == 200
    await app.complete(session)


async def test_bytes_that_no_header_announces_are_refused_while_they_come(app: Whole) -> None:
    library = await app.library()
    await app.send("PUT", LIBRARY.format(library), {"bytes_limit": 1_000_000})
    session = await app.session(await app.item(library=library))
    address = (await app.add(session, "a"))["upload_endpoint"]["uri"]

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(100_000)

    answer = await app.client.put(address, content=pieces(), headers={TOKEN: ""})
    assert answer.status_code == 507
    assert "is 1000000 bytes" in answer.text
    quota = (await app.send("GET", LIBRARY.format(library))).json()
    assert quota["reserved_bytes"] <= 1_000_000
    await app.rest("POST", f"/library/item/update-session/id:{session}?~action=cancel")
    assert (await app.send("GET", LIBRARY.format(library))).json()["reserved_bytes"] == 0


async def test_limits_are_figures_of_the_server(app: Whole) -> None:
    library = await app.library()
    await app.send("PUT", LIBRARY.format(library), {"bytes_limit": 10})
    await app.fill(await app.item(library=library), a_txt=b"12345678")
    text = (await app.client.get("/metrics")).text
    assert f'contentlib_quota_used_ratio{{owner="library:{library}",unit="bytes"}} 0.8' in text
    assert f'contentlib_quota_limit{{owner="library:{library}",unit="bytes"}} 10.0' in text
