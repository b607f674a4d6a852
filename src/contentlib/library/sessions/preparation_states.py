"""Defines the states of preparing a file of a download session. The state machine is a table."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from contentlib.library.errors import NotActive
from contentlib.library.model import Preparation, PrepareStatus

KIND = "file"

TRANSITIONS: Mapping[tuple[PrepareStatus, str], PrepareStatus] = {
    **{(status, "requested"): PrepareStatus.PREPARE_REQUESTED for status in PrepareStatus},
    **{(status, "checked"): PrepareStatus.PREPARED for status in PrepareStatus},
    **{(status, "damaged"): PrepareStatus.ERROR for status in PrepareStatus},
    (PrepareStatus.PREPARE_REQUESTED, "begun"): PrepareStatus.PREPARING,
    (PrepareStatus.PREPARE_REQUESTED, "brought"): PrepareStatus.PREPARED,
    (PrepareStatus.PREPARE_REQUESTED, "failed"): PrepareStatus.ERROR,
    (PrepareStatus.PREPARE_REQUESTED, "dropped"): PrepareStatus.UNPREPARED,
    (PrepareStatus.PREPARING, "arrived"): PrepareStatus.PREPARED,
}
"""(status, event) -> status; what is not here is refused and changes nothing.

A client may prepare a file again in any status: bytes that are here are `checked`, or found `damaged`, others `requested`.
"""


def fire(preparation: Preparation, event: str) -> Preparation:
    """The preparation after the event; NotActive, naming both, when the event is illegal in its status."""
    status = TRANSITIONS.get((preparation.status, event))
    if status is None:
        raise NotActive(KIND, preparation.name, preparation.status, event)
    return replace(preparation, status=status)
