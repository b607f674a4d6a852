from __future__ import annotations

import pytest

from contentlib.vapi.errors import InvalidArgument, InvalidRequest
from contentlib.vapi.types import Field, Type, type_of
from contentlib.wire.walk import complete, part, reaches_map, shallow
from wire.sample_services import Line, Point

FIELDS = (Field("a", Type("string")), Field("b", type_of(str | None)))


def test_what_is_unset_is_none_after_a_walk() -> None:
    assert complete(FIELDS, {"a": "x"}) == {"a": "x", "b": None}


def test_what_is_required_and_not_there_is_named_by_its_path() -> None:
    with pytest.raises(InvalidArgument, match=r"^spec\.a is required$"):
        complete(FIELDS, {"b": "x"}, "spec.")


def test_a_body_that_is_deeper_than_the_interpreter_is_an_invalid_request() -> None:
    def deep() -> None:
        deep()

    with pytest.raises(InvalidRequest, match="nested too deeply"), shallow():
        deep()


@pytest.mark.parametrize(
    ("annotation", "reached"),
    [(str, False), (Point, False), (list[Point], False), (Line, True), (list[Line] | None, True), (dict[str, str], True)],
)
def test_a_map_is_found_wherever_it_is(annotation: object, reached: bool) -> None:
    assert reaches_map(type_of(annotation)) is reached


def test_a_container_without_its_element_type_is_a_mistake_in_a_declaration() -> None:
    with pytest.raises(TypeError):
        part(Type("list").of)
