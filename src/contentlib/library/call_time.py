"""Knows when the call that is being processed began, and whether it can be processed once more.

What a call reads is as new as its beginning, and need not be newer. A call can be repeated until it changes something.
"""

from __future__ import annotations

from contextvars import ContextVar


class _Call:
    """A call that is being processed."""

    __slots__ = ("began", "repeatable")

    def __init__(self, began: float) -> None:
        self.began = began
        self.repeatable = True


_CALL: ContextVar[_Call | None] = ContextVar("call", default=None)


def set_call_began(began: float) -> None:
    """A call begins; the time is of `time.perf_counter`."""
    _CALL.set(_Call(began))


def call_began() -> float | None:
    """When the call began, or the one that started this work; None outside of calls."""
    call = _CALL.get()
    return None if call is None else call.began


def may_repeat() -> bool:
    """Whether the call has changed nothing so far, and can be processed once more. Always false outside of calls."""
    call = _CALL.get()
    return call is not None and call.repeatable


def repeat_no_more() -> None:
    """From now on the call cannot be repeated: it is about to change something, is being repeated, or has ended."""
    call = _CALL.get()
    if call is not None:
        call.repeatable = False
