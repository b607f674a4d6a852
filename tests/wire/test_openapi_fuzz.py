"""What the OpenAPI document promises holds: schemathesis makes requests of it, right ones and wrong ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from contentlib.http.asgi import Application
from contentlib.messages import Fault
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import Unauthenticated
from contentlib.vapi.registry import Call
from wire.client import Client

bounded = settings(derandomize=True, max_examples=5, database=None, suppress_health_check=list(HealthCheck))
SESSION = {"vmware-api-session-id": "t0ken"}


class LockedGate:
    """Lets in those who have the token."""

    async def authenticate(self, call: Call) -> None:
        if call.token != "t0ken":
            raise Unauthenticated(Fault("sample.session", "there is no session"))

    async def sift(self, call: Call, operation: Operation, answer: Any) -> Any:
        return answer

    async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
        if call.token != "t0ken" and not operation.anonymous:
            raise Unauthenticated(Fault("sample.session", "there is no session"))


async def _nothing() -> None:
    """There is nothing to start or to stop."""


def _operations() -> dict[str, Any]:
    """The operations of boxes and labels, and the one that takes every kind of value, in both forms."""
    client = Client(gate=LockedGate())
    schema = schemathesis.openapi.from_dict(json.loads(client.wire.openapi()))
    schema.app = Application(client.wire.handle, _nothing, _nothing)
    made = (result.ok() for result in schema.get_all_operations())
    return {each.label: each for each in made if "/box" in each.path or "=everything" in each.path}


OPERATIONS = _operations()


def checked(label: str, mode: GenerationMode) -> None:
    @bounded
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        response = case.call(headers=SESSION)
        if "is a duplicate map key" in response.text:  # what no schema can forbid
            return
        if case.body is None and response.status_code == 200:  # clients send null where every parameter is optional
            return
        case.validate_response(response)

    check()


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_the_document_allows_is_taken_and_answered_as_it_says(label: str) -> None:
    checked(label, GenerationMode.POSITIVE)


@pytest.mark.parametrize("label", [label for label, operation in OPERATIONS.items() if operation.body])
def test_what_the_document_forbids_is_refused_as_it_says(label: str) -> None:
    checked(label, GenerationMode.NEGATIVE)
