"""govc's commands, by govmomi's own packages: what became of each step of one run."""

from __future__ import annotations

import hashlib
import json

import pytest

from clients.conftest import Journey
from clients.content import IMAGE, Content
from clients.program import Step
from clients.servers import DATASTORE, NAME, STORAGES

LIBRARY = "govc's library"
PULLED = ("pulled", "pulled archive", "pulled package", "pulled without HEAD")
DISK = {"disk1.vmdk": 256_000}
REFUSED = (
    "library.subscriber.ls of a private library",
    "library.subscriber.create of a private library",
    "library.subscriber.info of a private library",
    "library.subscriber.rm of a private library",
    "library.create -sub of nothing",
    "library.sync of a local library",
    "library.evict of a local item",
    "library.probe",
    "library.trust.create of nothing",
    "tags.category.create again",
    "tags.category.info of nothing",
    "tags.attach of a second one",
    "library.deploy",
    "library.clone -ovf",
)


def data(step: Step) -> object:
    """What a step that went well has found."""
    assert step.ok, step.error
    return step.data


def told(error: str) -> tuple[str, str]:
    """Status line and sentence of a refusal as govc shows it."""
    status, _, body = error.partition(": ")
    return status, json.loads(body)["value"]["messages"][0]["default_message"]


# logins and the inventory


def test_soap_says_what_it_is_as_tools_want_it(govc: Journey) -> None:
    about = data(govc["login by SOAP"])
    assert about == {
        "name": "VMware vCenter Server",
        "apiType": "VirtualCenter",
        "version": "8.0.3",
        "build": "24322831",
        "vendor": "contentlib",
    }


def test_the_rest_services_are_logged_in_to_with_a_header(govc: Journey) -> None:
    assert govc["login by REST"].ok, govc["login by REST"].error
    assert govc["login by REST"].calls == ["POST /rest/com/vmware/cis/session"]


def test_the_session_is_looked_at(govc: Journey) -> None:
    session = data(govc["session.ls"])
    assert isinstance(session, dict)
    assert session["user"] == NAME
    assert session["created_time"].endswith("Z")


def test_the_session_of_soap_is_looked_at(govc: Journey) -> None:
    assert data(govc["the session of SOAP"]) == {"user": NAME, "active": True}


def test_both_keep_alive_handlers_beat(govc: Journey) -> None:
    step = govc["keep-alive"]
    assert step.ok, step.error
    assert {"POST /rest/com/vmware/cis/session?~action=get", "CurrentTime"} <= set(step.calls)


def test_the_finder_finds_datacenter_and_datastore(govc: Journey) -> None:
    assert data(govc["finder"]) == {
        "datacenter": "/Datacenter",
        "folder": "/Datacenter/datastore",
        "datastores": len(STORAGES),
        "datastore": f"/Datacenter/datastore/{DATASTORE}",
        "again": f"/Datacenter/datastore/{DATASTORE}",
        "missing": "datastore 'nowhere' not found",
    }


def test_the_properties_of_a_datastore_are_read(govc: Journey) -> None:
    store = data(govc["datastore.info"])
    assert isinstance(store, dict)
    assert store.pop("capacity") > 0
    url = "ds:///vmfs/volumes/datastore-7/"
    assert store == {"name": DATASTORE, "type": "NFS", "accessible": True, "url": url, "parent": "group-s1"}


def test_a_container_view_lists_all_datastores(govc: Journey) -> None:
    assert data(govc["container view"]) == list(STORAGES.values())


def test_the_search_index_finds_by_path(govc: Journey) -> None:
    assert data(govc["search index"]) == "datastore-7"


def test_a_file_of_an_item_is_found_on_its_datastore(govc: Journey) -> None:
    assert data(govc["library.info -L"]) == ["disk1.vmdk"]


# libraries


def test_a_library_is_created_on_a_datastore(govc: Journey) -> None:
    assert len(str(data(govc["library.create"]))) == 36


def test_libraries_are_listed(govc: Journey) -> None:
    assert data(govc["library.ls"]) == [LIBRARY]


def test_everything_that_info_dereferences_is_set(govc: Journey) -> None:
    info = data(govc["library.info"])
    assert isinstance(info, dict)
    assert info.pop("created") <= info.pop("modified")
    assert info == {
        "path": f"/{LIBRARY}",
        "type": "LOCAL",
        "version": info["version"],
        "published": False,
        "authentication": "NONE",
        "json": False,
        "datastore": "datastore-7",
        "description": "by govc",
    }


def test_names_of_libraries_may_repeat_and_are_found_in_any_case(govc: Journey) -> None:
    assert data(govc["two libraries of one name"]) == 2


@pytest.mark.parametrize(
    "step",
    [
        "library.import of an ISO",
        "library.import of an OVF with its manifest",
        "library.import of an OVA",
        "an OVA that is sent as one file",
    ],
)
def test_an_import_is_done_when_complete_returns(govc: Journey, step: str) -> None:
    assert data(govc[step]) == "DONE"
    assert [call for call in govc[step].calls if call.endswith("~action=complete")]


@pytest.mark.parametrize("path", ["/image.iso", "/package/tiny.ovf", "/tiny.ova"])
def test_a_pull_is_done_when_the_session_is(govc: Journey, path: str) -> None:
    step = govc[f"library.import -pull of {path}"]
    assert data(step) == "DONE"
    assert [call.partition(" ")[0] for call in step.calls[2:5]] == ["HEAD", "POST", "POST"]


def test_a_source_that_answers_no_head_is_probed(govc: Journey) -> None:
    step = govc["library.import -pull of /no-head/image.iso"]
    assert data(step) == "DONE"
    assert any(call.endswith("updatesession/file?~action=probe") for call in step.calls)


def test_an_upload_needs_no_valid_token(govc: Journey) -> None:
    """govc before 0.21 sends the update session's identifier as if it were a token."""
    assert data(govc["upload with a token that is none"]) == "DONE"


def test_items_are_listed_with_all_that_is_dereferenced(govc: Journey) -> None:
    items = data(govc["library.ls of items"])
    assert isinstance(items, dict)
    kinds = {name: (item["type"], item["created"], item["modified"]) for name, item in items.items()}
    ovf = ("ovf", True, True)
    iso = ("iso", True, True)
    pulled = {"pulled": iso, "pulled without HEAD": iso, "pulled package": ovf, "pulled archive": ovf}
    assert kinds == {"image": iso, "old": ("", True, True), "tiny": ovf, "unpacked": ovf, "whole": ovf, **pulled}
    assert items["image"]["size"] == len(IMAGE)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/*", [""]),
        (f"/{LIBRARY}", [""]),
        (f"/{LIBRARY}/", [f"/{item}" for item in ("image", "old", *PULLED, "tiny", "unpacked", "whole")]),
        (f"/{LIBRARY}/tiny", ["/tiny"]),
        (f"/{LIBRARY}/TINY/disk1.vmdk", ["/tiny/disk1.vmdk"]),
        (f"/{LIBRARY}/*/*.vmdk", [f"/{item}/disk1.vmdk" for item in (*PULLED[1:3], "tiny", "unpacked", "whole")]),
    ],
)
def test_a_path_finds_libraries_items_and_files(govc: Journey, path: str, found: list[str]) -> None:
    paths = data(govc[f"finder {path}"])
    assert isinstance(paths, list)
    assert sorted(paths) == [f"/{LIBRARY}{each}" for each in found]


def test_a_library_is_found_by_its_identifier(govc: Journey) -> None:
    (step,) = [step for name, step in govc.items() if name.startswith("finder") and name.endswith("/image/*")]
    assert data(step) == [f"/{LIBRARY}/image/image.iso"]


def test_a_file_has_size_checksum_and_version(govc: Journey, content: Content) -> None:
    file = data(govc["library.item.file.info"])
    assert isinstance(file, dict)
    assert (file["size"], file["cached"]) == (DISK["disk1.vmdk"], True)
    assert file["algorithm"] == "SHA1"
    assert file["checksum"] == hashlib.sha1(content.package["disk1.vmdk"]).hexdigest()
    assert file["version"]


def test_the_storage_of_files_is_listed(govc: Journey) -> None:
    found = data(govc["library.info -s"])
    assert isinstance(found, dict)
    assert sorted(each["name"] for each in found["all"]) == ["disk1.vmdk", "tiny.ovf"]
    (one,) = found["one"]
    assert one["storage_backing"] == {"type": "DATASTORE", "datastore_id": "datastore-7"}
    assert one["storage_uris"]


# exports


@pytest.mark.parametrize("item", ["image", "pulled", "pulled without HEAD"])
def test_an_image_comes_out_as_it_went_in(govc: Journey, item: str) -> None:
    assert data(govc[f"library.export of {item}"]) == {"image.iso": hashlib.sha256(IMAGE).hexdigest()}


@pytest.mark.parametrize("item", ["tiny", "unpacked"])
def test_a_package_comes_out_without_the_manifest_that_only_supplied_checksums(
    govc: Journey, content: Content, item: str
) -> None:
    assert data(govc[f"library.export of {item}"]) == content.sums("tiny.ovf", "disk1.vmdk")


@pytest.mark.parametrize("item", ["whole", "pulled archive", "pulled package"])
def test_what_the_server_unpacks_or_fetches_comes_out_with_its_manifest(govc: Journey, content: Content, item: str) -> None:
    assert data(govc[f"library.export of {item}"]) == content.sums("tiny.ovf", "tiny.mf", "disk1.vmdk")


def test_an_export_makes_the_calls_of_govc(govc: Journey) -> None:
    calls = [call.partition("?")[2].partition("=")[2] or call.split()[0] for call in govc["library.export of image"].calls]
    assert [call for call in calls if call in ("prepare", "get", "GET")] == ["prepare", "get", "GET"]


# changes


def test_a_library_is_renamed_and_its_description_emptied(govc: Journey) -> None:
    assert data(govc["library.update"]) == {"name": "govc's other name", "description": ""}


def test_an_item_is_renamed(govc: Journey) -> None:
    assert data(govc["library.update of an item"]) == {"name": "renamed", "description": "by govc"}


def test_a_copy_has_the_files(govc: Journey) -> None:
    assert data(govc["library.cp"]) == 2


def test_an_item_is_removed(govc: Journey) -> None:
    assert data(govc["library.rm of an item"]) == 0


# sessions


def test_sessions_stay_listed_with_all_that_is_dereferenced(govc: Journey) -> None:
    assert data(govc["library.session.ls"]) == {"Update ACTIVE": True, "Update DONE": True, "Download ACTIVE": True}


def test_the_files_of_a_session_are_listed(govc: Journey) -> None:
    files = data(govc["library.session.ls -i"])
    assert isinstance(files, dict)
    assert files["other.iso"] == "READY"


def test_a_file_is_taken_out_of_a_session(govc: Journey) -> None:
    assert data(govc["library.session.rm of a file"]) == 1


def test_an_active_session_is_not_removed_and_the_message_says_why(govc: Journey) -> None:
    step = govc["library.session.rm of an active session"]
    status, sentence = told(step.error)
    assert status == "400 Bad Request"
    assert sentence.endswith("is ACTIVE; cancel or complete it first")


@pytest.mark.parametrize("step", ["library.session.rm -f", "library.session.rm -f of a download", "keep-alive of sessions"])
def test_sessions_are_canceled_removed_and_kept_alive(govc: Journey, step: str) -> None:
    assert govc[step].ok, govc[step].error


def test_a_session_that_failed_has_its_message(govc: Journey) -> None:
    """govmomi panics where there is none."""
    assert "the disk of the client broke" in str(data(govc["a session that failed"]))


def test_a_library_follows_another_one(govc: Journey) -> None:
    """Checklist 25."""
    follower = data(govc["library.create -sub"])
    assert isinstance(follower, dict)
    assert (follower["type"], follower["subscription_info"]["on_demand"]) == ("SUBSCRIBED", True)
    assert follower["subscription_info"]["subscription_url"] == data(govc["library.create -pub"])
    items = data(govc["library.ls of what follows"])
    assert isinstance(items, list)
    (item,) = items
    assert (item["name"], item["type"]) == ("image", "iso")


FOLLOWING = [
    "library.sync",
    "library.sync of an item",
    "library.evict",
    "library.evict of an item",
    "library.rm of what follows",
]


@pytest.mark.parametrize("step", FOLLOWING)
def test_what_follows_is_synchronized_emptied_and_removed(govc: Journey, step: str) -> None:
    """Checklist 25."""
    assert govc[step].ok, govc[step].error


def test_a_publisher_knows_its_subscriber_and_publishes_to_it(govc: Journey) -> None:
    subscriber, follower = data(govc["library.subscriber.create"]), data(govc["library.create -sub"])
    assert isinstance(follower, dict)
    listed = data(govc["library.subscriber.ls"])
    assert isinstance(listed, list)
    assert [(each["subscription"], each["subscribed_library"]) for each in listed] == [(subscriber, follower["id"])]
    info = data(govc["library.subscriber.info"])
    assert isinstance(info, dict)
    assert (info["subscribed_library_location"], info["subscribed_library_placement"]) == ("LOCAL", {"folder": "group-v3"})
    for step in ("library.publish to subscribers", "library.subscriber.rm"):
        assert govc[step].ok, govc[step].error


def test_a_certificate_is_trusted_and_trusted_no_more(govc: Journey) -> None:
    made = data(govc["library.trust.create"])
    assert str(made) in str(data(govc["library.trust.ls"]))
    assert "BEGIN CERTIFICATE" in str(data(govc["library.trust.info"]))
    assert govc["library.trust.rm"].ok, govc["library.trust.rm"].error


def test_the_policies_are_listed(govc: Journey) -> None:
    assert "OVF" in str(data(govc["library.policy.ls"]))


# what is there in part


@pytest.mark.parametrize("step", ["library.publish", "library.publish of an item"])
def test_what_is_not_published_cannot_be_published_to_subscribers(govc: Journey, step: str) -> None:
    status, sentence = told(govc[step].error)
    assert (status, sentence.endswith("is not published")) == ("400 Bad Request", True)


@pytest.mark.parametrize("step", [*REFUSED, "usages"])
def test_every_other_command_is_served_or_refused_and_never_fails_on_our_side(govc: Journey, step: str) -> None:
    found = govc[step]
    assert found.ok or "400 Bad Request: {" in found.error or found.error.endswith(": 404 Not Found"), found.error


# ends


def test_a_library_is_removed_with_its_items(govc: Journey) -> None:
    assert str(data(govc["library.rm"])).endswith(": 404 Not Found")


@pytest.mark.parametrize("step", ["logout of REST", "logout of SOAP"])
def test_after_a_logout_there_is_no_session(govc: Journey, step: str) -> None:
    assert data(govc[step]) is False


def test_no_step_is_forgotten_here(govc: Journey) -> None:
    """A step that failed without a test would not be seen."""
    failing = {name for name, step in govc.items() if not step.ok}
    others = {"library.session.rm of an active session", "library.publish", "library.publish of an item", "tags.attach of many"}
    assert {name for name in failing if "404 Not Found" not in govc[name].error} <= {*REFUSED, *others}


# tags


def test_tags_are_made_and_found_by_their_names(govc: Journey) -> None:
    assert str(data(govc["tags.category.create"])).startswith("urn:vmomi:InventoryServiceCategory:")
    assert str(data(govc["tags.create"])).startswith("urn:vmomi:InventoryServiceTag:")
    category, tag = data(govc["tags.category.info"]), data(govc["tags.info -c"])
    assert isinstance(category, dict)
    assert isinstance(tag, dict)
    assert (category["name"], category["cardinality"]) == ("govc's category", "SINGLE")
    assert (tag["name"], tag["category_id"]) == ("govc's tag", category["id"])
    assert data(govc["tags.ls -c"]) == ["govc's tag", "other"]


def test_a_tag_is_attached_to_a_library_an_item_and_a_datastore(govc: Journey) -> None:
    for step in ("tags.attach", "tags.attach to many"):
        assert data(govc[step]) is None
    assert data(govc["tags.attached.ls"]) == 3
    assert data(govc["tags.attached.ls -r"]) == ["govc's tag"]
    every = {"com.vmware.content.Library": 1, "com.vmware.content.library.Item": 1, "Datastore": 1}
    assert data(govc["tags.attached.ls of many"]) == every
    assert data(govc["tags.attached.ls of tags"]) == {"tag": "govc's tag", "objects": 3}


def test_what_tags_refuse_is_told(govc: Journey) -> None:
    status, text = told(govc["tags.category.create again"].error)
    assert status.endswith("400 Bad Request")
    assert text.startswith('a tag category named "govc\'s category" already exists: urn:vmomi:')
    assert govc["tags.category.info of nothing"].error.endswith("/category/id:nothing: 404 Not Found")
    assert "which allows one" in govc["tags.attach of a second one"].error
    assert "which allows one" in govc["tags.attach of many"].error


def test_tags_are_changed_detached_and_deleted(govc: Journey) -> None:
    for step in ("tags.update", "tags.detach", "tags.detach of many", "tags.category.update", "tags.rm", "tags.category.rm"):
        assert data(govc[step]) is None
    assert data(govc["tags.ls"]) == []


# deployments


def test_what_a_deployment_can_choose_is_read(govc: Journey) -> None:
    found = data(govc["library.deploy asks"])
    assert found == {"name": "tiny", "networks": ["VM Network"], "classes": ["com.vmware.vcenter.ovf.size_params"]}


def test_a_deployment_is_refused_with_where_to_deploy_from(govc: Journey) -> None:
    for step, missing in (("library.deploy", "hosts"), ("library.clone -ovf", "virtual machines")):
        status, text = told(govc[step].error)
        assert status.endswith("400 Bad Request")
        assert f"because this server has no {missing}" in text
