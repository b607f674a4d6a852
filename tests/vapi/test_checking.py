from __future__ import annotations

from typing import Any, ClassVar

import pytest

from contentlib.messages import Fault
from contentlib.vapi.checking import flaw, reaches_any, reaches_union, union_flaw
from contentlib.vapi.declare import Route, Service, operation, operations_of
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Anything, DateTime, Enumeration, Structure, Type, Typed, enumeration, type_of
from contentlib.vapi.unions import TaggedUnion


@enumeration("com.vmware.sample.part.kind")
class Kind(Enumeration):
    """A kind of part."""

    BOLT = "BOLT"
    PLATE = "PLATE"


class Part(Structure):
    """A part of something."""

    vapi_name: ClassVar[str] = "com.vmware.sample.part"
    unions = (TaggedUnion("kind", {"BOLT": {"length": True}, "PLATE": {}}),)
    kind: Kind
    length: int | None = None


class Seen(Structure):
    """A part as only an answer shows it."""

    vapi_name: ClassVar[str] = "com.vmware.sample.seen"
    unions = (TaggedUnion("kind", {"BOLT": {"length": True}, "PLATE": {}}, only_answered=True),)
    kind: Kind
    length: int | None = None


class Box(Structure):
    """What holds parts."""

    vapi_name: ClassVar[str] = "com.vmware.sample.parts"
    parts: list[Part]
    inner: Box | None = None
    more: dict[str, Part] | None = None
    note: Anything | None = None


BOX = type_of(Box)
BOLT, LOOSE, LONG_PLATE = Part(kind=Kind.BOLT, length=3), Part(kind=Kind.BOLT), Part(kind=Kind.PLATE, length=3)


def test_types_tell_what_can_occur_in_them() -> None:
    assert [reaches_union(each) for each in (BOX, type_of(list[Box] | None), type_of(Seen), type_of(str))] == [
        True,
        True,
        False,
        False,
    ]
    assert [reaches_any(each) for each in (BOX, type_of(Part))] == [True, False]


@pytest.mark.parametrize(
    ("box", "path"),
    [
        (Box(parts=[BOLT]), None),
        (Box(parts=[BOLT, LONG_PLATE]), "box.parts.2.length"),
        (Box(parts=[], inner=Box(parts=[LOOSE])), "box.inner.parts.1.length"),
        (Box(parts=[], more={"a": BOLT, "b": LOOSE}), "box.more.2.value.length"),
    ],
)
def test_a_broken_union_is_found_wherever_it_is(box: Box, path: str | None) -> None:
    for found in (union_flaw(box, BOX, "box"), flaw(box, BOX, "box")):
        assert (found and found.args[0]) == path


def test_a_union_of_answers_is_checked_in_answers_alone() -> None:
    seen = Seen(kind=Kind.PLATE, length=1)
    assert union_flaw(seen, type_of(Seen), "seen") is None
    found = flaw(seen, type_of(Seen), "seen")
    assert found is not None
    assert found.text == "seen.length cannot be set when kind is PLATE"


@pytest.mark.parametrize(
    ("value", "declared", "fits"),
    [
        ("a", str, True),
        (b"a", str, False),
        (1, int, True),
        (True, int, False),
        (1, float, True),
        (1, bool, False),
        (DateTime(0), DateTime, True),
        ("1970-01-01T00:00:00.000Z", DateTime, False),
        (Kind.BOLT, Kind, True),
        ("BOLT", Kind, False),
        (BOLT, Part, True),
        ({"kind": "BOLT"}, Part, False),
        (None, Part, False),
        (None, Part | None, True),
        (["a"], list[str], True),
        ([None], list[str], False),
        ("ab", list[str], False),
        ({"a"}, set[str], True),
        ({"a": 1}, dict[str, int], True),
        ({1: 1}, dict[str, int], False),
        (None, None, True),
        ("a", None, False),
        (Typed(type_of(str), "a"), Anything, True),
        (Typed(type_of(str), 1), Anything, False),
        (NotFound(Fault("x", "x")), Anything, True),
        ({"changed": 0}, Anything, False),
        ("a", Anything, False),
    ],
)
def test_a_value_is_of_its_declared_type_or_not(value: Any, declared: Any, fits: bool) -> None:
    assert (flaw(value, type_of(declared), "result") is None) is fits


def test_a_difference_is_told_with_its_path() -> None:
    box = Box(parts=[Part(kind=Kind.BOLT, length="3")])  # type: ignore[arg-type]  # what is to be found
    found = flaw(box, BOX, "result")
    assert found is not None
    assert found.text == "result.parts.1.length must be integer, not str"


def test_no_parameter_is_of_any_type() -> None:
    class Taking(Service):
        vapi_id = "com.vmware.sample.taking"

        @operation(Route("POST", "/api/sample/taking"))
        async def take(self, call: Call, box: Box) -> None:
            """Takes a box, which may hold a note of any type."""

    with pytest.raises(TypeError, match="take: box is of any type"):
        operations_of(Taking)


def test_a_typed_value_shows_its_type() -> None:
    assert repr(Typed(Type("id"), "a")) == "Typed(id, 'a')"
    assert Typed(Type("id"), "a") != Typed(Type("string"), "a")
