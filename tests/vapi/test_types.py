from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentlib.vapi.std import LocalizableMessage, NestedLocalizableMessage
from contentlib.vapi.types import (
    DateTime,
    Enumeration,
    Field,
    Id,
    Integer,
    Secret,
    Structure,
    Type,
    Uri,
    enumeration,
    fields_of,
    holds_map,
    type_of,
)

FIRST, LAST = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"


@enumeration("com.vmware.sample.flavor")
class Flavor(Enumeration):
    SWEET = "SWEET"


class Leaf(Structure):
    vapi_name: ClassVar[str] = "com.vmware.sample.leaf"
    name: str
    flavor: Flavor | None = None


class Branch(Structure):
    vapi_name: ClassVar[str] = "com.vmware.sample.branch"
    leaves: list[Leaf]
    below: Branch | None = None
    named: list[dict[Flavor, Leaf]] | None = None


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (str, "string"),
        (Id, "id"),
        (Uri, "uri"),
        (Secret, "secret"),
        (int, "integer"),
        (Integer, "integer"),
        (float, "double"),
        (bool, "boolean"),
        (DateTime, "datetime"),
        (bytes, "binary"),
        (None, "void"),
        (Any, "any"),
        (Flavor, "com.vmware.sample.flavor"),
        (Leaf, "com.vmware.sample.leaf"),
        (list[Id], "list<id>"),
        (set[Flavor], "set<com.vmware.sample.flavor>"),
        (frozenset[str], "set<string>"),
        (dict[Id, Leaf], "map<id,com.vmware.sample.leaf>"),
        (str | None, "optional<string>"),
        (list[dict[Flavor, str]] | None, "optional<list<map<com.vmware.sample.flavor,string>>>"),
    ],
)
def test_an_annotation_is_a_type_as_the_contract_writes_it(annotation: Any, text: str) -> None:
    assert str(type_of(annotation)) == text


@pytest.mark.parametrize("annotation", [object, complex, tuple[str], str | int])
def test_what_vapi_does_not_know_is_no_type(annotation: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        type_of(annotation)


def test_the_fields_of_a_structure_are_in_the_order_of_declaration() -> None:
    assert fields_of(Leaf) == (
        Field("name", Type("string")),
        Field("flavor", Type("optional", of=Type("enumeration", python=Flavor))),
    )
    assert [field.required for field in fields_of(Leaf)] == [True, False]


def test_a_map_is_found_however_deep_it_is_also_where_structures_hold_themselves() -> None:
    assert [holds_map(each) for each in (Leaf, Branch, LocalizableMessage, NestedLocalizableMessage)] == [
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2015-01-01T22:13:05.651Z", "2015-01-01T22:13:05.651Z"),
        ("2015-01-01t22:13:05z", "2015-01-01T22:13:05.000Z"),
        ("2015-01-01T22:13:05", "2015-01-01T22:13:05.000Z"),
        ("2015-01-02T00:13:05+02:00", "2015-01-01T22:13:05.000Z"),
        ("2015-01-01T20:13:05-0200", "2015-01-01T22:13:05.000Z"),
        ("2015-01-01T22:13:05.6519999999Z", "2015-01-01T22:13:05.651Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        (FIRST, FIRST),
        (LAST, LAST),
    ],
)
def test_a_date_is_read_with_any_offset_and_written_in_utc_with_milliseconds(text: str, written: str) -> None:
    assert str(DateTime.parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2015-01-01",
        "2015-01-01 22:13:05Z",
        "2015-02-29T00:00:00Z",
        "2015-01-01T24:30:00Z",
        "2015-01-01T23:59:60Z",
        "2015-01-01T22:13:05.Z",
        "2015-01-01T22:13:05+25:00",
        "2015-01-01T22:13:05Z\n",
        "\u0662015-01-01T22:13:05Z",
        "20150101T221305Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        DateTime.parse(text)


@settings(derandomize=True, max_examples=200, database=None)
@given(st.integers(DateTime.parse(FIRST).milliseconds, DateTime.parse(LAST).milliseconds))
def test_a_date_is_read_as_it_is_written(milliseconds: int) -> None:
    assert DateTime.parse(str(DateTime(milliseconds))) == DateTime(milliseconds)


def test_dates_are_values() -> None:
    early, late = DateTime(1), DateTime(2)
    assert (early < late, late >= early, early == DateTime(1), early == 1) == (True, True, True, False)
    assert {early, DateTime(1)} == {early}
    assert repr(early) == "DateTime(1)"
