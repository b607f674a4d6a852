"""Says on whose authority a call, task or job acts: for the audit log, for the tasks that it submits, for its transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import msgspec
from msgspec.structs import replace

from contentlib.library.model import Actor, Submitter, Task
from contentlib.library.ports import Transaction

WriteCheck = Callable[[Transaction], Awaitable[None]]
"""Raises an error, which undoes the transaction, if its user may not write."""


def the_server(operation: str = "server") -> Actor:
    """The server itself, at work on something."""
    return Actor(operation=operation)


def no_submitter() -> None:
    """For what the server does by itself."""


class Authority(msgspec.Struct, frozen=True):
    """Who acts, whose the tasks are that are submitted, and what each writing transaction checks first.

    The functions are called when that is asked for, so that calls that only read do not pay for it.
    """

    actor: Callable[[], Actor] = the_server
    submitter: Callable[[], Submitter | None] = no_submitter
    check: WriteCheck | None = None


_SERVER = Authority()
_AUTHORITY: ContextVar[Authority] = ContextVar("authority", default=_SERVER)

authority = _AUTHORITY.get
"""The authority on which this call, task or job acts; by default, that of the server itself."""

set_authority = _AUTHORITY.set
"""Sets the authority of what is done from here on, in this call, task or job."""


def set_actor(find: Callable[[], Actor]) -> None:
    """Says who acts from here on, in this call, task or job. `find` is called when an entry is written."""
    set_authority(replace(authority(), actor=find))


def actor() -> Actor:
    """Who acts here."""
    return authority().actor()


def act_as(user: str, session: str = "", token: str = "") -> None:
    """Says which user acts from here on, by the same call."""
    known = replace(actor(), user=user, session=session, token=token)
    set_actor(lambda: known)


def submitter() -> Submitter | None:
    """Whose the tasks are that are submitted here; None for what the server does by itself."""
    return authority().submitter()


def set_write_check(check: WriteCheck | None) -> None:
    """Sets the check of the transactions that are begun from here on; None for none."""
    set_authority(replace(authority(), check=check))


def submitter_of(task: Task) -> Actor:
    """Who acts in a task: the one who submitted it."""
    asked = task.submitter
    if asked is None:
        return Actor(user=task.user, operation=f"{task.service}.{task.operation}", request=task.id)
    operation = asked.operation or f"{task.service}.{task.operation}"
    return Actor(asked.user, asked.api_token, "", asked.address, operation, asked.request or task.id)
