"""Defines blobs."""

from __future__ import annotations

import msgspec


class Blob(msgspec.Struct, frozen=True):
    """Bytes on a storage; `digests` are by algorithm, SHA-256 always; `mark` changes when somebody writes to them.

    `unflushed` names the run of the machine in which they were written, until they survive the loss of power.
    """

    id: str
    storage: str
    size: int
    sha256: str
    digests: dict[str, str]
    mark: str
    created: int
    unreferenced: int | None = None
    unflushed: str | None = None
