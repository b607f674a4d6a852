"""Every operation of the OpenAPI document of a running server, called with what its schemas allow and with what they do not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from crash.servers import NAME, PASSWORD, Server

_CHECKS = [content_type_conformance, response_headers_conformance, response_schema_conformance, status_code_conformance]
_EXAMPLES = {"positive": 5, "negative": 4}
_DECLARED = {"ERROR", "RESOURCE_BUSY", "RESOURCE_INACCESSIBLE", "UNSUPPORTED"}
"""The errors of the 5xx kind that are no failure of the server."""


class Things:
    """Identifiers of things that are there, so that calls reach more than `not_found`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._numbers = itertools.count()
        self.library_id = self.item = self.update = self.download = ""
        self.renew()

    def renew(self) -> None:
        """Makes everything anew; a call may have deleted it."""
        number = next(self._numbers)
        content = "/rest/com/vmware/content"
        self.library_id = self._made(f"{content}/local-library", name=f"library {number}")
        self.item = self._made(f"{content}/library/item", name=f"item {number}", library_id=self.library_id)
        self.update = self._made(f"{content}/library/item/update-session", library_item_id=self.item)
        self.download = self._made(f"{content}/library/item/download-session", library_item_id=self.item)

    def _made(self, target: str, **spec: str) -> str:
        answer = self._http.post(target, json={"create_spec": spec})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["value"])

    def named(self, parameter: str) -> str | None:
        """The identifier of a thing that a parameter may name."""
        known = {
            "library_id": self.library_id,
            "library_item_id": self.item,
            "source_library_item_id": self.item,
            "update_session_id": self.update,
            "download_session_id": self.download,
            "datastore": "datastore-1",
        }
        return known.get(parameter)


@pytest.fixture(scope="module")
def things(http: httpx.Client) -> Things:
    return Things(http)


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("form", ["/api", "/rest"])
def test_every_operation_keeps_to_its_description(
    server: Server, http: httpx.Client, things: Things, form: str, mode: str
) -> None:
    schema = schemathesis.openapi.from_dict(http.get("/openapi.json").json())
    faults = [
        fault for operation in _operations(schema, form, mode) for fault in _faults(operation, server, http, things, mode)
    ]
    assert not faults, "\n\n".join(faults[:12])


def _operations(schema: Any, form: str, mode: str) -> Iterator[Any]:
    """Those of a form; a path alone can hardly be wrong, so calls are made wrong where there is a body."""
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.startswith(form) and (mode == "positive" or list(operation.body)):
            yield operation


def _faults(operation: Any, server: Server, http: httpx.Client, things: Things, mode: str) -> Iterator[str]:
    generation = schemathesis.GenerationMode(mode)
    things.renew()

    @settings(
        max_examples=_EXAMPLES[mode],
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=generation), known=st.booleans())
    def call(case: Any, known: bool) -> None:
        _name_things(case, things, known)
        answer = case.call(base_url=server.url, headers=_credentials(case, http), timeout=60)
        case.validate_response(answer, checks=_CHECKS)
        _check_server(answer)

    try:
        call()
    except (Exception, BaseExceptionGroup) as error:  # whatever it is, it is told with its operation
        yield f"{operation.method.upper()} {operation.path} ({mode}): {type(error).__name__} {error}"


def _name_things(case: Any, things: Things, known: bool) -> None:
    for parameters in (case.path_parameters, case.query):
        for name in parameters or {}:
            if known and (identifier := things.named(name)) is not None:
                parameters[name] = identifier


def _credentials(case: Any, http: httpx.Client) -> dict[str, str]:
    """Of the login session; an operation that ends one gets one of its own."""
    token = http.headers["vmware-api-session-id"]
    if case.operation.path.endswith("/session") and case.operation.method == "delete":
        answer = http.post("/api/session", auth=(NAME, PASSWORD), headers={"vmware-use-header-authn": "true"})
        token = answer.json()
    return {"vmware-api-session-id": token}


def _check_server(answer: Any) -> None:
    if answer.status_code >= 500:
        body = answer.json()
        kind = body.get("error_type") or body["value"]["error_type"]
        assert kind in _DECLARED, f"{answer.status_code} {answer.text[:500]}"
