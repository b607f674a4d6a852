from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest

from contentlib.http.message import Response
from contentlib.messages import Fault
from contentlib.services.content_library_item_download_session import DownloadSessionService
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import ERRORS
from contentlib.vapi.registry import Call, Endpoint, Registry
from contentlib.vapi.types import DateTime, Type
from contentlib.wire.json_values import annotation
from wire import sample_services, vectors
from wire.client import Client, at_once
from wire.vectors import FORMS, Vector

VECTORS = [pytest.param(vector, id=f"{form}: {vector.title}") for form in FORMS for vector in vectors.read(form)]


class Recorder:
    """Stands in for every operation: remembers its arguments, and answers what the vector says."""

    def __init__(self) -> None:
        self.vector: Vector | None = None
        self.arguments: dict[str, Any] | None = None

    def standing_in(self, declared: Operation) -> Endpoint:
        """The operation, performed by the recorder."""

        async def handler(call: Call, **arguments: Any) -> Any:
            return self._answer(declared, arguments)

        return Endpoint(declared, handler)

    def _answer(self, declared: Operation, arguments: dict[str, Any]) -> Any:
        assert self.vector is not None
        self.arguments = arguments
        if self.vector.raises:
            name, (text, *words) = self.vector.raises
            raise ERRORS[name](Fault("sample.said", text, (*words,)))
        return value(self.vector.result, declared.output)


def _date(python: type, raw: Any) -> Any:
    assert python is DateTime
    return DateTime.parse(raw)


def value(raw: Any, declared: Type) -> Any:
    """A value of a declared type from what a vector holds."""
    return None if declared.kind == "void" else msgspec.convert(raw, annotation(declared), dec_hook=_date)


@cache
def recorded() -> tuple[Recorder, Registry, Client]:
    """A recorder in the place of all sample services, and of the published page's own."""
    recorder = Recorder()
    page = DownloadSessionService.__new__(DownloadSessionService)
    registry = Registry([sample_services.ValueKinds(), sample_services.Boxes(), sample_services.Labels(), page])
    for key, endpoint in registry.endpoints.items():
        registry.endpoints[key] = recorder.standing_in(endpoint.operation)
    return recorder, registry, Client(registry)


def replay(vector: Vector) -> tuple[dict[str, Any] | None, Response]:
    """The arguments that reach the operation, and the response."""
    recorder, _, client = recorded()
    recorder.vector, recorder.arguments = vector, None
    request = vectors.message(vector.request)
    method, target = request.first.split(" ")
    response = at_once(client.send(method, target, request.body, request.headers))
    return recorder.arguments, response


@pytest.mark.parametrize("vector", VECTORS)
def test_the_request_of_a_vector_reaches_the_operation_with_its_arguments(vector: Vector) -> None:
    arguments, _ = replay(vector)
    parameters = recorded()[1].endpoints[vector.operation].operation.parameters
    assert arguments == {field.name: value(vector.arguments.get(field.name), field.type) for field in parameters}


@pytest.mark.parametrize("vector", VECTORS)
def test_the_outcome_of_a_vector_is_its_response_byte_for_byte(vector: Vector) -> None:
    _, response = replay(vector)
    expected = vectors.message(vector.response)
    headers = dict(response.headers) | ({"content-type": response.content_type} if response.content_type else {})
    assert headers.pop("cache-control") == "no-store"  # stands in every answer, and so in no vector
    assert (str(response.status), headers, response.body.decode()) == (expected.first, expected.headers, expected.body.decode())


@pytest.mark.parametrize("form", FORMS)
def test_there_is_a_vector_for_each_error(form: str) -> None:
    assert {vector.raises[0] for vector in vectors.read(form) if vector.raises} == set(ERRORS)


@pytest.mark.parametrize("form", FORMS)
def test_there_is_a_vector_for_each_kind_of_value(form: str) -> None:
    kinds = {vector.operation[1] for vector in vectors.read(form)}
    assert set(sample_services.KINDS) - {"everything"} <= kinds
