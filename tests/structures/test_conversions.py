from __future__ import annotations

import pytest
from msgspec.structs import replace

from contentlib.library import model
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Fault, Invalid
from contentlib.structures import library as shown
from contentlib.structures.conversions import (
    Endpoints,
    backing,
    checksum_info,
    declared_checksum,
    failure_of,
    library_change,
    library_model,
    message_of,
    new_library,
    storage_backings,
)
from contentlib.structures.files import ChecksumAlgorithm, ChecksumInfo
from contentlib.transfer.addresses import SignedAddresses
from contentlib.vapi.registry import Call

PRINT = "AB:CD"
LIBRARY = model.Library("l", "Lab", "lab", "", model.LibraryType.LOCAL, (), "datastore-1", 1, 2, 3)


def call(base_url: str = "https://lib.example:8443") -> Call:
    return Call("r", base_url)


def test_an_endpoint_has_the_thumbprint_of_the_certificate_that_is_met_there() -> None:
    endpoint = Endpoints(SignedAddresses(b"key"), PRINT).whole(call(), "/cls/data/x")
    assert (endpoint.uri, endpoint.ssl_certificate_thumbprint) == ("https://lib.example:8443/cls/data/x", PRINT)


def test_an_endpoint_without_tls_has_no_thumbprint() -> None:
    assert Endpoints(SignedAddresses(b"key"), PRINT).whole(call("http://lib.example"), "/x").ssl_certificate_thumbprint is None


def test_every_error_has_a_message() -> None:
    unknown = failure_of(None, "ERROR")
    assert unknown is not None
    assert unknown.default_message
    assert failure_of(None, "ACTIVE") is None
    fault = Fault("session.expired", "idle", ("300",))
    assert failure_of(fault, "ERROR") == failure_of(fault, "CANCELED") == message_of(fault)


def test_a_message_holds_the_pieces_of_a_fault() -> None:
    message = message_of(Fault("file.gone", "file 'a' is gone", ("a",)))
    assert message is not None
    assert (message.id, message.default_message, message.args) == ("contentlib.file.gone", "file 'a' is gone", ["a"])


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_checksum_goes_out_and_comes_back(algorithm: Algorithm) -> None:
    checksum = Checksum(algorithm, {"MD5": "0" * 32, "SHA1": "0" * 40, "SHA256": "0" * 64, "SHA512": "0" * 128}[algorithm])
    info = checksum_info(checksum)
    assert info is not None
    assert info.algorithm == ChecksumAlgorithm(algorithm.value)
    assert declared_checksum("spec", info) == checksum


def test_a_checksum_is_sha1_where_nothing_is_said() -> None:
    assert declared_checksum("spec", ChecksumInfo(checksum="A" * 40)) == Checksum(Algorithm.SHA1, "a" * 40)
    assert declared_checksum("spec", None) is None
    assert checksum_info(None) is None


def test_what_is_no_checksum_is_named_by_its_field() -> None:
    with pytest.raises(Invalid, match=r"^file_spec\.checksum_info\.checksum must be a MD5 checksum"):
        declared_checksum("file_spec.checksum_info", ChecksumInfo(checksum="0", algorithm=ChecksumAlgorithm.MD5))


@pytest.mark.parametrize(("kind", "datastore", "uri"), [("DATASTORE", "datastore-1", None), ("OTHER", None, "ds:///x/")])
def test_a_backing_shows_only_the_fields_of_its_type(kind: str, datastore: str | None, uri: str | None) -> None:
    kept = (model.Backing(model.BackingType(kind), "datastore-1", "ds:///x/"),)  # as earlier versions kept it
    (found,) = storage_backings(replace(LIBRARY, backings=kept))
    assert (found.type, found.datastore_id, found.storage_uri) == (kind, datastore, uri)


def test_a_backing_that_says_no_type_is_a_datastore() -> None:
    assert backing(shown.StorageBacking(datastore_id="d")) == model.Backing(model.BackingType.DATASTORE, "d")


def test_a_library_shows_its_publishing_only_where_it_is_local() -> None:
    local = library_model(LIBRARY, call(), "guid")
    subscribed = library_model(replace(LIBRARY, type=model.LibraryType.SUBSCRIBED), call(), "guid")
    assert local.publish_info is not None
    assert subscribed.publish_info is None


def test_a_library_never_shows_a_password() -> None:
    publishing = model.Publishing(True, model.Authentication.BASIC, "vcsp", "hash of it", True)
    info = library_model(replace(LIBRARY, publishing=publishing), call(), "guid").publish_info
    assert info is not None
    assert (info.password, info.current_password, info.user_name) == (None, None, "vcsp")


def test_what_cannot_be_changed_of_a_library_is_not_taken() -> None:
    spec = shown.LibraryModel(
        id="other",
        type=shown.LibraryType.SUBSCRIBED,
        server_guid="other",
        storage_backings=[shown.StorageBacking(datastore_id="other")],
        optimization_info=shown.OptimizationInfo(optimize_remote_publishing=True),
    )
    assert library_change(spec, publishing=True) == library_change(shown.LibraryModel(), publishing=True)


def test_the_publishing_is_taken_by_the_local_service_only() -> None:
    spec = shown.LibraryModel(publish_info=shown.PublishInfo(published=True))
    assert library_change(spec, publishing=False).publishing is None
    assert library_change(spec, publishing=True).publishing is not None


def test_what_is_not_said_of_a_new_library_stays_open() -> None:
    new = new_library(shown.LibraryModel())
    assert (new.name, new.description, new.backings, new.publishing) == (None, None, (), None)
