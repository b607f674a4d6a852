"""Defines the states of transferring a file of an update session. The state machine is a table."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from contentlib.library.errors import NotActive
from contentlib.library.model import TransferStatus, UpdateFile

KIND = "file"

TRANSITIONS: Mapping[tuple[TransferStatus | None, str], TransferStatus] = {
    (None, "added"): TransferStatus.WAITING_FOR_TRANSFER,
    (None, "kept"): TransferStatus.READY,
    (None, "removed"): TransferStatus.READY,
    (None, "extracted"): TransferStatus.TRANSFERRING,
    (TransferStatus.WAITING_FOR_TRANSFER, "begun"): TransferStatus.TRANSFERRING,
    (TransferStatus.TRANSFERRING, "begun"): TransferStatus.TRANSFERRING,
    (TransferStatus.READY, "begun"): TransferStatus.TRANSFERRING,
    (TransferStatus.ERROR, "begun"): TransferStatus.TRANSFERRING,
    (TransferStatus.TRANSFERRING, "paused"): TransferStatus.TRANSFERRING,
    (TransferStatus.ERROR, "paused"): TransferStatus.TRANSFERRING,
    (TransferStatus.TRANSFERRING, "completed"): TransferStatus.READY,
    (TransferStatus.ERROR, "completed"): TransferStatus.READY,
    (TransferStatus.READY, "completed"): TransferStatus.READY,
    (TransferStatus.WAITING_FOR_TRANSFER, "failed"): TransferStatus.ERROR,
    (TransferStatus.TRANSFERRING, "failed"): TransferStatus.ERROR,
    (TransferStatus.READY, "failed"): TransferStatus.ERROR,
    (TransferStatus.ERROR, "failed"): TransferStatus.ERROR,
    (TransferStatus.TRANSFERRING, "interrupted"): TransferStatus.ERROR,
}
"""(status, event) -> status; None is a file that does not exist yet. Other events are rejected and change nothing.

A transfer can continue from ERROR: another request for the same file may have failed while it was running. It can complete a
READY file: the request before it has moved its bytes to their place, and records that after this one began.
"""


def first(event: str) -> TransferStatus:
    """The status with which a file begins."""
    return TRANSITIONS[None, event]


def fire(file: UpdateFile, event: str) -> UpdateFile:
    """The file after the event; NotActive, naming both, when the event is illegal in its status."""
    status = TRANSITIONS.get((file.status, event))
    if status is None:
        raise NotActive(KIND, file.name, file.status, event)
    return replace(file, status=status)
