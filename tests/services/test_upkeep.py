"""Maintenance of libraries, as their callers see it."""

from __future__ import annotations

from whole import Whole


async def test_a_library_says_that_it_is_in_maintenance_and_why(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library)
    await app.fill(item, a_iso=b"one")
    assert (await app.send("POST", f"/api/content/library/{library}?action=enter-maintenance")).status_code == 204
    found = await app.rest("GET", f"/library/id:{library}")
    message = "changes were stopped by administrator@vsphere.local"
    assert found["state_info"] == {"state": "MAINTENANCE", "message": message}
    refused = await app.refusal("DELETE", f"/library/item/id:{item}")
    assert refused[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert message in refused[2]
    assert await app.content(item) == {"a.iso": b"one"}
    await app.rest("POST", f"/library/id:{library}?~action=exit-maintenance")
    assert (await app.rest("GET", f"/library/id:{library}"))["state_info"] == {"state": "ACTIVE"}
    await app.rest("DELETE", f"/library/item/id:{item}")


async def test_an_update_session_hears_of_maintenance_what_it_hears_of_another_session(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library)
    await app.rest("POST", f"/library/id:{library}?~action=enter-maintenance")
    spec = {"create_spec": {"library_item_id": item}}
    refused = await app.refusal("POST", "/library/item/update-session", spec)
    assert refused[1] in ("NOT_ALLOWED_IN_CURRENT_STATE", "RESOURCE_BUSY")
    assert "in MAINTENANCE" in refused[2]


async def test_maintenance_that_is_there_or_not_is_not_allowed_in_current_state(app: Whole) -> None:
    path = f"/library/id:{await app.library()}?~action="
    assert (await app.refusal("POST", path + "exit-maintenance"))[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    await app.rest("POST", path + "enter-maintenance")
    assert (await app.refusal("POST", path + "enter-maintenance"))[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
