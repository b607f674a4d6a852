"""Bytes up and down with the official SDK over JSON-RPC, `/rest` and `/api`."""

from __future__ import annotations

import hashlib

import pytest

from conformance.sdk import items, updates
from conformance.sdk_client import Sdk
from conformance.sdk_job import CONTENT, QUIET, add, full_item, new_item, new_session, post
from conformance.world import NOBODY

pytestmark = QUIET


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA256", "SHA512"])
def test_bytes_are_sent_with_a_checksum(sdk: Sdk, algorithm: str) -> None:
    session, files = new_session(sdk), sdk.content.library.item.updatesession.File
    uri = add(sdk, session, "a b.iso", algorithm)
    refused = post(sdk, uri, bytes(len(CONTENT)))
    assert refused.json()["status"] == "ERROR"
    broken = files.get(session, "a b.iso")
    assert broken.status == "ERROR"
    declared = hashlib.new(algorithm.lower(), CONTENT).hexdigest()
    actual = hashlib.new(algorithm.lower(), bytes(len(CONTENT))).hexdigest()
    assert declared in broken.error_message.default_message
    assert actual in broken.error_message.default_message
    assert post(sdk, uri).status_code in (200, 201)
    sent = files.get(session, "a b.iso")
    assert (sent.status, sent.size, sent.bytes_transferred) == ("READY", len(CONTENT), len(CONTENT))
    assert (sent.checksum_info.algorithm, sent.checksum_info.checksum) == (algorithm, declared)
    sdk.content.library.item.UpdateSession.complete(session)


def test_an_update_session_goes_from_active_to_done(sdk: Sdk) -> None:
    sessions, files = sdk.content.library.item.UpdateSession, sdk.content.library.item.updatesession.File
    item = new_item(sdk)
    session = new_session(sdk, item)
    with sdk.refused("resource_busy"):
        new_session(sdk, item)
    assert sessions.list(item) == [session]
    sessions.keep_alive(session, 40)
    with sdk.refused("invalid_argument"):
        sessions.keep_alive(session, 101)
    warning = updates.WarningBehavior(type="SELF_SIGNED_CERTIFICATE", ignored=True)
    sessions.update(session, items.UpdateSessionModel(warning_behavior=[warning]))
    found = sessions.get(session)
    assert (found.state, found.library_item_id, found.client_progress) == ("ACTIVE", item, 40)
    assert found.preview_info.state == "UNAVAILABLE"
    uri = add(sdk, session, "one.iso")
    found = sessions.get(session)
    assert (found.preview_info.state, found.preview_info.warnings) == ("AVAILABLE", [])
    add(sdk, session, "other.iso")
    with sdk.refused("not_allowed_in_current_state") as refusal:
        sessions.complete(session)
    assert "one.iso" in refusal.message
    with sdk.refused("not_allowed_in_current_state"):
        files.validate(session)
    with sdk.refused("not_allowed_in_current_state"):
        sessions.delete(session)
    files.remove(session, "other.iso")
    assert post(sdk, uri).status_code in (200, 201)
    assert [file.name for file in files.list(session)] == ["one.iso"]
    result = files.validate(session)
    assert (result.has_errors, result.missing_files, result.invalid_files) == (False, set(), [])
    sessions.complete(session)
    assert sessions.get(session).state == "DONE"
    assert sdk.content.library.Item.get(item).content_version == "2"
    with sdk.refused("not_allowed_in_current_state"):
        files.add(session, updates.File.AddSpec(name="late.iso", source_type="PUSH"))
    sessions.delete(session)
    with sdk.refused("not_found"):
        sessions.get(session)


def test_an_update_session_is_canceled_or_failed(sdk: Sdk) -> None:
    sessions, files = sdk.content.library.item.UpdateSession, sdk.content.library.item.updatesession.File
    canceled, failed = new_session(sdk), new_session(sdk)
    uri = add(sdk, canceled, "a.iso")
    sessions.cancel(canceled)
    sessions.fail(failed, "the client gave up")
    assert sessions.get(canceled).state == "CANCELED"
    assert post(sdk, uri).status_code >= 400
    found = sessions.get(failed)
    assert (found.state, found.error_message.default_message) == ("ERROR", "the client gave up")
    for ended in (canceled, failed):
        with sdk.refused("not_allowed_in_current_state"):
            sessions.keep_alive(ended)
    with sdk.refused("invalid_argument"):
        files.get(failed, "no such file")
    with sdk.refused("not_found"):
        files.list(NOBODY)


def test_an_item_is_downloaded_and_is_what_was_sent(sdk: Sdk) -> None:
    sessions, files = sdk.content.library.item.DownloadSession, sdk.content.library.item.downloadsession.File
    item = full_item(sdk, "a b.iso", "ünï.ovf")
    session = sessions.create(items.DownloadSessionModel(library_item_id=item))
    assert session in sessions.list(item)
    sessions.keep_alive(session, 10)
    found = sessions.get(session)
    assert (found.state, found.client_progress, found.library_item_content_version) == ("ACTIVE", 10, "2")
    assert [file.name for file in files.list(session)] == ["a b.iso", "ünï.ovf"]
    assert files.get(session, "a b.iso").status == "UNPREPARED"
    prepared = files.prepare(session, "a b.iso")
    assert (prepared.status, prepared.size) == ("PREPARED", len(CONTENT))
    got = sdk.session().get(prepared.download_endpoint.uri)
    assert (got.status_code, got.headers["Content-Length"]) == (200, str(len(CONTENT)))
    assert hashlib.sha256(got.content).hexdigest() == prepared.checksum_info.checksum
    assert files.get(session, "a b.iso").download_endpoint.uri == prepared.download_endpoint.uri
    with sdk.refused("invalid_argument"):
        files.prepare(session, "no such file")
    sessions.delete(session)
    assert sdk.session().get(prepared.download_endpoint.uri).status_code == 404
    with sdk.refused("not_found"):
        sessions.get(session)


def test_a_download_session_is_canceled_or_failed(sdk: Sdk) -> None:
    sessions = sdk.content.library.item.DownloadSession
    canceled, failed = (sessions.create(items.DownloadSessionModel(library_item_id=new_item(sdk))) for _ in range(2))
    sessions.cancel(canceled)
    sessions.fail(failed, "the disk is full")
    assert sessions.get(canceled).state == "CANCELED"
    assert sessions.get(failed).error_message.default_message == "the disk is full"
    with sdk.refused("not_allowed_in_current_state"):
        sessions.cancel(canceled)
    with sdk.refused("invalid_argument"):
        sessions.create(items.DownloadSessionModel())


def test_files_and_their_places_are_told(sdk: Sdk) -> None:
    item = full_item(sdk, "a b.iso")
    files, storage = sdk.content.library.item.File, sdk.content.library.item.Storage
    file = files.get(item, "a b.iso")
    assert (file.size, file.version, file.cached) == (len(CONTENT), "1", True)
    assert file.checksum_info.checksum == hashlib.sha256(CONTENT).hexdigest()
    (stored,) = storage.get(item, "a b.iso")
    assert (stored.storage_backing.datastore_id, len(stored.storage_uris)) == ("datastore-1", 1)
    assert [each.name for each in files.list(item)] == [each.name for each in storage.list(item)] == ["a b.iso"]
    for service in (files, storage):
        with sdk.refused("not_found"):
            service.get(item, "no such file")
