"""Every operation with the official SDK, by its row: over JSON-RPC, `/rest` and `/api`."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from conformance.contract import OPERATIONS
from conformance.rows import AtOnce, Make
from conformance.sdk_client import JSONRPC, Sdk
from conformance.sdk_job import QUIET
from conformance.table import PROVOKED, ROWS
from conformance.world import World

pytestmark = QUIET


JSONRPC_ONLY = {"com.vmware.vapi.std.introspection.operation.get"}
"""Where the SDK changes an answer itself, and takes the one of any form for one of JSON-RPC."""


@pytest.mark.parametrize("operation", ROWS)
def test_the_sdk_calls_an_operation(sdk: Sdk, world: World, operation: str) -> None:
    row = ROWS[operation]
    if operation in JSONRPC_ONLY and sdk.transport != JSONRPC:
        pytest.skip("the SDK cannot read this answer over HTTP, whoever gives it")
    with sdk.refused(row.refused) if row.refused else nullcontext():
        sdk.call(OPERATIONS[operation], row.call(world), row.caller(world))


@pytest.mark.parametrize("sdk", [JSONRPC], indirect=True)  # over HTTP the SDK takes the first class that is declared
@pytest.mark.parametrize(("operation", "error", "how"), [each for each in PROVOKED if not isinstance(each[2], AtOnce)])
def test_the_sdk_raises_the_class_of_a_declared_error(sdk: Sdk, world: World, operation: str, error: str, how: Make) -> None:
    with sdk.refused(error):
        sdk.call(OPERATIONS[operation], how(world), world.token)
