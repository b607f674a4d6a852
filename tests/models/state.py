"""What the plain model of the server remembers: values, and nothing of how the server keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

LEASE = 300_000
"""How long a session lives untouched, in milliseconds."""


FIRST, SECOND = "first", "second"
"""The storages of the server."""
ANYTHING = object()
"""What the model does not say."""


class Refused(Exception):
    """The model refuses a call, with the names of errors, of which the first that the operation declares is heard."""

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = errors


@dataclass(frozen=True)
class File:
    """A file of a content version; no other content of its item has the same number."""

    name: str
    data: bytes
    revision: int
    number: int = 0


@dataclass(frozen=True)
class Rule:
    """Which versions are kept: so many, and each for so many seconds after it was replaced."""

    versions: int | None = None
    seconds: int | None = None


@dataclass
class Library:
    """A library; one with a `source` follows that one. `subscriptions` are those that it was told of, by identifier."""

    id: str
    name: str
    description: str
    version: int = 1
    protects_items: bool | None = None
    usages: dict[str, str] = field(default_factory=dict)
    published: bool = False
    source: str | None = None
    failed: bool = False
    subscriptions: dict[str, str] = field(default_factory=dict)
    maintained: bool = False
    storage: str = FIRST
    rule: Rule | None = None


@dataclass
class Item:
    """An item; it is a draft until it has a content version, and an abandoned one when its first session ended without."""

    id: str
    library: str
    name: str
    description: str
    type: str
    source: str | None
    version: int = 1
    content_version: int = 1
    versions: dict[int, tuple[File, ...]] = field(default_factory=dict)
    abandoned: bool = False
    made: dict[int, int] = field(default_factory=dict)
    """When each version was made, also one that is not kept any more."""
    offered: Offer | None = None
    held: Offer | None = None

    @property
    def number(self) -> int:
        """The number of the current version, 0 where there is none."""
        return max(self.versions, default=0)

    @property
    def files(self) -> tuple[File, ...]:
        """The current files."""
        return self.versions.get(self.number, ())

    def file(self, name: str) -> File | None:
        """A current file."""
        return next((file for file in self.files if file.name == name), None)

    def revision_of(self, name: str) -> int:
        """The revision of a current file, 0 where there is none."""
        file = self.file(name)
        return 0 if file is None else file.revision


@dataclass(frozen=True)
class Offer:
    """What a publisher says of an item; the copy of an item has what was said last, and what was when its content came."""

    name: str
    description: str
    type: str
    version: int
    content_version: int
    files: tuple[File, ...]

    @property
    def content(self) -> set[tuple[str, int]]:
        """What a subscriber tells contents apart by."""
        return {(file.name, file.number) for file in self.files}


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
    number: int
    files: tuple[File, ...]
    state: str = "ACTIVE"
    progress: int = 0
    message: str | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    prepared: dict[str, str] = field(default_factory=dict)
    """The files of a download session that are prepared, with their addresses."""
