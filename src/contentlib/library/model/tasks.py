"""Defines tasks: work without a waiting caller."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.errors import Fault


class TaskStatus(enum.StrEnum):
    """State of a task. BLOCKED means that it is waiting for its next attempt."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    BLOCKED = "BLOCKED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class TaskTarget(msgspec.Struct, frozen=True):
    """The object of a task: a resource type of the contract and an identifier."""

    type: str
    id: str


class Need(msgspec.Struct, frozen=True, array_like=True):
    """A privilege that a call needs: on a thing, or on none; `others` is what they need who do not own the thing."""

    privilege: str
    resource: str | None = None
    thing: str | None = None
    others: str | None = None
    lists: bool = False


class Submitter(msgspec.Struct, frozen=True):
    """Who submitted a task: the user, the API token of the call (or empty), the operation, and what it needed.

    `address` and `request` are those of the call, for the audit log.
    """

    user: str
    api_token: str = ""
    operation: str = ""
    needs: tuple[Need, ...] = ()
    address: str = ""
    request: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Work without a waiting caller. Times are milliseconds since 1970 UTC.

    `kind` selects the handler and `arguments` are its arguments as JSON. The task runs when it is `due`, by the `owner` whose
    lease lasts until `until`; afterwards another worker takes over. `attempts` counts how often it was begun, `failures` how
    often it failed and was put off; an attempt that ends with its process does not count. `completed` of `total` is its
    progress. A task without a `submitter` is the server's own.
    """

    id: str
    kind: str
    service: str
    operation: str
    description: Fault
    user: str
    arguments: str
    status: TaskStatus = TaskStatus.PENDING
    cancelable: bool = True
    canceling: bool = False
    created: int
    started: int | None = None
    ended: int | None = None
    due: int
    attempts: int = 0
    failures: int = 0
    owner: str | None = None
    until: int | None = None
    completed: int = 0
    total: int = 100
    target: TaskTarget | None = None
    parent: str | None = None
    result: str | None = None
    fault: Fault | None = None
    submitter: Submitter | None = None
