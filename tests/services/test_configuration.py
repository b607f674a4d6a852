"""com.vmware.content.configuration, .type and com.vmware.cis.session, as their callers see them."""

from __future__ import annotations

import pytest

from services.declared import CONTRACT
from whole import SESSION, HandClock, Whole

CONFIGURATION = "/api/content/configuration"


async def test_every_value_is_there_with_what_it_may_be(app: Whole) -> None:
    found = (await app.send("GET", CONFIGURATION)).json()
    use = CONTRACT["field_use"]["com.vmware.content.configuration_model"]
    assert set(found) == {field for field, when in use.items() if when["result"] == "always"}
    assert found["transfer_threads_pool_size"] == 20
    assert found["transfer_threads_pool_size_setting"] == {
        "name": "transfer_threads_pool_size",
        "reboot_required": True,
        "constraints": [{"MIN_INCLUSIVE": "1"}, {"MAX_INCLUSIVE": "1000"}],
    }
    assert found["automatic_sync_enabled_setting"]["constraints"] == [{"ENUMERATION": "true"}, {"ENUMERATION": "false"}]


async def test_what_is_given_is_changed_and_the_rest_stays(app: Whole) -> None:
    before = (await app.send("GET", CONFIGURATION)).json()
    change = {"automatic_sync_enabled": False, "automatic_sync_start_hour": 0}
    assert (await app.send("PATCH", CONFIGURATION, change)).status_code == 204
    assert (await app.send("GET", CONFIGURATION)).json() == {**before, **change}


async def test_a_value_out_of_its_range_changes_nothing(app: Whole) -> None:
    before = (await app.send("GET", CONFIGURATION)).json()
    change = {"automatic_sync_start_hour": 1, "automatic_sync_stop_hour": 24}
    answer = await app.send("PATCH", CONFIGURATION, change)
    assert answer.status_code == 400
    assert answer.json()["messages"][0]["default_message"] == "model.automatic_sync_stop_hour must be between 0 and 23, not 24"
    assert (await app.send("GET", CONFIGURATION)).json() == before


async def test_the_types_that_the_server_knows_are_listed(app: Whole) -> None:
    found = await app.rest("GET", "/type")
    assert {each["type"] for each in found} == {"ovf", "iso"}


async def test_a_session_tells_whose_it_is_and_when_it_was_used(app: Whole, clock: HandClock) -> None:
    clock.pass_seconds(60)
    found = (await app.send("GET", SESSION)).json()["value"]
    assert found == {
        "user": "administrator@vsphere.local",
        "created_time": "2023-11-14T22:13:20.000Z",
        "last_accessed_time": "2023-11-14T22:14:20.000Z",
    }


@pytest.mark.parametrize(("path", "status"), [(SESSION, 200), ("/api/session", 204)])
async def test_a_session_that_was_ended_opens_nothing_more(app: Whole, path: str, status: int) -> None:
    assert (await app.send("DELETE", path)).status_code == status
    assert (await app.send("GET", "/api/content/library")).status_code == 401
