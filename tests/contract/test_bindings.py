"""What is read from the SDK's bindings is what the contract of content libraries says, for the services that it has."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contract import bindings

CONTRACT: dict[str, Any] = json.loads(Path(__file__).with_name("content-library.json").read_bytes())
OPERATIONS = [(service, name) for service, operations in CONTRACT["services"].items() for name in operations]
APART = ("com.vmware.cis.", "com.vmware.content.configuration", "com.vmware.content.library.item.changes")
"""Services whose address on `/rest` does not follow from the names of their operations."""


@cache
def _read() -> bindings.Reader:
    return bindings.read(CONTRACT["services"])


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_an_operation_is_read_as_the_contract_has_it(service: str, name: str) -> None:
    found, wanted = _read().services[service][name], CONTRACT["services"][service][name]
    left_out = {"privileges"} | ({"rest"} if service.startswith(APART) else set())
    assert {part: found[part] for part in wanted if part not in left_out} == {
        part: wanted[part] for part in wanted if part not in left_out
    }


@pytest.mark.parametrize("part", ["structures", "enumerations"])
def test_structures_and_enumerations_are_read_as_the_contract_has_them(part: str) -> None:
    found, wanted = getattr(_read(), part), CONTRACT[part]
    assert {name: found[name] for name in wanted} == wanted
