from __future__ import annotations

import json
from typing import Any

import pytest

from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.types import fields_of, type_of
from contentlib.wire.strictness import check_members, check_value
from wire.client import Client, error_type, said
from wire.sample_services import BoxModel

POINT = {"x": 1, "label": "a"}


@pytest.mark.parametrize(
    ("box", "path"),
    [
        ({"nam": 1}, "nam"),
        ({"corner": {"x": 1, "y": 2}}, "corner.y"),
        ({"edge": {"start": POINT, "between": [POINT, {"z": 1}]}}, "edge.between.2.z"),
        ({"edge": {"named": {"a": {"z": 1}}}}, "edge.named.a.z"),
        ({"points": [{"key": "a", "value": {"z": 1}}]}, "points.1.value.z"),
        ({"tree": {"name": "a", "below": {"name": "b", "size": 7}}}, "tree.below.size"),
    ],
)
def test_a_field_that_is_not_declared_is_named(box: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^unknown field '{path}'; expected: ") as refused:
        check_members(box, fields_of(BoxModel))
    assert refused.value.messages[0].id == "vapi.invoke.invalid.input"


@pytest.mark.parametrize("box", [None, 7, [], {}, {"points": {"a": POINT}, "edges": [{"start": POINT}], "rules": [7]}])
def test_what_is_declared_passes_and_types_are_not_looked_at(box: Any) -> None:
    check_value(box, type_of(BoxModel), "box")


@pytest.mark.parametrize("strict", [True, False])
async def test_a_strict_server_refuses_unknown_fields_on_api_alone(strict: bool) -> None:
    client = Client(strict=strict)
    spec = json.dumps({"name": "a", "colour": "RED"})
    answer = await client.send("POST", "/api/sample/box", spec)
    if strict:
        assert (answer.status, error_type(answer)) == (400, "INVALID_ARGUMENT")
        assert said(answer).startswith("unknown field 'create_spec.colour'; expected: ")
    else:
        assert answer.status < 300
    rest = await client.send("POST", "/rest/com/vmware/sample/box", json.dumps({"create_spec": {"name": "a", "colour": "RED"}}))
    assert rest.status == 200
