"""What a caller without a login hears, of every operation in every form: to log in, whatever else is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contentlib.wire.dispatch import rest_address
from whole import TOKEN, Whole

NONE = {TOKEN: ""}
GARBAGE = b'{"create_spec": [["'


def _operations() -> list[Any]:
    from contentlib.vapi.declare import Service, operations_of

    services = [each for each in Service.__subclasses__() if each.__module__.startswith("contentlib.services.")]
    return [operation for service in services for operation in operations_of(service) if not operation.anonymous]


async def test_every_operation_asks_for_a_login_before_it_judges_arguments(app: Whole) -> None:
    operations = _operations()
    assert len(operations) > 60
    for operation in operations:
        for method, path in (rest_address(operation), (operation.api.method, _api(operation))):
            path = path.replace("{", "").replace("}", "")
            answer = await app.client.request(method, path, content=GARBAGE, headers=NONE)
            assert answer.status_code == 401, (operation.id, method, path, answer.text)


async def test_every_operation_asks_for_a_login_before_it_judges_the_input_of_the_sdk(app: Whole) -> None:
    for operation in _operations():
        params = {"serviceId": operation.service, "operationId": operation.name, "input": {"STRUCTURE": {"x": {"spec": 7}}}}
        call = {"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": params}
        answer = await app.client.post("/api", content=json.dumps(call), headers=NONE)
        assert answer.headers["vapi-error"] == "com.vmware.vapi.std.errors.unauthenticated", (operation.id, answer.text)


@pytest.mark.parametrize("path", ["/rest/com/vmware/content/library", "/api/content/library"])
@pytest.mark.parametrize("query", ["?%FF=1", "?vmw-task=perhaps"])
async def test_a_query_that_cannot_be_read_asks_for_a_login_first(app: Whole, path: str, query: str) -> None:
    assert (await app.client.get(path + query, headers=NONE)).status_code == 401
    assert (await app.client.get(path + query)).status_code == 400


def _api(operation: Any) -> str:
    query = "&".join(f"{name}={value or 'x'}" for name, value in operation.api.dispatch.items())
    return str(operation.api.path) + (f"?{query}" if query else "")
