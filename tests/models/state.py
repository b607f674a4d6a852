"""What the plain model of the server remembers: values, and nothing of how the server keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

LEASE = 300_000
"""How long a session lives untouched, in milliseconds."""


ANYTHING = object()
"""What the model does not say."""


class Refused(Exception):
    """The model refuses a call, with the name of an error."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class File:
    """A file of a content version."""

    name: str
    data: bytes
    revision: int


@dataclass
class Library:
    """A library."""

    id: str
    name: str
    description: str
    version: int = 1
    protects_items: bool | None = None
    usages: dict[str, str] = field(default_factory=dict)


@dataclass
class Item:
    """An item; it is a draft until it has a content version, and an abandoned one when its first session ended without."""

    id: str
    library: str
    name: str
    description: str
    type: str
    source: str | None
    changed: int
    version: int = 1
    content_version: int = 1
    versions: dict[int, tuple[File, ...]] = field(default_factory=dict)
    abandoned: bool = False

    @property
    def files(self) -> tuple[File, ...]:
        """The current files."""
        return self.versions.get(self.content_version, ())

    def revision_of(self, name: str) -> int:
        """The revision of a current file, 0 where there is none."""
        return next((file.revision for file in self.files if file.name == name), 0)


@dataclass
class Change:
    """What an update session does to a file; the address takes its bytes."""

    source: str
    status: str = "WAITING_FOR_TRANSFER"
    address: str | None = None
    size: int | None = None
    data: bytes = b""
    removed: bool = False


@dataclass
class Session:
    """A session of either kind."""

    id: str
    item: str
    content_version: int
    touched: int
    files: tuple[File, ...]
    state: str = "ACTIVE"
    progress: int = 0
    message: str | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    prepared: dict[str, str] = field(default_factory=dict)
    """The files of a download session that are prepared, with their addresses."""
