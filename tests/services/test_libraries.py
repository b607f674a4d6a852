"""com.vmware.content.library and .local_library, as their callers see them."""

from __future__ import annotations

from typing import Any

import pytest

from contentlib.library.packages.policies import OVF_DEFAULT
from whole import HandClock, Whole

LOCAL = "/local-library"
BASIC = {"published": True, "authentication_method": "BASIC", "password": "secret"}


async def test_a_new_library_has_every_field_that_results_always_have(app: Whole) -> None:
    library = await app.library(description="of the lab")
    found = await app.rest("GET", f"/library/id:{library}")
    guid = found.pop("server_guid")
    publish_url = found["publish_info"].pop("publish_url")
    assert found == {
        "configuration_info": {"apply_library_usage_to_items": False},
        "creation_time": "2023-11-14T22:13:20.000Z",
        "description": "of the lab",
        "id": library,
        "last_modified_time": "2023-11-14T22:13:20.000Z",
        "name": "lab",
        "optimization_info": {"optimize_remote_publishing": False},
        "publish_info": {"authentication_method": "NONE", "persist_json_enabled": False, "published": False},
        "state_info": {"state": "ACTIVE"},
        "storage_backings": [{"datastore_id": "datastore-1", "type": "DATASTORE"}],
        "type": "LOCAL",
        "version": "1",
    }
    assert len(guid) == 36
    assert publish_url == f"https://lib.example/cls/vcsp/lib/{library}/lib.json"


@pytest.mark.parametrize("address", ["/local-library", "/library"])
async def test_a_name_that_another_library_has_already_exists(app: Whole, address: str) -> None:
    library, other = await app.library("lab"), await app.library("other")
    told = f"'LAB' is already used by library {library}"
    created = await app.refusal("POST", LOCAL, {"create_spec": {"name": "LAB"}})
    assert created == (400, "ALREADY_EXISTS", f"create_spec.name {told}")
    updated = await app.refusal("PATCH", f"{address}/id:{other}", {"update_spec": {"name": "LAB"}})
    assert updated == (400, "ALREADY_EXISTS", f"update_spec.name {told}")


async def test_fields_that_create_does_not_use_are_ignored(app: Whole) -> None:
    unused: dict[str, Any] = {
        "id": "mine",
        "creation_time": "2015-01-01T22:13:05.651Z",
        "last_modified_time": "2015-01-01T22:13:05.651Z",
        "last_sync_time": "2015-01-01T22:13:05.651Z",
        "type": "SUBSCRIBED",
        "version": "17",
        "state_info": {"state": "MAINTENANCE", "message": "no"},
        "server_guid": "elsewhere",
        "subscription_info": {"subscription_url": "https://example.org/lib.json"},
        "publish_info": {"published": False, "authentication_method": "NONE", "publish_url": "https://example.org"},
        "no_such_field": [1],
    }
    library = await app.library(**unused)
    found = await app.rest("GET", f"/library/id:{library}")
    assert (found["id"], found["type"], found["version"], found["state_info"]) == (library, "LOCAL", "1", {"state": "ACTIVE"})
    assert found["creation_time"] == "2023-11-14T22:13:20.000Z"
    assert "subscription_info" not in found
    assert "last_sync_time" not in found


async def test_what_create_takes_comes_back(app: Whole) -> None:
    given: dict[str, Any] = {
        "optimization_info": {"optimize_remote_publishing": True},
        "configuration_info": {"apply_library_usage_to_items": True},
        "security_policy_id": OVF_DEFAULT.id,
    }
    found = await app.rest("GET", f"{LOCAL}/id:{await app.library(**given)}")
    assert {name: found[name] for name in given} == given


@pytest.mark.parametrize(
    ("spec", "kind", "text"),
    [
        ({}, "INVALID_ARGUMENT", "create_spec.name is required"),
        (
            {"name": "lab", "storage_backings": [{"type": "DATASTORE", "datastore_id": "nowhere"}]},
            "INVALID_ARGUMENT",
            "create_spec.storage_backings.1.datastore_id: unknown storage 'nowhere'; available: datastore-1",
        ),
        (
            {"name": "lab", "storage_backings": [{"type": "DATASTORE"}]},
            "INVALID_ARGUMENT",
            "create_spec.storage_backings.1.datastore_id is required for a DATASTORE backing",
        ),
        (
            {"name": "lab", "storage_backings": 2 * [{"type": "DATASTORE", "datastore_id": "datastore-1"}]},
            "UNSUPPORTED",
            "create_spec.storage_backings has 2 backings; a library has exactly one",
        ),
        (
            {"name": "lab", "storage_backings": [{"type": "OTHER", "storage_uri": "nfs://host/path"}]},
            "UNSUPPORTED",
            "unsupported type OTHER in create_spec.storage_backings.1.type; only DATASTORE is supported",
        ),
        (
            {"name": "lab", "publish_info": {"published": True, "authentication_method": "BASIC"}},
            "INVALID_ARGUMENT",
            "create_spec.publish_info.password must not be empty for BASIC authentication",
        ),
        (
            {"name": "lab", "publish_info": {**BASIC, "user_name": "robin"}},
            "INVALID_ARGUMENT",
            "create_spec.publish_info.user_name must be 'vcsp' or unset, not 'robin'",
        ),
    ],
)
async def test_a_library_that_cannot_be_is_refused_with_the_field(
    app: Whole, spec: dict[str, object], kind: str, text: str
) -> None:
    assert await app.refusal("POST", LOCAL, {"create_spec": spec}) == (400, kind, text)
    assert await app.rest("GET", "/library") == []


@pytest.mark.parametrize("service", ["/library", LOCAL])
async def test_an_update_changes_what_is_given_and_counts_it(app: Whole, clock: HandClock, service: str) -> None:
    library = await app.library(description="old")
    before = await app.rest("GET", f"/library/id:{library}")
    clock.pass_seconds(60)
    await app.rest("PATCH", f"{service}/id:{library}", {"update_spec": {"name": "Lab 2", "version": "1"}})
    after = await app.rest("GET", f"/library/id:{library}")
    assert after == {**before, "name": "Lab 2", "version": "2", "last_modified_time": "2023-11-14T22:14:20.000Z"}


@pytest.mark.parametrize("service", ["/library", LOCAL])
async def test_fields_that_update_does_not_use_are_ignored(app: Whole, service: str) -> None:
    library = await app.library()
    before = await app.rest("GET", f"/library/id:{library}")
    unused: dict[str, Any] = {
        "id": "mine",
        "creation_time": "2015-01-01T22:13:05.651Z",
        "type": "SUBSCRIBED",
        "server_guid": "elsewhere",
        "storage_backings": [{"type": "DATASTORE", "datastore_id": "nowhere"}],
        "state_info": {"state": "MAINTENANCE"},
        "optimization_info": {"optimize_remote_publishing": True},
    }
    await app.rest("PATCH", f"{service}/id:{library}", {"update_spec": unused})
    assert await app.rest("GET", f"/library/id:{library}") == before


@pytest.mark.parametrize(("service", "kind"), [("/library", "INVALID_ARGUMENT"), (LOCAL, "CONCURRENT_CHANGE")])
async def test_an_update_of_an_older_version_is_refused(app: Whole, service: str, kind: str) -> None:
    library = await app.library()
    await app.rest("PATCH", f"{service}/id:{library}", {"update_spec": {"name": "Lab 2"}})
    refusal = await app.refusal("PATCH", f"{service}/id:{library}", {"update_spec": {"name": "Lab 3", "version": "1"}})
    assert refusal == (400, kind, f"library {library} is at version 2, not 1")


async def test_the_publishing_is_changed_by_the_local_service_only(app: Whole) -> None:
    library = await app.library()
    spec = {"update_spec": {"publish_info": {"published": True, "authentication_method": "NONE"}}}
    await app.rest("PATCH", f"/library/id:{library}", spec)
    assert (await app.rest("GET", f"/library/id:{library}"))["publish_info"]["published"] is False
    await app.rest("PATCH", f"{LOCAL}/id:{library}", spec)
    assert (await app.rest("GET", f"/library/id:{library}"))["publish_info"]["published"] is True


@pytest.mark.parametrize("current", [None, "wrong"])
async def test_a_password_is_changed_by_who_knows_it(app: Whole, current: str | None) -> None:
    library = await app.library(publish_info=BASIC)
    change = {"password": "new"} | ({} if current is None else {"current_password": current})
    status, kind, text = await app.refusal("PATCH", f"{LOCAL}/id:{library}", {"update_spec": {"publish_info": change}})
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert text.startswith("update_spec.publish_info.current_password")
    await app.rest(
        "PATCH", f"{LOCAL}/id:{library}", {"update_spec": {"publish_info": {**change, "current_password": "secret"}}}
    )


async def test_a_security_policy_can_be_taken_away(app: Whole) -> None:
    library = await app.library(security_policy_id=OVF_DEFAULT.id)
    await app.rest("PATCH", f"{LOCAL}/id:{library}", {"update_spec": {"unset_security_policy_id": True}})
    assert "security_policy_id" not in await app.rest("GET", f"/library/id:{library}")


@pytest.mark.parametrize("service", ["/library", LOCAL])
@pytest.mark.parametrize("action", ["", "?~action=force-delete"])
async def test_a_deleted_library_is_gone_with_its_items(app: Whole, service: str, action: str) -> None:
    item = await app.item()
    library = (await app.rest("GET", f"/library/item/id:{item}"))["library_id"]
    await app.rest("POST" if action else "DELETE", f"{service}/id:{library}{action}")
    assert await app.rest("GET", "/library") == await app.rest("GET", LOCAL) == []
    assert await app.refusal("GET", f"/library/item/id:{item}") == (404, "NOT_FOUND", f"library item '{item}' does not exist")


async def test_deleting_a_library_ends_the_update_sessions_in_it(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    library = (await app.rest("GET", f"/library/item/id:{item}"))["library_id"]
    await app.rest("DELETE", f"/library/id:{library}")
    found = await app.rest("GET", f"/library/item/update-session/id:{session}")
    assert (found["state"], found["error_message"]["default_message"]) == ("CANCELED", "library 'lab' was deleted")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("service", ["/library", LOCAL])
async def test_a_library_that_is_not_there_is_not_found(app: Whole, method: str, service: str) -> None:
    body = {"update_spec": {"name": "x"}} if method == "PATCH" else None
    assert await app.refusal(method, f"{service}/id:x", body) == (404, "NOT_FOUND", "library 'x' does not exist")


async def test_libraries_are_found_by_all_that_is_given(app: Whole, clock: HandClock) -> None:
    lab = await app.library("lab")
    clock.pass_seconds(1)
    attic = await app.library("attic")
    backing = {"type": "DATASTORE", "datastore_id": "datastore-1"}
    for spec, wanted in [
        ({"name": "LAB"}, [lab]),
        ({"type": "LOCAL"}, [lab, attic]),
        ({"type": "SUBSCRIBED"}, []),
        ({"storage_backing": backing}, [lab, attic]),
        ({"storage_backing": {**backing, "datastore_id": "datastore-2"}}, []),
        ({"name": "attic", "type": "LOCAL", "storage_backing": backing}, [attic]),
        ({"name": "attic", "type": "SUBSCRIBED"}, []),
    ]:
        assert await app.rest("POST", "/library?~action=find", {"spec": spec}) == wanted, spec


async def test_a_search_for_nothing_is_refused(app: Whole) -> None:
    text = "spec must set at least one property to search by"
    assert await app.refusal("POST", "/library?~action=find", {"spec": {}}) == (400, "INVALID_ARGUMENT", text)


async def test_a_library_that_is_not_published_is_not_published_to_anybody(app: Whole) -> None:
    library = await app.library()
    text = f"library {library} is not published"
    assert await app.refusal("POST", f"{LOCAL}/id:{library}?~action=publish") == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)


async def test_a_published_library_without_subscriptions_is_published_to_nobody(app: Whole) -> None:
    library = await app.library(publish_info=BASIC)
    await app.rest("POST", f"{LOCAL}/id:{library}?~action=publish")
    unknown = {"subscriptions": [{"subscription": "s"}]}
    text = f"subscriptions.1.subscription: library {library} has no subscription 's'"
    assert await app.refusal("POST", f"{LOCAL}/id:{library}?~action=publish", unknown) == (400, "INVALID_ARGUMENT", text)


async def test_a_local_library_is_not_converted(app: Whole) -> None:
    library = await app.library()
    spec = {"conversion_spec": {"conversion_type": "TO_PUBLISHED_LIBRARY"}}
    text = f"library {library} is LOCAL, not SUBSCRIBED"
    assert await app.refusal("POST", f"/library/id:{library}?~action=convert", spec) == (400, "INVALID_ELEMENT_TYPE", text)
