"""Logins, libraries and items with the official SDK over JSON-RPC, `/rest` and `/api`."""

from __future__ import annotations

from uuid import uuid4

import pytest

from conformance.sdk import content, items, libraries, updates
from conformance.sdk_client import JSONRPC, Sdk
from conformance.sdk_job import CONTENT, QUIET, full_item, new_item, new_library, new_session
from conformance.servers import ADMINISTRATOR
from conformance.world import NOBODY
from processes import eventually

pytestmark = QUIET
over_jsonrpc = pytest.mark.parametrize("sdk", [JSONRPC], indirect=True)  # over HTTP the SDK loses the token


def test_a_user_logs_in_and_out(sdk: Sdk) -> None:
    with sdk.again() as other:
        info = other.logins.get()
        assert info.user == ADMINISTRATOR[0]
        assert info.created_time <= info.last_accessed_time
        other.logins.delete()
        with other.refused("unauthenticated"):
            other.logins.get()
        with other.refused("unauthenticated"):
            other.content.Library.list()
    assert sdk.logins.get().user == ADMINISTRATOR[0]


def test_a_wrong_password_is_refused(sdk: Sdk) -> None:
    with sdk.refused("unauthenticated") as refusal:
        sdk.log_in("wrong")
    assert refusal.message == "wrong user name or password"


def test_types_are_listed(sdk: Sdk) -> None:
    assert {"iso", "ovf"} <= {each.type for each in sdk.content.Type.list()}


def test_the_configuration_is_read_and_changed(sdk: Sdk) -> None:
    before = sdk.content.Configuration.get()
    sdk.content.Configuration.update(content.ConfigurationModel(maximum_concurrent_item_syncs=7, automatic_sync_enabled=False))
    after = sdk.content.Configuration.get()
    assert (after.maximum_concurrent_item_syncs, after.automatic_sync_enabled) == (7, False)
    assert after.automatic_sync_start_hour == before.automatic_sync_start_hour
    assert after.automatic_sync_start_hour_setting.constraints == [{"MIN_INCLUSIVE": "0"}, {"MAX_INCLUSIVE": "23"}]
    with sdk.refused("invalid_argument"):
        sdk.content.Configuration.update(content.ConfigurationModel(automatic_sync_start_hour=24))
    sdk.content.Configuration.update(before)


def test_a_library_is_made_found_changed_and_deleted(sdk: Sdk) -> None:
    library = new_library(sdk, description="")
    found = sdk.content.LocalLibrary.get(library)
    assert (found.id, found.description, found.type, found.version) == (library, "", "LOCAL", "1")
    assert [each.datastore_id for each in found.storage_backings] == ["datastore-1"]
    assert library in sdk.content.LocalLibrary.list()
    assert library in sdk.content.Library.list()
    assert sdk.content.Library.find(content.Library.FindSpec(name=found.name.upper(), type="LOCAL")) == [library]
    sdk.content.Library.update(library, content.LibraryModel(description="changed"))
    assert sdk.content.Library.get(library).description == "changed"
    sdk.content.LocalLibrary.update(library, content.LibraryModel(name=f"new {library}", version="2"))
    with sdk.refused("concurrent_change"):
        sdk.content.LocalLibrary.update(library, content.LibraryModel(description="lost", version="2"))
    sdk.content.LocalLibrary.delete(library)
    with sdk.refused("not_found"):
        sdk.content.LocalLibrary.get(library)


def test_a_library_is_deleted_by_every_way(sdk: Sdk) -> None:
    for delete in (sdk.content.Library.delete, sdk.content.Library.force_delete, sdk.content.LocalLibrary.force_delete):
        library = new_library(sdk)
        delete(library)
        with sdk.refused("not_found"):
            delete(library)


@over_jsonrpc
def test_the_same_client_token_makes_the_same_library(sdk: Sdk) -> None:
    token, model = str(uuid4()), content.LibraryModel(name="once")
    first = sdk.content.LocalLibrary.create(model, token)
    assert sdk.content.LocalLibrary.create(model, token) == first
    with sdk.refused("invalid_argument"):
        sdk.content.LocalLibrary.create(model, "not a UUID")


def test_a_use_of_libraries_that_is_not_supported_is_told(sdk: Sdk) -> None:
    backing = libraries.StorageBacking(type="OTHER", storage_uri="nfs://server/share")
    with sdk.refused("unsupported"):
        sdk.content.LocalLibrary.create(content.LibraryModel(name="elsewhere", storage_backings=[backing]))
    with sdk.refused("invalid_argument"):
        sdk.content.Library.find(content.Library.FindSpec())


def test_a_password_of_publishing_is_changed_by_who_knows_it(sdk: Sdk) -> None:
    def change(**fields: object) -> None:
        info = libraries.PublishInfo(**fields)
        sdk.content.LocalLibrary.update(library, content.LibraryModel(type="LOCAL", publish_info=info))

    library = new_library(
        sdk, publish_info=libraries.PublishInfo(published=True, authentication_method="BASIC", password="first")
    )
    info = sdk.content.LocalLibrary.get(library).publish_info
    assert (info.published, info.authentication_method, info.user_name, info.password) == (True, "BASIC", "vcsp", None)
    assert info.publish_url.startswith(sdk.url)
    with sdk.refused("invalid_argument"):
        change(published=True, authentication_method="BASIC", password="second")
    with sdk.refused("invalid_argument"):
        change(published=True, authentication_method="NONE", current_password="wrong")
    change(published=True, authentication_method="BASIC", password="second", current_password="first")
    change(published=False, authentication_method="NONE", current_password="second")
    info = sdk.content.LocalLibrary.get(library).publish_info
    assert (info.published, info.authentication_method, info.user_name) == (False, "NONE", None)


def test_an_item_is_made_found_changed_and_deleted(sdk: Sdk) -> None:
    library = new_library(sdk)
    item = new_item(sdk, library, type="iso", description="an image")
    found = sdk.content.library.Item.get(item)
    assert (found.id, found.library_id, found.type, found.description) == (item, library, "iso", "an image")
    assert (found.version, found.content_version, found.metadata_version, found.size) == ("1", "1", "1", 0)
    assert sdk.content.library.Item.list(library) == [item]
    spec = libraries.Item.FindSpec(library_id=library, name=found.name.upper())
    assert sdk.content.library.Item.find(spec) == [item]
    sdk.content.library.Item.update(item, libraries.ItemModel(name="ünïcode & <signs>", description=""))
    assert sdk.content.library.Item.get(item).name == "ünïcode & <signs>"
    with sdk.refused("already_exists"):
        sdk.content.library.Item.create(libraries.ItemModel(library_id=library, name="ÜNÏCODE & <signs>"))
    sdk.content.library.Item.delete(item)
    with sdk.refused("not_found"):
        sdk.content.library.Item.get(item)


@over_jsonrpc
def test_the_same_client_token_makes_the_same_item_and_sessions(sdk: Sdk) -> None:
    item, token = full_item(sdk, "a.iso"), str(uuid4())
    spec = libraries.ItemModel(library_id=new_library(sdk), name="copy")
    copy = sdk.content.library.Item.copy(item, spec, token)
    assert sdk.content.library.Item.copy(item, spec, token) == copy
    for service, model in (
        (sdk.content.library.item.UpdateSession, items.UpdateSessionModel(library_item_id=item)),
        (sdk.content.library.item.DownloadSession, items.DownloadSessionModel(library_item_id=item)),
    ):
        assert service.create(model, token) == service.create(model, token)


def test_a_copy_has_the_content_of_its_source(sdk: Sdk) -> None:
    item, library = full_item(sdk, "a b.iso"), new_library(sdk)
    copy = sdk.content.library.Item.copy(item, libraries.ItemModel(library_id=library, name="copy"))
    assert sdk.content.library.Item.get(copy).size == len(CONTENT)
    assert [file.name for file in sdk.content.library.item.File.list(copy)] == ["a b.iso"]
    with sdk.refused("not_found"):
        sdk.content.library.Item.copy(NOBODY, libraries.ItemModel(library_id=library, name="none"))


def test_a_local_library_is_not_converted(sdk: Sdk) -> None:
    library, service = new_library(sdk), sdk.content.Library
    with sdk.refused("invalid_element_type"):
        service.convert(library, service.ConversionSpec(conversion_type="TO_PUBLISHED_LIBRARY"))


def test_a_library_moves_to_another_storage(sdk: Sdk) -> None:
    item, service = full_item(sdk, "a.iso"), sdk.content.Library
    library = sdk.content.library.Item.get(item).library_id
    backing = libraries.StorageBacking(type="DATASTORE", datastore_id="datastore-2")
    service.migrate(library, service.MigrateSpec(storage_backings=[backing]))
    assert eventually(lambda: service.get(library).state_info.state == "ACTIVE")
    assert [each.datastore_id for each in service.get(library).storage_backings] == ["datastore-2"]
    (stored,) = sdk.content.library.item.Storage.list(item)
    assert stored.storage_backing.datastore_id == "datastore-2"
    with sdk.refused("already_in_desired_state"):
        service.migrate(library, service.MigrateSpec(storage_backings=[backing]))


def test_a_library_goes_into_maintenance_and_out_of_it(sdk: Sdk) -> None:
    library, service = new_library(sdk), sdk.content.Library
    service.enter_maintenance(library)
    state = service.get(library).state_info
    assert (state.state, state.message) == ("MAINTENANCE", "changes were stopped by administrator@vsphere.local")
    with sdk.refused("not_allowed_in_current_state"):
        service.enter_maintenance(library)
    service.exit_maintenance(library)
    assert service.get(library).state_info.state == "ACTIVE"
    with sdk.refused("not_allowed_in_current_state"):
        service.exit_maintenance(library)


def test_a_file_is_not_pulled_from_the_disk_of_the_server(sdk: Sdk) -> None:
    source = items.TransferEndpoint(uri="file:///etc/passwd")
    spec = updates.File.AddSpec(name="a.iso", source_type="PULL", source_endpoint=source)
    session = new_session(sdk)
    with sdk.refused("invalid_argument"):
        sdk.content.library.item.updatesession.File.add(session, spec)


def test_a_library_without_subscriptions_is_published(sdk: Sdk) -> None:
    publishing = libraries.PublishInfo(published=True, authentication_method="NONE")
    library = new_library(sdk, publish_info=publishing)
    item = new_item(sdk, library)
    sdk.content.LocalLibrary.publish(library)
    sdk.content.library.Item.publish(item, True)
    unpublished = new_library(sdk)
    with sdk.refused("not_allowed_in_current_state"):
        sdk.content.LocalLibrary.publish(unpublished)
    with sdk.refused("invalid_argument"):
        sdk.content.library.Item.publish(item, False, [libraries.Item.DestinationSpec(subscription=NOBODY)])
