from __future__ import annotations

import pytest

from contentlib.fetching.references import references_of
from contentlib.library.model import Source, SourceEndpoint
from packages import descriptor

ENDPOINT = SourceEndpoint("https://lib.example/a%20b/tiny.ovf?sig=x#y", "ab:cd", "PEM")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("disk1.vmdk", "disk1.vmdk"),
        ("disk 1.vmdk", "disk%201.vmdk"),
        ("disk%201.vmdk", "disk%201.vmdk"),
        ("50%.vmdk", "50%25.vmdk"),
        ("ä?#.vmdk", "%C3%A4%3F%23.vmdk"),
    ],
)
def test_a_reference_is_fetched_from_beside_the_descriptor(name: str, path: str) -> None:
    (found,) = references_of("tiny.ovf", descriptor({name: 7}), ENDPOINT)
    assert (found.name, found.source, found.size) == (name, Source.PULL, 7)
    assert found.endpoint == SourceEndpoint(f"https://lib.example/a%20b/{path}", "ab:cd", "PEM")


@pytest.mark.parametrize("name", ["../a", "a/b", "..", "/etc/passwd", "a\\b", "http://evil.example/a"])
def test_what_is_no_name_is_not_fetched(name: str) -> None:
    assert references_of("tiny.ovf", descriptor({name: None}), ENDPOINT) == []


def test_pieces_of_a_file_are_fetched_each() -> None:
    text = descriptor({"d.vmdk": 8}).replace(b'ovf:size="8"', b'ovf:size="8" ovf:chunkSize="4"')
    found = references_of("tiny.ovf", text, ENDPOINT)
    assert [(each.name, each.size) for each in found] == [("d.vmdk.000000000", None), ("d.vmdk.000000001", None)]


def test_pieces_of_which_nobody_knows_how_many_there_are_are_not_fetched() -> None:
    text = descriptor({"d.vmdk": 8}).replace(b'ovf:size="8"', b'ovf:chunkSize="4"')
    assert references_of("tiny.ovf", text, ENDPOINT) == []


def test_a_descriptor_that_cannot_be_read_brings_nothing() -> None:
    assert references_of("tiny.ovf", b"<html/>", ENDPOINT) == []


def test_there_is_a_most_of_references() -> None:
    assert len(references_of("tiny.ovf", descriptor({f"{n}.vmdk": None for n in range(1100)}), ENDPOINT)) == 1000
