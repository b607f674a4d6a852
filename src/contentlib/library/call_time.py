"""Knows when the call that is being processed began, for what needs to be as new as that and not newer."""

from __future__ import annotations

from contextvars import ContextVar

_BEGAN: ContextVar[float | None] = ContextVar("call_began", default=None)


def set_call_began(began: float) -> None:
    """A call begins; the time is of `time.perf_counter`."""
    _BEGAN.set(began)


def call_began() -> float | None:
    """When the call began, or the one that started this work; None outside of calls."""
    return _BEGAN.get()
