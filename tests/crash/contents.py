"""What clients store, and what they know of it: the record that a server is held to."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True)
class Bytes:
    """The bytes of a file, made again from a seed whenever they are needed."""

    seed: int
    size: int

    def data(self) -> bytes:
        """All of them."""
        return random.Random(self.seed).randbytes(self.size)

    def digest(self, algorithm: str) -> str:
        """A checksum of them, in hexadecimal digits."""
        return _digest(self, algorithm)


@lru_cache(maxsize=4096)
def _digest(content: Bytes, algorithm: str) -> str:
    return hashlib.new(algorithm.lower(), content.data()).hexdigest()


@dataclass(frozen=True)
class State:
    """What an item holds: its content version, and its files by name."""

    version: int
    files: Mapping[str, Bytes]

    def __str__(self) -> str:
        files = ", ".join(f"{name} ({each.size} bytes)" for name, each in sorted(self.files.items()))
        return f"version {self.version} with {files or 'no files'}"


DRAFT = State(1, {})


@dataclass
class Library:
    """A library; `sure` is false while a call that deletes it has no answer."""

    id: str
    name: str
    items: list[Item] = field(default_factory=list)
    sure: bool = True


@dataclass
class Item:
    """An item, and the states that it may be in: one, or two while a call has no answer; None is that it is gone."""

    id: str
    name: str
    states: list[State | None]
    update: Update | None = None
    given_up: bool = False

    @property
    def state(self) -> State:
        """The state that it is in for sure."""
        (state,) = self.states
        assert state is not None
        return state


@dataclass
class Update:
    """An ACTIVE update session: what is to become of the files (None: to be removed), and what was answered so far."""

    id: str
    base: int
    plan: dict[str, Bytes | None]
    addresses: dict[str, str] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)
    unheard: set[str] = field(default_factory=set)
    """Files of which a request has no answer: with several workers it may get its turn after a later one, as a new one."""
    removed: set[str] = field(default_factory=set)
    ending: str = ""
    touched: float = field(default_factory=time.monotonic)

    def next(self, state: State) -> State:
        """What the item holds when the session completes."""
        files = {**state.files, **{name: each for name, each in self.plan.items() if each is not None}}
        return State(state.version + 1, {name: each for name, each in files.items() if self.plan.get(name, each) is not None})


@dataclass
class Download:
    """A download session, and what it must serve to its end."""

    id: str
    state: State
    addresses: dict[str, str] = field(default_factory=dict)
    touched: float = field(default_factory=time.monotonic)
