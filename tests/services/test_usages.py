"""com.vmware.content.library.usages, as its callers see it."""

from __future__ import annotations

import pytest

from whole import Whole

VM = {"resource_urn": "urn:vmomi:vm:vm-12"}


async def test_a_usage_is_added_read_and_removed(app: Whole) -> None:
    usages = f"/api/content/library/{await app.library()}/usages"
    answer = await app.send("POST", usages, VM)
    assert answer.status_code == 201, answer.text
    usage = answer.json()
    assert (await app.send("GET", usages)).json() == {"library_usage_list": [{**VM, "usage": usage}]}
    found = (await app.send("GET", f"{usages}/{usage}")).json()
    assert found == {**VM, "usage": usage, "addition_time": "2023-11-14T22:13:20.000Z"}
    assert (await app.send("DELETE", f"{usages}/{usage}")).status_code == 204
    assert (await app.send("GET", usages)).json() == {"library_usage_list": []}
    assert (await app.send("GET", f"{usages}/{usage}")).status_code == 404


@pytest.mark.parametrize("path", ["/library", "/local-library"])
async def test_a_library_in_use_is_deleted_by_force_only(app: Whole, path: str) -> None:
    library = await app.library()
    await app.send("POST", f"/api/content/library/{library}/usages", VM)
    refused = await app.refusal("DELETE", f"{path}/id:{library}")
    assert refused[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert VM["resource_urn"] in refused[2]
    await app.rest("POST", f"{path}/id:{library}?~action=force-delete")
    assert (await app.refusal("GET", f"/library/id:{library}"))[:2] == (404, "NOT_FOUND")


async def test_an_item_of_a_library_in_use_is_protected_where_it_says_so(app: Whole) -> None:
    library = await app.library(configuration_info={"apply_library_usage_to_items": True})
    item = await app.item(library=library)
    await app.send("POST", f"/api/content/library/{library}/usages", VM)
    refused = await app.refusal("DELETE", f"/library/item/id:{item}")
    assert refused[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert VM["resource_urn"] in refused[2]


async def test_a_second_declaration_is_already_exists(app: Whole) -> None:
    usages = f"/library/usages/id:{await app.library()}?~action=add"
    await app.rest("POST", usages, {"spec": VM})
    assert (await app.refusal("POST", usages, {"spec": VM}))[1] == "ALREADY_EXISTS"
    assert (await app.refusal("POST", usages, {"spec": {"resource_urn": "vm-12"}}))[1] == "INVALID_ARGUMENT"
