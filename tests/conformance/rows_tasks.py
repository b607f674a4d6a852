"""The rows of tasks."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.rows import ONE_ADMINISTRATOR, STORAGE_FAILS, How, Row
from conformance.world import NOBODY

_ALWAYS: Mapping[str, How] = {
    "resource_inaccessible": "tasks are kept in the server's own database, which answers or fails as a whole",
    "service_unavailable": STORAGE_FAILS,
    "unauthorized": ONE_ADMINISTRATOR,
}
_ONE: Mapping[str, How] = {"error": STORAGE_FAILS, "not_found": lambda _: {"task": NOBODY}, **_ALWAYS}

TASKS = {
    "get": Row(lambda world: {"task": world.failed_task, "spec": {"return_all": True, "exclude_result": False}}, _ONE),
    "list": Row(
        lambda world: {"filter_spec": {"tasks": [world.failed_task, NOBODY], "status": ["FAILED"]}},
        {
            **_ALWAYS,
            "invalid_argument": lambda _: {"filter_spec": {"status": ["FAILED"]}},
            "resource_inaccessible": "more than 1,000 tasks would have to match",
        },
    ),
    "cancel": Row(
        lambda world: {"task": world.pulling()},
        {
            **_ONE,
            "not_allowed_in_current_state": lambda world: {"task": world.failed_task},
            "unsupported": "every task here can be canceled",
        },
    ),
}
