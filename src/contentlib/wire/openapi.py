"""Generates the OpenAPI document of `/api` and `/rest` JSON from the declarations.

Operations that share a path and a method differ in the query: an operation with a fixed action has a path that ends in it, as
in VMware's own description; two operations that differ in the presence of a parameter are one entry with both results.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from contentlib import __version__
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import ERRORS, InvalidRequest, VapiError
from contentlib.vapi.registry import Registry
from contentlib.vapi.types import Field, Type, fields_of
from contentlib.wire.calls import TOKEN
from contentlib.wire.dispatch import rest_address
from contentlib.wire.schemas import Schema, Schemas
from contentlib.wire.tasked import QUERY
from contentlib.wire.walk import part

JSON = "application/json"
_ABOUT = """Libraries of virtual machine images with vSphere's content library API.

Each operation is listed twice: under `/rest`, the form of vSphere 6 and 7, and under `/api`, the form since 7.0.2. Parameters
in the body of `/rest` can also be in the query (`create_spec.library_item_id=…`), and `/rest` supports XML, selected by
`Content-Type` and `Accept`. `POST /api` is JSON-RPC, which the official SDKs use."""
_SCHEMES = {
    "basic": {"type": "http", "scheme": "basic", "description": "User name and password, to start a session."},
    "session": {"type": "apiKey", "in": "header", "name": TOKEN, "description": "The token of a session."},
    "cookie": {"type": "apiKey", "in": "cookie", "name": TOKEN, "description": "The token of a session, for browsers."},
}
_BODILESS = ("GET", "HEAD", "DELETE")
_BODY_STATUSES = (413, 415)
_VARIABLE = re.compile(r"\{(\w+)\}")


def document(registry: Registry) -> bytes:
    """The document, as JSON."""
    schemas: dict[str, Schema] = {}
    responses: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for form in (_Rest(schemas, responses), _Api(schemas, responses)):
        for endpoint in registry.endpoints.values():
            method, path = form.address(endpoint.operation)
            place = paths.setdefault(path, {})
            made = form.operation(endpoint.operation, method, path)
            place[method.lower()] = _merged(place[method.lower()], made) if method.lower() in place else made
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "contentlib", "version": __version__, "description": _ABOUT},
            "servers": [{"url": "/"}],
            "tags": [{"name": service} for service in sorted(registry.services())],
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "responses": dict(sorted(responses.items())),
                "securitySchemes": _SCHEMES,
            },
        }
    )


_AS_TASK: Schema = {
    "name": QUERY,
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": ["true"]},
    "description": "Performs the operation as a task and returns the identifier of the task.",
}


class _Form(ABC):
    """How a wire form represents an operation."""

    name: str

    def __init__(self, schemas: dict[str, Schema], responses: dict[str, Any]) -> None:
        self._schemas = Schemas(schemas, rest=self.name == "rest")
        self._responses = responses

    @abstractmethod
    def address(self, operation: Operation) -> tuple[str, str]:
        """The method, and the path with the action in its query."""

    @abstractmethod
    def status_of(self, error: type[VapiError]) -> int:
        """The status of an error."""

    @abstractmethod
    def result(self, operation: Operation) -> tuple[int, Schema | None]:
        """The status and the body of a result."""

    @abstractmethod
    def spread(self, parameter: Field) -> Iterator[Field]:
        """The parameters of the query that a parameter of the operation is."""

    def body(self, operation: Operation, fields: tuple[Field, ...]) -> tuple[bool, Schema]:  # noqa: ARG002 - one form uses it
        """Returns whether a body is required, and its schema."""
        return any(field.required for field in fields), self._schemas.members(fields)

    def headers(self, operation: Operation) -> dict[str, str]:  # noqa: ARG002 - one form has them
        """The parameters that stand in headers, and the names of those."""
        return {}

    def accepted(self) -> Schema | None:
        """Returns the response with the identifier of a task, if it has its own status."""
        return None

    def operation(self, operation: Operation, method: str, path: str) -> Schema:
        """The description of an operation at its address."""
        in_path, in_header = set(_VARIABLE.findall(path)), self.headers(operation)
        left = tuple(field for field in operation.parameters if field.name not in in_path | in_header.keys())
        parameters = list(self._parameters(operation, in_path, in_header))
        described: Schema = {
            "operationId": f"{self.name}.{operation.id}",
            "tags": [operation.service],
            "summary": operation.summary,
            "x-vapi-operations": [operation.id],
            "security": [{"basic": []}] if operation.anonymous else [{"session": []}, {"cookie": []}],
        }
        if operation.privileges:
            described["x-vapi-privileges"] = [privilege.name for privilege in operation.privileges]
        if method in _BODILESS:
            parameters += [self._parameter("query", field) for each in left for field in self.spread(each)]
        elif left:
            required, schema = self.body(operation, left)
            described["requestBody"] = {"required": required, "content": {JSON: {"schema": schema}}}
        responses = self._all_responses(operation, has_body="requestBody" in described)
        if operation.task and (accepted := self.accepted()):
            parameters.append(_AS_TASK)
            responses["202"] = {"description": "The task.", "content": {JSON: {"schema": accepted}}}
        if parameters:
            described["parameters"] = parameters
        return described | {"responses": responses}

    def _parameters(self, operation: Operation, in_path: set[str], in_header: dict[str, str]) -> Iterator[Schema]:
        for field in operation.parameters:
            if field.name in in_path:
                schema = self._schemas.of(field.type)
                yield {"name": field.name, "in": "path", "required": True, "schema": {"minLength": 1} | schema}
            elif field.name in in_header:
                yield self._parameter("header", Field(in_header[field.name], field.type))

    def _parameter(self, place: str, field: Field) -> Schema:
        """A parameter outside path and body, which cannot be null."""
        schema = self._schemas.of(_inner(field.type))
        return {"name": field.name, "in": place, "required": field.required, "schema": schema}

    def _all_responses(self, operation: Operation, *, has_body: bool) -> dict[str, Schema]:
        status, schema = self.result(operation)
        success: Schema = {"description": "The result." if schema else "Done."}
        if schema is not None:
            success["content"] = {JSON: {"schema": schema}}
        errors: dict[int, set[str]] = {status: {InvalidRequest.name} for status in _BODY_STATUSES if has_body}
        for error in ERRORS.values():
            if operation.declares(error):
                errors.setdefault(self.status_of(error), set()).add(error.name)
        return {str(status): success} | {str(status): self._response(names) for status, names in sorted(errors.items())}

    def _response(self, names: Iterable[str]) -> Schema:
        """A reference to the response that one of these errors is."""
        names = sorted(names)
        key = f"{self.name}.{'-or-'.join(names)}"
        if key not in self._responses:
            schemas = [self._schemas.error(ERRORS[name]) for name in names]
            schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
            self._responses[key] = {"description": ", ".join(names), "content": {JSON: {"schema": schema}}}
        return {"$ref": f"#/components/responses/{key}"}


class _Rest(_Form):
    """`/rest` JSON: bodies are objects of parameters, results are wrapped."""

    name = "rest"

    def address(self, operation: Operation) -> tuple[str, str]:
        return rest_address(operation)

    def status_of(self, error: type[VapiError]) -> int:
        return error.rest_status

    def result(self, operation: Operation) -> tuple[int, Schema | None]:
        if operation.output.kind == "void":
            return 200, None
        value = self._schemas.of(operation.output)
        return 200, {"type": "object", "properties": {"value": value}, "required": ["value"]}

    def spread(self, parameter: Field) -> Iterator[Field]:
        inner = _inner(parameter.type)
        prefix = f"{parameter.name}." if inner.kind == "structure" else ""
        return (Field(prefix + field.name, field.type) for field in _flat(parameter))


class _Api(_Form):
    """`/api`: the declared route defines the place of each parameter."""

    name = "api"

    def address(self, operation: Operation) -> tuple[str, str]:
        fixed = [f"{name}={value}" for name, value in operation.api.dispatch.items() if value is not None]
        return operation.api.method, operation.api.path + ("?" + "&".join(fixed) if fixed else "")

    def accepted(self) -> Schema | None:
        return {"type": "string"}

    def status_of(self, error: type[VapiError]) -> int:
        return error.api_status

    def result(self, operation: Operation) -> tuple[int, Schema | None]:
        status = operation.api.status
        if operation.output.kind == "void":
            return 204 if status == 200 else status, None
        return status, self._schemas.of(operation.output)

    def headers(self, operation: Operation) -> dict[str, str]:
        return {parameter: header for header, parameter in operation.api.headers.items()}

    def body(self, operation: Operation, fields: tuple[Field, ...]) -> tuple[bool, Schema]:
        for field in fields:
            if field.name == operation.api.body:
                return field.required, self._schemas.of(field.type)
        return super().body(operation, fields)

    def spread(self, parameter: Field) -> Iterator[Field]:
        return _flat(parameter)


def _inner(declared: Type) -> Type:
    return part(declared.of) if declared.kind == "optional" else declared


def _flat(parameter: Field) -> Iterator[Field]:
    """The parameter, or the fields of the structure that it is, as far as a query can hold them by plain names."""
    inner = _inner(parameter.type)
    if inner.kind != "structure":
        yield parameter
        return
    for field in fields_of(inner.python):
        of = _inner(field.type)
        element = part(of.of) if of.kind in ("list", "set") else of
        if element.kind not in ("structure", "list", "set", "map"):
            yield Field(field.name, field.type if parameter.required else Type("optional", of=of))


def _merged(one: Schema, other: Schema) -> Schema:
    """Merges two operations at one address: parameters of only one of them are optional, and either can answer."""
    known = [parameter["name"] for parameter in one["parameters"]]
    asked = [parameter["name"] for parameter in other["parameters"]]
    parameters = one["parameters"] + [parameter for parameter in other["parameters"] if parameter["name"] not in known]
    shared = set(known) & set(asked)
    return one | {
        "summary": f"{one['summary']} {other['summary']}",
        "x-vapi-operations": one["x-vapi-operations"] + other["x-vapi-operations"],
        "parameters": [each | {"required": each["required"] and each["name"] in shared} for each in parameters],
        "responses": other["responses"]
        | one["responses"]
        | {"200": _either(one["responses"]["200"], other["responses"]["200"])},
    }


def _either(one: Schema, other: Schema) -> Schema:
    schemas = [response["content"][JSON]["schema"] for response in (one, other)]
    return one | {"content": {JSON: {"schema": {"anyOf": schemas}}}}
