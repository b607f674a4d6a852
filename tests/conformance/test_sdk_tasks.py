"""Operations as tasks with the official SDK, called as its stubs of other services call theirs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from conformance.sdk import IdType, SdkTask, cis, libraries
from conformance.sdk_client import JSONRPC, Sdk
from conformance.sdk_job import QUIET, full_item, new_library
from processes import PATIENCE_SECONDS

pytestmark = QUIET
over_jsonrpc = pytest.mark.parametrize("sdk", [JSONRPC], indirect=True)  # its stubs write no `vmw-task` into an address


def as_task(stub: Any, operation: str, arguments: dict[str, object]) -> Any:
    """Calls `OPERATION$task`; the stubs of content libraries know no such operation, so it is made of the one they know."""
    operations = stub._api_interface._operations
    operations[f"{operation}$task"] = operations[operation] | {"output_type": IdType(resource_types="com.vmware.cis.TASK")}
    return SdkTask(stub._invoke(f"{operation}$task", arguments), cis.Tasks(stub._config), IdType())


def ended(task: Any) -> Any:
    """What is told of a task when it has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (info := task.get_info()).status in ("PENDING", "RUNNING", "BLOCKED"):
        assert time.monotonic() < deadline, info
        time.sleep(0.05)
    return info


@over_jsonrpc
def test_a_copy_as_a_task_gives_the_copy_in_the_end(sdk: Sdk) -> None:
    item = full_item(sdk, "a.iso")
    spec = libraries.ItemModel(library_id=new_library(sdk), name="copy")
    arguments = {"client_token": None, "source_library_item_id": item, "destination_create_spec": spec}
    task = as_task(sdk.content.library.Item, "copy", arguments)
    info = ended(task)
    assert (info.status, info.service, info.operation) == ("SUCCEEDED", "com.vmware.content.library.item", "copy$task")
    assert (info.target.id, info.target.type) == (item, "com.vmware.content.library.Item")
    assert sdk.content.library.Item.get(task.get_result()).source_id == item


@over_jsonrpc
def test_what_is_wrong_is_told_before_there_is_a_task(sdk: Sdk) -> None:
    spec = libraries.ItemModel(library_id=new_library(sdk), name="copy")
    arguments = {"client_token": None, "source_library_item_id": "nothing", "destination_create_spec": spec}
    with sdk.refused("not_found"):
        as_task(sdk.content.library.Item, "copy", arguments)
