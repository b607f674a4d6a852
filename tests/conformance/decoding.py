"""Values through the official SDK's own decoders: into the Python value that a program with the SDK would be given."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import requests

from conformance.contract import Operation
from conformance.sdk import (
    DataValueConverter,
    RestConverter,
    StubConfigurationFactory,
    StubFactory,
    TypeConverter,
    get_requests_connector,
)

REST, API = RestConverter.VAPI_REST, RestConverter.SWAGGER_REST
"""The SDK's names for what it reads under `/rest`, with maps as lists of entries, and under `/api`, with maps as objects."""


def decoded(declared: Any, value: Any, style: str = API) -> Any:
    """The SDK's value of a type of its own that JSON stands for; fails with its own words where it is not of that type."""
    return TypeConverter.convert_to_python(
        DataValueConverter.convert_to_data_value(json.dumps(value)), declared, _RESOLVER, style
    )


def decoded_typed(declared: Any, value: Any) -> Any:
    """The same for a value of JSON-RPC, which says its types itself."""
    wrong = declared.definition.validate(value)
    assert not wrong, [str(message) for message in wrong]
    return TypeConverter.convert_to_python(value, declared, _RESOLVER)


def entries(value: Any) -> Any:
    """A value whose maps are lists of pairs, with entries in the place of the pairs."""
    if isinstance(value, tuple):
        key, each = value
        return {"key": key, "value": entries(each)}
    if isinstance(value, list):
        return [entries(each) for each in value]
    return {name: entries(each) for name, each in value.items()} if isinstance(value, dict) else value


def output_of(operation: Operation) -> Any:
    """What the SDK declares that an operation answers."""
    return _operations(operation.service)[operation.name]["output_type"]


def inputs_of(operation: Operation) -> Any:
    """What the SDK declares that an operation takes, as a structure of its parameters."""
    return _operations(operation.service)[operation.name]["input_type"]


@cache
def _operations(service: str) -> Any:
    return StubFactory(_CONFIGURATION).create_stub(service)._api_interface._operations


_CONFIGURATION = StubConfigurationFactory.new_std_configuration(
    get_requests_connector(session=requests.Session(), url="https://unused.invalid/api")
)
_RESOLVER = _CONFIGURATION.resolver
