from __future__ import annotations

from typing import ClassVar

import pytest

from contentlib.vapi.types import Enumeration, Structure, enumeration
from contentlib.vapi.unions import TaggedUnion


@enumeration("com.vmware.sample.door.kind")
class Kind(Enumeration):
    """A kind of door."""

    KEY = "KEY"
    CODE = "CODE"


class Door(Structure):
    """A door that opens by a key or by a code."""

    vapi_name: ClassVar[str] = "com.vmware.sample.door"
    kind: Kind | None = None
    code: str | None = None
    key: str | None = None
    label: str | None = None


CASES = {"KEY": {"key": True}, "CODE": {"code": False}}
UNION = TaggedUnion("kind", CASES)


@pytest.mark.parametrize(
    "door",
    [
        Door(kind=Kind.KEY, key="a", label="front"),
        Door(kind=Kind.CODE),
        Door(kind=Kind.CODE, code="1"),
        Door(label="wall"),
    ],
)
def test_a_structure_that_keeps_its_union_has_no_violation(door: Door) -> None:
    assert list(UNION.violations(door, "door")) == []


@pytest.mark.parametrize(
    ("door", "violations"),
    [
        (Door(kind=Kind.KEY), [("key", "is required when kind is KEY")]),
        (Door(kind=Kind.CODE, key="a"), [("key", "cannot be set when kind is CODE")]),
        (
            Door(kind=Kind.KEY, code="1"),
            [("code", "cannot be set when kind is KEY"), ("key", "is required when kind is KEY")],
        ),
        (Door(key="a"), [("key", "cannot be set when kind is not set")]),
    ],
)
def test_a_violation_names_the_field_and_the_case(door: Door, violations: list[tuple[str, str]]) -> None:
    assert [(each.args[0], each.text) for each in UNION.violations(door, "door")] == [
        (f"door.{name}", f"door.{name} {problem}") for name, problem in violations
    ]


def test_a_default_is_the_case_of_a_structure_without_the_tag() -> None:
    union = TaggedUnion("kind", CASES, default="CODE")
    assert list(union.violations(Door(code="1"), "door")) == []
    assert [each.text for each in union.violations(Door(key="a"), "door")] == ["door.key cannot be set when kind is not set"]
