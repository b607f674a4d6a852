"""What the reader asks for, to whom it tells the password, and what it says when there is no catalog."""

from __future__ import annotations

import base64
import gzip
import json
from email.utils import formatdate
from pathlib import Path

import pytest
from msgspec.structs import replace

from certificates import Certificate, make
from contentlib.library.catalogs import Catalog, Seen
from contentlib.library.errors import NotFetched
from contentlib.library.model import Authentication, Subscription
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.asking import DocumentLimits
from contentlib.vcsp.reading.reader import CatalogReader
from publisher import Publisher, publishing
from vcsp.shapes import SHAPES, Generator

PAYLOAD = {"tools": {"tools.iso": b"iso"}}
MORE = {**PAYLOAD, "more": {"more.iso": b"more"}}


@pytest.fixture
def generator() -> Generator:
    return Generator(SHAPES[0])


async def read(reader: CatalogReader, subscription: Subscription, seen: Seen | None = None) -> tuple[Catalog, Seen]:
    found = await reader.read(subscription, seen)
    assert found is not None
    return found


async def names(reader: CatalogReader, uri: str) -> list[str]:
    catalog, _ = await read(reader, Subscription(uri))
    return [item.name for item in catalog.items]


async def fault(reader: CatalogReader, subscription: Subscription) -> NotFetched:
    with pytest.raises(NotFetched) as failed:
        await reader.read(subscription)
    return failed.value


def paths(publisher: Publisher) -> list[str]:
    """What was asked for, since the last time."""
    found = [each.path for each in publisher.asked]
    publisher.asked.clear()
    return found


# what has not changed


async def test_conditions_are_those_that_the_publisher_gave(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    publisher.headers = {"Last-Modified": formatdate(1714555800, usegmt=True), "Date": formatdate(usegmt=True)}
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    _, seen = await read(reader, asked)
    assert seen.modified == publisher.headers["Last-Modified"]
    for etags in (True, False):
        publisher.etags = etags
        assert await reader.read(asked, seen if etags else Seen(modified=seen.modified)) is None
    headers = publisher.asked[-1].headers
    assert (headers["if-modified-since"], headers.get("if-none-match")) == (seen.modified, None)


async def test_validators_of_a_document_that_was_just_written_are_not_believed(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    publisher.headers = {"Last-Modified": formatdate(1714555800, usegmt=True), "Date": formatdate(1714555801, usegmt=True)}
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    _, seen = await read(reader, asked)
    assert (seen.etag, seen.modified) == (None, None)
    paths(publisher)
    assert await reader.read(asked, seen) is None
    assert paths(publisher) == ["/lib.json"]


async def test_another_library_at_the_same_version_is_another_one(publisher: Publisher, reader: CatalogReader) -> None:
    asked = Subscription(Generator(SHAPES[0], "one").publish(PAYLOAD).serve(publisher))
    first, seen = await read(reader, asked)
    Generator(SHAPES[0], "two").publish(PAYLOAD).serve(publisher)
    second, _ = await read(reader, asked, seen)
    assert (first.version, first.name, second.version, second.name) == ("1", "one", "1", "two")


async def test_a_library_without_a_version_is_read_each_time(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    publisher.files["/lib.json"] = publisher.files["/lib.json"].replace(b'"version": "1",', b"")
    publisher.etags = False
    _, seen = await read(reader, asked)
    assert await reader.read(asked, seen) is not None


async def test_a_list_that_is_written_after_its_library_is_not_missed(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    _, seen = await read(reader, asked)
    new = generator.publish(MORE)
    publisher.files["/lib.json"] = new.files["lib.json"]
    early, unsure = await read(reader, asked, seen)
    assert ([item.name for item in early.items], early.version, unsure.sure) == (["tools"], "2", False)
    new.serve(publisher)
    late, sure = await read(reader, asked, unsure)
    assert ([item.name for item in late.items], late.version, sure.sure) == (["tools", "more"], "2", True)
    assert await reader.read(asked, sure) is None


async def test_a_library_that_was_only_renamed_is_read_once_more_and_not_for_ever(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    _, seen = await read(reader, asked)
    publisher.files["/lib.json"] = publisher.files["/lib.json"].replace(b'"version": "1"', b'"version": "2"')
    _, unsure = await read(reader, asked, seen)
    _, sure = await read(reader, asked, unsure)
    assert (unsure.sure, sure.sure, await reader.read(asked, sure)) == (False, True, None)


# what is caught in the middle of being written


@pytest.mark.parametrize("document", ["/lib.json", "/items.json"])
@pytest.mark.parametrize("length", [0, 10, 60])
async def test_a_document_that_is_half_written_is_read_again_and_is_a_fault_that_may_pass(
    document: str, length: int, publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    publisher.files[document] = publisher.files[document][:length]
    found = await fault(reader, asked)
    assert (found.fault.id, found.again) == ("catalog.vcsp_library_not_found", True)
    assert f"cannot read the published library: {publisher.uri(document)} is " in str(found)
    assert paths(publisher).count(document) == 3


async def test_a_connection_that_breaks_is_a_fault_that_may_pass(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    asked = Subscription(generator.publish(PAYLOAD).serve(publisher))
    publisher.cuts = [1000, 7]
    found = await fault(reader, asked)
    assert (found.fault.id, found.again) == ("catalog.connection_to_vcsp_server_failed", True)
    assert f"connection to {publisher.uri('/items.json')} failed" in str(found)


async def test_a_list_that_says_that_it_is_older_than_the_library_is_not_taken(
    publisher: Publisher, reader: CatalogReader
) -> None:
    generator = Generator(next(shape for shape in SHAPES if shape.cloud_director))
    tree = generator.publish(PAYLOAD)
    asked = Subscription(tree.serve(publisher), Authentication.BASIC, "", "secret")
    old = publisher.files[f"/{tree.entry}/items"]
    generator.publish(MORE).serve(publisher)
    publisher.files[f"/{tree.entry}/items"] = old
    found = await fault(reader, asked)
    assert found.again
    assert str(found).endswith("/items is at version 1, but the library is at version 2")
    generator.publish(MORE).serve(publisher)
    assert len((await read(reader, asked))[0].items) == 2


# passwords


def heard(publisher: Publisher) -> set[str | None]:
    told = (each.headers.get("authorization") for each in publisher.asked)
    return {header and base64.b64decode(header.removeprefix("Basic ")).decode() for header in told}


@pytest.mark.parametrize(("named", "told"), [(None, "vcsp:secret"), ("", ":secret"), ("ann", "ann:secret")])
async def test_all_documents_are_asked_for_with_the_password(
    named: str | None, told: str, publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    uri = generator.publish(PAYLOAD).serve(publisher)
    publisher.basic = told
    await read(reader, Subscription(uri, Authentication.BASIC, named, "secret"))
    assert heard(publisher) == {told}
    refused = await fault(reader, Subscription(uri, Authentication.BASIC, named, "wrong"))
    assert (refused.fault.id, refused.again) == ("catalog.http_request_error", False)
    assert str(refused).endswith("/lib.json answered 401 Unauthorized")
    assert "wrong" not in str(refused)


async def test_a_password_in_the_address_is_told_to_the_publisher_and_to_nobody_else(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    generator.publish(PAYLOAD).serve(publisher)
    publisher.basic = "ann:secret"
    uri = publisher.uri("/lib.json", host="ann:secret@127.0.0.1")
    catalog, _ = await read(reader, Subscription(uri))
    assert "secret" not in str(catalog)
    publisher.basic = None
    publisher.statuses["/items.json"] = 500
    publisher.files.pop("/items.json")
    assert "secret" not in str(await fault(reader, Subscription(uri)))


@pytest.mark.parametrize("way", ["reference", "redirect"])
async def test_the_password_is_not_told_to_another_server(
    way: str, publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    async with publishing() as other:
        generator.publish(PAYLOAD).serve(other)
        uri = generator.publish(PAYLOAD).serve(publisher)
        publisher.basic = "vcsp:secret"
        if way == "redirect":
            publisher.redirects["/items.json"] = other.uri("/items.json")
        else:
            there = other.uri("/items.json").encode()
            publisher.files["/lib.json"] = publisher.files["/lib.json"].replace(b'"items.json"', b'"' + there + b'"')
        await read(reader, Subscription(uri, Authentication.BASIC, None, "secret"))
        assert (heard(publisher), heard(other)) == ({"vcsp:secret"}, {None})


# where things are


async def test_references_are_relative_to_where_a_redirect_led(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    """Checklist 24."""
    async with publishing() as other:
        generator.publish(PAYLOAD).serve(other)
        publisher.redirects["/old/lib.json"] = other.uri("/lib.json")
        catalog, _ = await read(reader, Subscription(publisher.uri("/old/lib.json")))
        assert catalog.items[0].files[0].uris[0] == other.uri("/tools/tools.iso")


async def test_what_is_compressed_though_nobody_asked_is_read(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    uri = generator.publish(PAYLOAD).serve(publisher)
    publisher.files = {path: gzip.compress(data) for path, data in publisher.files.items()}
    publisher.headers = {"Content-Encoding": "gzip"}
    assert await names(reader, uri) == ["tools"]
    publisher.files["/items.json"] = publisher.files["/items.json"][:-20]
    assert "/items.json is truncated compressed data" in str(await fault(reader, Subscription(uri)))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
async def test_a_document_without_an_end_is_not_read_to_its_end(
    pack: type[bytes], publisher: Publisher, client: Outbound, generator: Generator
) -> None:
    uri = generator.publish(PAYLOAD).serve(publisher)
    publisher.files["/items.json"] = pack(b" " * 5_000_000)
    found = await fault(CatalogReader(client, Sources(), DocumentLimits(size=4_000_000)), Subscription(uri))
    assert str(found).endswith("/items.json is larger than the limit of 4000000 bytes")
    assert not found.again


async def test_a_document_that_drips_is_given_up(publisher: Publisher, client: Outbound, generator: Generator) -> None:
    uri = generator.publish({f"item {n}": PAYLOAD["tools"] for n in range(400)}).serve(publisher)
    publisher.pause = 0.3
    found = await fault(CatalogReader(client, Sources(), DocumentLimits(seconds=0.5)), Subscription(uri))
    assert (found.fault.id, found.again) == ("catalog.connection_to_vcsp_server_failed", True)
    assert str(found).endswith("did not respond within 0.5 seconds")


# what is no library


async def test_a_login_page_is_told(publisher: Publisher, reader: CatalogReader) -> None:
    publisher.files["/lib.json"] = b"\n<!doctype HTML><title>Log in</title>"
    found = await fault(reader, Subscription(publisher.uri("/lib.json")))
    assert (found.fault.id, found.again) == ("catalog.vcsp_library_not_found", False)
    assert str(found).endswith("/lib.json is an HTML page, not JSON; it may be a login page or an error page")


@pytest.mark.parametrize("path", ["/lab", "/lab/", "/page"])
async def test_an_address_that_names_no_document_gets_a_hint(path: str, publisher: Publisher, reader: CatalogReader) -> None:
    publisher.files["/page"] = b"<html>Index of /lab</html>"
    found = await fault(reader, Subscription(publisher.uri(path)))
    assert found.fault.id == "catalog.vcsp_library_not_found"
    assert str(found).endswith("; the URL of most libraries ends in /lib.json")


async def test_what_is_not_there_is_told(publisher: Publisher, reader: CatalogReader) -> None:
    found = await fault(reader, Subscription(publisher.uri("/lib.json?key=hidden")))
    assert (found.fault.id, found.again) == ("catalog.vcsp_library_not_found", False)
    assert str(found).endswith(f"{publisher.uri('/lib.json')} answered 404 Not Found")


async def test_an_item_whose_document_is_not_there_is_left_out_and_one_that_may_come_is_waited_for(
    publisher: Publisher, reader: CatalogReader, generator: Generator
) -> None:
    uri = generator.publish(MORE).serve(publisher)
    whole, _ = await read(reader, Subscription(uri))
    stubs = [{"id": each.id, "name": each.name, "selfHref": f"{each.name}/item.json"} for each in whole.items]
    publisher.files["/items.json"] = json.dumps({"items": stubs}).encode()
    del publisher.files["/more/item.json"]
    catalog, _ = await read(reader, Subscription(uri))
    assert ([each.name for each in catalog.items], catalog.unread) == (["tools"], (whole.items[1].id,))
    assert catalog.warnings[0].text.startswith("item 'more' was skipped: http://127.0.0.1:")
    publisher.statuses["/more/item.json"] = 503
    assert (await fault(reader, Subscription(uri))).again


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("file:///etc/lib.json", "is not a file below a directory of import_roots"),
        (
            "ftp://ann:secret@lib.example/lib.json",
            "'ftp://lib.example/lib.json' has the unsupported scheme 'ftp'; use http or https",
        ),
        ("http://[bad/lib.json", "'http://[bad/lib.json' is not a valid URL"),
        ("http:///lib.json", "'http:///lib.json' has no host"),
        ("lib.json", "has the unsupported scheme ''"),
        ("", "has the unsupported scheme ''"),
    ],
)
async def test_what_is_no_address_is_told(uri: str, told: str, reader: CatalogReader) -> None:
    found = await fault(reader, Subscription(uri, Authentication.BASIC, None, "secret"))
    assert (found.fault.id, found.again) == ("catalog.url", False)
    assert told in str(found)
    assert "secret" not in str(found)


async def test_files_outside_the_roots_are_not_read_through_links(tmp_path: Path, client: Outbound) -> None:
    tree = Generator(SHAPES[0]).publish(PAYLOAD)
    tree.write(tmp_path / "outside")
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots/lab").symlink_to(tmp_path / "outside")
    reader = CatalogReader(client, Sources([tmp_path / "roots"]))
    assert (await fault(reader, Subscription((tmp_path / "roots/lab").as_uri()))).fault.id == "catalog.url"


async def test_a_directory_without_a_library_is_told(tmp_path: Path, reader: CatalogReader) -> None:
    found = await fault(reader, Subscription(tmp_path.as_uri()))
    assert (found.fault.id, found.again) == ("catalog.vcsp_library_not_found", False)
    assert str(found).endswith(f": file {tmp_path.as_uri()}/lib.json does not exist")


async def test_where_the_server_does_not_go_no_library_is_read(publisher: Publisher) -> None:
    client = Outbound(OutboundPolicy())
    found = await fault(CatalogReader(client, Sources()), Subscription(publisher.uri("/lib.json")))
    await client.close()
    assert (found.fault.id, publisher.asked) == ("catalog.policy", [])


# certificates


async def test_a_pinned_certificate_is_asked_of_the_publisher(
    tmp_path: Path, reader: CatalogReader, generator: Generator
) -> None:
    own, other = (make(tmp_path / f"{name}.pem") for name in ("own", "other"))
    async with publishing(context=own.context()) as publisher:
        uri = generator.publish(PAYLOAD).serve(publisher)
        for pins in _pins(own, other):
            await read(reader, replace(Subscription(uri), **pins))
        publisher.asked.clear()
        for pins in _pins(other, own):
            found = await fault(reader, replace(Subscription(uri), **pins))
            assert found.fault.id == "catalog.http_request_error_peer_not_authenticated"
        assert publisher.asked == []


def _pins(right: Certificate, wrong: Certificate) -> list[dict[str, str]]:
    return [
        {"thumbprint": right.thumbprint("sha1")},
        {"thumbprint": right.thumbprint("sha256")},
        {"certificate": right.pem},
        {"certificate": right.pem, "thumbprint": wrong.thumbprint("sha1")},
    ]
