from __future__ import annotations

from typing import Any, ClassVar

import msgspec
import pytest

from contentlib.http.message import Response
from contentlib.vapi.declare import Operation, Route, Service, operation
from contentlib.vapi.errors import ERRORS
from contentlib.vapi.registry import Call, Endpoint, Registry
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, Type, enumeration
from contentlib.wire.json_values import annotation
from wire import sample_services, vectors
from wire.client import Client
from wire.vectors import FORMS, Vector


@enumeration("com.vmware.content.library.item.download_session_model.state")
class State(Enumeration):
    ACTIVE = "ACTIVE"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


class DownloadSessionModel(Structure):
    vapi_name: ClassVar[str] = "com.vmware.content.library.item.download_session_model"
    id: Id | None = None
    library_item_id: Id | None = None
    library_item_content_version: str | None = None
    error_message: LocalizableMessage | None = None
    client_progress: Integer | None = None
    state: State | None = None
    expiration_time: DateTime | None = None


class DownloadSessions(Service):
    vapi_id = "com.vmware.content.library.item.download_session"

    @operation(Route("POST", "/api/content/library/item/download-session", body="create_spec", status=201))
    async def create(self, call: Call, client_token: str | None, create_spec: DownloadSessionModel) -> Id:
        """Creates a new download session."""
        return ""


VECTORS = [pytest.param(vector, id=f"{form}: {vector.title}") for form in FORMS for vector in vectors.read(form)]


class Recorder:
    """Stands in for an operation: remembers its arguments, and answers what the vector says."""

    def __init__(self, vector: Vector, declared: Operation) -> None:
        self._vector = vector
        self._output = declared.output
        self.arguments: dict[str, Any] | None = None

    async def __call__(self, call: Call, **arguments: Any) -> Any:
        self.arguments = arguments
        if self._vector.raises:
            name, (text, *words) = self._vector.raises
            raise ERRORS[name]("sample.said", text, *words)
        return value(self._vector.result, self._output)


def _date(python: type, raw: Any) -> Any:
    assert python is DateTime
    return DateTime.parse(raw)


def value(raw: Any, declared: Type) -> Any:
    """A value of a declared type from what a vector holds."""
    return None if declared.kind == "void" else msgspec.convert(raw, annotation(declared), dec_hook=_date)


def registry() -> Registry:
    services = (sample_services.ValueKinds(), sample_services.Boxes(), sample_services.Labels(), DownloadSessions())
    return Registry(services)


async def replay(vector: Vector) -> tuple[Recorder, Response]:
    spoken = registry()
    declared = spoken.endpoints[vector.operation].operation
    recorder = Recorder(vector, declared)
    spoken.endpoints[vector.operation] = Endpoint(declared, recorder)
    request = vectors.message(vector.request)
    method, target = request.first.split(" ")
    return recorder, await Client(spoken).send(method, target, request.body, request.headers)


@pytest.mark.parametrize("vector", VECTORS)
async def test_the_request_of_a_vector_reaches_the_operation_with_its_arguments(vector: Vector) -> None:
    recorder, _ = await replay(vector)
    parameters = registry().endpoints[vector.operation].operation.parameters
    assert recorder.arguments == {field.name: value(vector.arguments.get(field.name), field.type) for field in parameters}


@pytest.mark.parametrize("vector", VECTORS)
async def test_the_outcome_of_a_vector_is_its_response_byte_for_byte(vector: Vector) -> None:
    _, response = await replay(vector)
    expected = vectors.message(vector.response)
    headers = dict(response.headers) | ({"content-type": response.content_type} if response.content_type else {})
    assert (str(response.status), headers, response.body.decode()) == (expected.first, expected.headers, expected.body.decode())


@pytest.mark.parametrize("form", FORMS)
def test_there_is_a_vector_for_each_error(form: str) -> None:
    assert {vector.raises[0] for vector in vectors.read(form) if vector.raises} == set(ERRORS)


@pytest.mark.parametrize("form", FORMS)
def test_there_is_a_vector_for_each_kind_of_value(form: str) -> None:
    kinds = {vector.operation[1] for vector in vectors.read(form)}
    assert set(sample_services.KINDS) - {"everything"} <= kinds
