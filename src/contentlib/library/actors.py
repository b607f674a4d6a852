"""Says who acts in a call, a task or a job, so that the audit log can name them."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from msgspec.structs import replace

from contentlib.library.model import Actor, Task


def the_server(operation: str = "server") -> Actor:
    """The server itself, at work on something."""
    return Actor(operation=operation)


_ACTOR: ContextVar[Callable[[], Actor]] = ContextVar("actor", default=the_server)


def set_actor(find: Callable[[], Actor]) -> None:
    """Says who acts from here on, in this call, task or job. `find` is called when an entry is written."""
    _ACTOR.set(find)


def actor() -> Actor:
    """Who acts here."""
    return _ACTOR.get()()


def act_as(user: str, session: str = "", token: str = "") -> None:
    """Says which user acts from here on, by the same call."""
    known = replace(actor(), user=user, session=session, token=token)
    set_actor(lambda: known)


def submitter_of(task: Task) -> Actor:
    """Who acts in a task: the one who submitted it."""
    asked = task.submitter
    if asked is None:
        return Actor(user=task.user, operation=f"{task.service}.{task.operation}", request=task.id)
    operation = asked.operation or f"{task.service}.{task.operation}"
    return Actor(asked.user, asked.api_token, "", asked.address, operation, asked.request or task.id)
