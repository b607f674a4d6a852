"""Tests filters, updates of properties, and list views."""

from __future__ import annotations

import asyncio

import pytest
from lxml import etree

from contentlib.safe_xml import local
from vim.soap import COLLECTOR, ROOT, Heard, Soap, Target, first, objects, properties, reference
from whole import HandClock

VIEWS = ("ViewManager", "ViewManager")
SESSIONS = ("SessionManager", "SessionManager")
NOW = "<options><maxWaitSeconds>0</maxWaitSeconds></options>"
CLOCK = properties("ServiceInstance", "serverClock") + objects(("ServiceInstance", "ServiceInstance"))


async def made(soap: Soap, method: str, target: Target, arguments: str = "") -> Target:
    """The object that a method returns."""
    (found,) = (await soap.call(method, target, arguments)).all("returnval")
    return str(found.get("type")), str(found.text)


async def filtering(soap: Soap, *specs: str) -> Target:
    """A new collector with filters."""
    collector = await made(soap, "CreatePropertyCollector", COLLECTOR)
    for spec in specs:
        await made(soap, "CreateFilter", collector, f"<spec>{spec}</spec><partialUpdates>false</partialUpdates>")
    return collector


async def wait(soap: Soap, collector: Target, version: str = "", options: str = NOW) -> Heard:
    return await soap.call("WaitForUpdatesEx", collector, f"<version>{version}</version>{options}")


def changes(heard: Heard) -> dict[str, dict[str, str]]:
    """What an update set reports: kind and object -> property -> text."""
    return {
        f"{first(each, 'kind').text} {first(each, 'obj').text}": {
            str(first(one, "name").text): str(first(one, "val").text) for one in each if local(one) == "changeSet"
        }
        for each in heard.all("objectSet")
    }


def version(heard: Heard) -> str:
    return heard.texts("version")[0]


async def test_the_first_update_has_everything_that_is_selected(soap: Soap) -> None:
    collector = await filtering(soap, properties("Folder", "name") + objects(ROOT))
    assert changes(await wait(soap, collector)) == {"enter group-d1": {"name": "Datacenters"}}


async def test_nothing_is_reported_before_something_changes(soap: Soap, clock: HandClock) -> None:
    collector = await filtering(soap, CLOCK)
    known = version(await wait(soap, collector))
    assert (await wait(soap, collector, known)).all("returnval") == []
    clock.pass_seconds(1)
    assert changes(await wait(soap, collector, known)) == {
        "modify ServiceInstance": {"serverClock": "2023-11-14T22:13:21.000Z"}
    }


async def test_a_wait_ends_with_the_change(soap: Soap, clock: HandClock) -> None:
    collector = await filtering(soap, CLOCK)
    known = version(await wait(soap, collector))
    waiting = asyncio.create_task(wait(soap, collector, known, ""))
    assert not (await asyncio.wait([waiting], timeout=0.2))[0]
    clock.pass_seconds(1)
    assert list(changes(await waiting)) == ["modify ServiceInstance"]


async def test_filters_belong_to_their_collector_and_session(soap: Soap) -> None:
    collector = await filtering(soap, CLOCK)
    assert (await wait(soap, await filtering(soap))).all("returnval") == []
    assert (await wait(soap, COLLECTOR)).all("returnval") == []
    soap.token = (await soap.app.login()).json()["value"]
    assert (await wait(soap, collector)).all("returnval") == []
    soap.token = None
    assert (await wait(soap, collector)).fault[0] == "NotAuthenticated"


async def test_filters_are_destroyed(soap: Soap) -> None:
    collector = await filtering(soap, CLOCK, properties("Folder", "name") + objects(ROOT))
    (first_one, second) = (await wait(soap, collector)).texts("filter")
    await soap.call("DestroyPropertyFilter", ("PropertyFilter", first_one))
    assert list(changes(await wait(soap, collector))) == ["enter group-d1"]
    again = await soap.call("DestroyPropertyFilter", ("PropertyFilter", first_one))
    assert again.fault[0] == "ManagedObjectNotFound"
    assert (await wait(soap, collector)).texts("filter") == [second]
    await soap.call("DestroyPropertyCollector", collector)
    assert (await wait(soap, collector)).all("returnval") == []


@pytest.mark.parametrize("spec", ["<propSet>x</propSet>" * 500, "<objectSet/>"])
async def test_a_filter_must_be_small_and_well_formed(soap: Soap, spec: str) -> None:
    collector = await filtering(soap)
    assert (await soap.call("CreateFilter", collector, f"<spec>{spec}</spec>")).fault[0] == "InvalidArgument"
    assert (await soap.call("CreateFilter", collector)).fault[0] == "InvalidArgument"


async def test_a_collector_has_few_filters(soap: Soap) -> None:
    collector = await filtering(soap, *[CLOCK] * 8)
    assert (await soap.call("CreateFilter", collector, f"<spec>{CLOCK}</spec>")).fault[0] == "InvalidArgument"


# list views


async def test_a_list_view_has_its_objects(soap: Soap) -> None:
    listed = [("Datastore", "datastore-8"), ROOT]
    view = await made(soap, "CreateListView", VIEWS, "".join(reference("obj", each) for each in listed))
    (value,) = (await soap.call("Fetch", view, "<prop>view</prop>")).all("returnval")
    assert [(each.get("type"), each.text) for each in value] == listed
    selection = '<selectSet xsi:type="TraversalSpec"><type>ListView</type><path>view</path></selectSet>'
    heard = await soap.collect(properties("Datastore", "name") + objects(view, selection, skip=True))
    assert heard.objects() == {("Datastore", "datastore-8"): {"name": "archive"}}
    assert (await soap.call("DestroyView", view)).status == 200


async def test_a_list_view_has_objects_that_are_there(soap: Soap) -> None:
    refused = await soap.call("CreateListView", VIEWS, reference("obj", ("Datastore", "datastore-99")))
    assert refused.fault[0] == "ManagedObjectNotFound"
    many = await soap.call("CreateListView", VIEWS, reference("obj", ROOT) * 1001)
    assert many.fault[0] == "InvalidArgument"
    assert (await soap.call("Fetch", ("ListView", "list-x"), "<prop>view</prop>")).fault[0] == "ManagedObjectNotFound"


async def test_nothing_is_left_of_an_envelope(soap: Soap) -> None:
    """A filter is kept without what was around it."""
    collector = await filtering(soap, CLOCK)
    assert etree.tostring((await wait(soap, collector)).body).count(b"serverClock") == 1
