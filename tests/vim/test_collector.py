"""Filters walk where they say, come to an end, and read what is there."""

from __future__ import annotations

import pytest

from contentlib.vim.objects import View
from vim.conftest import STORAGES
from vim.soap import COLLECTOR, FOLDER_TO_CHILDREN, ROOT, Soap, Target, objects, properties, reference

DATACENTER = ("Datacenter", "datacenter-1")
STORES = [("Datastore", key) for key in STORAGES]
CENTER_TO_STORES = '<selectSet xsi:type="TraversalSpec"><type>Datacenter</type><path>datastore</path>{}</selectSet>'
DOWN = FOLDER_TO_CHILDREN.format(CENTER_TO_STORES.format(""))


async def test_one_object_is_read(soap: Soap) -> None:
    heard = await soap.collect(properties("Datastore", "name", "summary.type") + objects(STORES[0]))
    assert heard.objects() == {STORES[0]: {"name": "fast disks", "summary.type": "NFS"}}


async def test_a_property_of_a_base_type_is_read_of_its_heirs(soap: Soap) -> None:
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(ROOT, DOWN))
    assert list(heard.objects()) == [ROOT, DATACENTER, *STORES]


async def test_an_object_that_is_skipped_is_walked_from_and_not_read(soap: Soap) -> None:
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(ROOT, DOWN, skip=True))
    assert list(heard.objects()) == [DATACENTER, *STORES]


async def test_a_traversal_that_skips_reads_only_what_comes_after_it(soap: Soap) -> None:
    skipping = FOLDER_TO_CHILDREN.format("<skip>true</skip>" + CENTER_TO_STORES.format(""))
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(ROOT, skipping, skip=True))
    assert list(heard.objects()) == STORES


async def test_a_named_traversal_is_found_from_deeper_and_from_higher_up(soap: Soap) -> None:
    """The classic filter that goes down all folders: each traversal names the others."""
    named = (
        '<selectSet xsi:type="TraversalSpec"><name>down</name><type>Folder</type><path>childEntity</path>'
        "<selectSet><name>down</name></selectSet><selectSet><name>stores</name></selectSet></selectSet>"
        '<selectSet xsi:type="TraversalSpec"><name>stores</name><type>Datacenter</type><path>datastoreFolder</path>'
        "<selectSet><name>down</name></selectSet></selectSet>"
    )
    heard = await soap.collect(properties("Datastore", "name") + objects(ROOT, named))
    assert [found["name"] for found in heard.objects().values()] == list(STORAGES.values())


async def test_a_name_that_no_traversal_has_is_an_invalid_argument(soap: Soap) -> None:
    heard = await soap.collect(properties("Folder", "name") + objects(ROOT, "<selectSet><name>up</name></selectSet>"))
    assert heard.fault == ("InvalidArgument", "selectSet.name: this filter has no traversal 'up'")


async def test_a_selection_that_says_nothing_is_an_invalid_argument(soap: Soap) -> None:
    heard = await soap.collect(properties("Folder", "name") + objects(ROOT, "<selectSet/>"))
    assert heard.fault == ("InvalidArgument", "selectSet must be a traversal or the name of one")


async def test_a_filter_in_circles_comes_to_an_end_and_reads_each_object_once(soap: Soap) -> None:
    up = '<selectSet xsi:type="TraversalSpec"><name>up</name><type>ManagedEntity</type><path>parent</path>{}</selectSet>'
    circle = up.format("<selectSet><name>up</name></selectSet><selectSet><name>down</name></selectSet>")
    down = FOLDER_TO_CHILDREN.format("<selectSet><name>up</name></selectSet><selectSet><name>down</name></selectSet>")
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(STORES[0], circle + down))
    targets = list(heard.objects())
    assert len(targets) == len(set(targets)) == len(heard.all("objects"))
    assert {ROOT, DATACENTER, *STORES} <= set(targets)


async def test_a_chain_of_thousands_of_traversals_is_walked(soap: Soap) -> None:
    """No recursion: the chain is as long as the request."""
    count = 3000
    step = '<selectSet xsi:type="TraversalSpec"><name>t{0}</name><type>{2}</type><path>{3}</path>{1}</selectSet>'
    ways = [("ManagedEntity", "parent"), ("Folder", "childEntity")]
    chain = "".join(
        step.format(n, f"<selectSet><name>t{n + 1}</name></selectSet>" if n + 1 < count else "", *ways[n % 2])
        for n in range(count)
    )
    heard = await soap.collect(properties("Datastore", "name") + objects(STORES[0], chain))
    assert set(heard.objects()) == set(STORES)


async def test_several_filters_are_answered_one_after_the_other(soap: Soap) -> None:
    one = properties("Folder", "name") + objects(ROOT)
    other = properties("Datastore", "name") + objects(STORES[1]) + objects(STORES[2])
    heard = await soap.collect(one, other)
    assert list(heard.objects()) == [ROOT, STORES[1], STORES[2]]


async def test_several_property_sets_of_one_type_add_up(soap: Soap) -> None:
    heard = await soap.collect(
        properties("Datastore", "name") + properties("ManagedEntity", "overallStatus") + objects(STORES[0])
    )
    assert heard.objects() == {STORES[0]: {"name": "fast disks", "overallStatus": "green"}}


async def test_nothing_found_is_an_answer_without_a_value(soap: Soap) -> None:
    heard = await soap.collect(properties("VirtualMachine", "name") + objects(ROOT, DOWN))
    assert heard.all("returnval") == []


async def test_pages_hold_so_many_objects_and_a_token_until_the_last(soap: Soap) -> None:
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(ROOT, DOWN), most=2)
    pages = [list(heard.objects())]
    while tokens := heard.texts("token"):
        heard = await soap.call("ContinueRetrievePropertiesEx", COLLECTOR, f"<token>{tokens[0]}</token>")
        pages.append(list(heard.objects()))
    assert pages == [[ROOT, DATACENTER], STORES[:2], STORES[2:]]


async def test_retrieve_properties_knows_no_pages(soap: Soap) -> None:
    filters = f"<specSet>{properties('Datastore', 'name')}{objects(ROOT, DOWN)}</specSet>"
    heard = await soap.call("RetrieveProperties", COLLECTOR, filters)
    assert list(heard.objects()) == STORES


@pytest.mark.parametrize("token", ["", "x", "1.2", "-1.1.eJwDAAAAAAE=", "0.0.!", "0.1.eJwDAAAAAAE=", "0.1.AAAA", "1e9.1.AAAA"])
async def test_a_token_that_is_none_is_an_invalid_argument(soap: Soap, token: str) -> None:
    heard = await soap.call("ContinueRetrievePropertiesEx", COLLECTOR, f"<token>{token}</token>")
    assert heard.fault == ("InvalidArgument", "token was not issued by this server")


@pytest.mark.parametrize("most", ["0", "-1", "many", "9999999999"])
async def test_no_useful_limit_is_no_limit(soap: Soap, most: str) -> None:
    filters = f"<specSet>{properties('Datastore', 'name')}{objects(ROOT, DOWN)}</specSet>"
    options = f"<options><maxObjects>{most}</maxObjects></options>"
    heard = await soap.call("RetrievePropertiesEx", COLLECTOR, filters + options)
    assert (list(heard.objects()), heard.texts("token")) == (STORES, [])


@pytest.mark.parametrize("path", ["nope", "summary.nope", "name.length", "summary.type.x", "datastore[0]", ""])
async def test_a_property_that_is_none_is_named(soap: Soap, path: str) -> None:
    heard = await soap.collect(properties("Datastore", path) + objects(STORES[0]))
    assert heard.fault == ("InvalidProperty", f"type Datastore has no property '{path}'")
    assert [each.text for each in heard.body.iter("{urn:vim25}name")] == [path or None]


@pytest.mark.parametrize("path", ["iormConfiguration", "info.timestamp", "info.timestamp.x", "capability.upitSupported"])
async def test_a_property_that_is_not_set_is_left_out(soap: Soap, path: str) -> None:
    heard = await soap.collect(properties("Datastore", "name", path) + objects(STORES[0]))
    assert heard.objects() == {STORES[0]: {"name": "fast disks"}}


@pytest.mark.parametrize(
    "target", [("Datastore", "datastore-1"), ("VirtualMachine", "vm-1"), ("Folder", "datastore-7"), ("ContainerView", "view-x")]
)
async def test_an_object_that_is_not_there_is_named(soap: Soap, target: Target) -> None:
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(target))
    kind, sentence = heard.fault
    assert (kind, f"'{target[0]}:{target[1]}'" in sentence) == ("ManagedObjectNotFound", True)


@pytest.mark.parametrize("broken", ["<objectSet/>", "<objectSet><obj>group-d1</obj></objectSet>"])
async def test_an_object_without_its_type_is_an_invalid_argument(soap: Soap, broken: str) -> None:
    heard = await soap.collect(properties("Folder", "name") + broken)
    assert heard.fault == ("InvalidArgument", "objectSet.obj must be a reference to a managed object, with its type")


@pytest.mark.parametrize(
    ("types", "recursive", "found"),
    [
        (["Datastore"], True, STORES),
        (["Datastore"], False, []),
        (["Datacenter", "Datastore"], True, [DATACENTER, *STORES]),
        (["VirtualMachine"], True, []),
        ([], False, [DATACENTER]),
    ],
)
async def test_a_container_view_holds_what_it_was_made_for(
    soap: Soap, types: list[str], recursive: bool, found: list[Target]
) -> None:
    wanted = "".join(f"<type>{each}</type>" for each in types)
    arguments = f"{reference('container', ROOT)}{wanted}<recursive>{str(recursive).lower()}</recursive>"
    (made,) = (await soap.call("CreateContainerView", ("ViewManager", "ViewManager"), arguments)).all("returnval")
    view = (str(made.get("type")), str(made.text))
    seen = '<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path></selectSet>'
    heard = await soap.collect(properties("ManagedEntity", "name") + objects(view, seen, skip=True))
    assert list(heard.objects()) == found
    assert (await soap.call("DestroyView", view)).status == 200


async def test_a_view_of_nothing_is_refused(soap: Soap) -> None:
    arguments = f"{reference('container', ('Folder', 'group-d9'))}<recursive>true</recursive>"
    heard = await soap.call("CreateContainerView", ("ViewManager", "ViewManager"), arguments)
    assert heard.fault[0] == "ManagedObjectNotFound"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Datacenter/datastore/archive", "datastore-8"),
        ("/Datacenter/datastore/nas%2f1", "datastore-9"),
        ("Datacenter/vm/", "group-v1"),
        ("/", "group-d1"),
        ("", "group-d1"),
        ("Datacenter/datastore/nas/1", None),
        ("nowhere", None),
    ],
)
async def test_a_path_of_the_inventory_leads_to_an_object(soap: Soap, path: str, found: str | None) -> None:
    heard = await soap.call("FindByInventoryPath", ("SearchIndex", "SearchIndex"), f"<inventoryPath>{path}</inventoryPath>")
    assert heard.texts("returnval") == ([found] if found else [])


async def test_a_view_that_a_client_has_made_up_is_not_there(soap: Soap) -> None:
    view = View("group-d9", "Folder", (), recursive=True).reference()
    seen = '<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>container</path></selectSet>'
    heard = await soap.collect(properties("ManagedEntity", "name") + objects((view.type, view.id), seen, skip=True))
    assert heard.fault[0] == "ManagedObjectNotFound"


# bounds

TOO_MANY = ("InvalidArgument", "specSet: the filters lead through more than 50000 objects and values")


def made_up(number: int) -> list[Target]:
    """Container views, which nobody has created."""
    views = (View(ROOT[1], ROOT[0], (str(n),), recursive=True).reference() for n in range(number))
    return [(each.type, each.id) for each in views]


async def test_many_objects_with_many_property_sets_are_refused(soap: Soap) -> None:
    sets = "".join(properties("ContainerView", "recursive") for _ in range(1000))
    heard = await soap.collect(sets + "".join(objects(each) for each in made_up(1000)))
    assert heard.fault == TOO_MANY


async def test_values_that_are_read_again_and_again_are_refused(soap: Soap) -> None:
    """Filter after filter: their values are more than the request that asks for them."""
    spec = properties("ServiceInstance", "content") + objects(("ServiceInstance", "ServiceInstance"))
    assert len((await soap.collect(*[spec] * 100)).all("objects")) == 100
    assert (await soap.collect(*[spec] * 3000)).fault == TOO_MANY


@pytest.mark.parametrize(("number", "status"), [(50, 200), (150, 500)])
async def test_traversals_that_all_lead_to_all_others_are_refused_if_they_are_many(
    soap: Soap, number: int, status: int
) -> None:
    names = "".join(f"<selectSet><name>t{n}</name></selectSet>" for n in range(number))
    step = '<selectSet xsi:type="TraversalSpec"><name>t{}</name><type>ManagedEntity</type><path>parent</path>{}</selectSet>'
    ways = "".join(step.format(n, names) for n in range(number))
    heard = await soap.collect(properties("Datastore", "name") + objects(STORES[0], ways))
    assert heard.status == status
    assert status == 200 or heard.fault == TOO_MANY


@pytest.mark.parametrize("types", [["X"] * 65, ["X" * 81]])
async def test_a_view_has_not_too_many_types(soap: Soap, types: list[str]) -> None:
    arguments = reference("container", ROOT) + "".join(f"<type>{each}</type>" for each in types)
    heard = await soap.call("CreateContainerView", ("ViewManager", "ViewManager"), f"{arguments}<recursive>true</recursive>")
    assert heard.fault == ("InvalidArgument", "type must have at most 64 types of 80 characters")
    made = View(ROOT[1], ROOT[0], tuple(types), recursive=True).reference()
    heard = await soap.call("Fetch", (made.type, made.id), "<prop>view</prop>")
    assert heard.fault[0] == "ManagedObjectNotFound"
