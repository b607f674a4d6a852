"""Specifies claims on uploads: each upload of a storage has one writer at a time, on all machines."""

from __future__ import annotations

import errno
from typing import Protocol


class ClaimLost(OSError):
    """Another writer has taken over an upload, because this one was silent for too long."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "another server has taken over the upload")


class ClaimHeld(BlockingIOError):
    """Another writer has claimed an upload. It is `silent` if it should have renewed its claim since."""

    def __init__(self, *, silent: bool = False) -> None:
        super().__init__(errno.EAGAIN, "another writer has claimed the upload")
        self.silent = silent


class UploadClaim(Protocol):
    """A claim on an upload. A writer that stands still for too long loses it."""

    number: int
    """Higher than those of all earlier claims on the upload, or 0 if no writer can go on after its claim has ended."""
    alone: bool
    """Whether all earlier writers of the upload have ended. If not, one may still write, and remove what it has written."""

    def settle(self) -> None:
        """Notes that nothing of the upload is shared with earlier writers any more, so that the next writer is alone."""

    def check(self) -> None:
        """Returns if the claim still held when this was called; ClaimLost if not. OSError if nobody can tell."""

    def release(self) -> None:
        """Ends the claim. Can be called again."""


class UploadClaims(Protocol):
    """Claims on uploads. The methods block."""

    def claim(self, storage: str, upload: str) -> UploadClaim:
        """Claims an upload. Raises ClaimHeld while another writer has it."""

    def forget(self) -> None:
        """Removes what is left of claims that ended with their process, except on uploads that may go on."""

    def close(self) -> None:
        """Ends what renews the claims of this process, which end then."""
