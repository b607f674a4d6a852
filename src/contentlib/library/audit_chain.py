"""Chains the entries of the audit log by hash, and verifies the chain.

The text of an entry is JSON in ASCII, so that no name in it can break a line, a terminal or an encoding. Its hash is SHA-256
over the hash of the entry before it, a line feed, and the text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from contentlib.library.model import AuditEntry, AuditLink, AuditRecord, AuditThing
from contentlib.library.names import fold

_LONGEST = 256
_DECODER = msgspec.json.Decoder(AuditEntry)
_ENCODER = msgspec.json.Encoder()
_TEXTS = ("user", "token", "session", "address", "operation", "request", "error")
_SHORT = 2048


def cleaned(text: str) -> str:
    """A text of limited length that every database can store: without half characters and without U+0000."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    short = short.replace("\0", "?")
    return short if short.isascii() else short.encode("utf-8", "replace").decode()


def content_of(entry: AuditEntry) -> str:
    """The text of an entry: its fields in order, without those that are empty."""
    try:
        text = _ENCODER.encode(entry)
    except UnicodeEncodeError:
        return _careful(entry)
    if len(text) > _SHORT or not text.isascii() or b"\x7f" in text:
        return _careful(entry)
    return text.decode()


def _careful(entry: AuditEntry) -> str:
    fields = {name: cleaned(getattr(entry, name)) for name in _TEXTS}
    things = tuple(AuditThing(each.type, cleaned(each.id), cleaned(each.name), cleaned(each.library)) for each in entry.things)
    plain = msgspec.to_builtins(replace(entry, things=things, **fields))
    return json.dumps(plain, separators=(",", ":")).replace("\x7f", "\\u007f")


def entry_of(content: str) -> AuditEntry:
    """The entry of a text. Raises ValueError if it is none."""
    return _DECODER.decode(content)


def hash_after(before: str, content: str) -> str:
    """The hash of an entry that follows the one with the hash `before`."""
    return hashlib.sha256(f"{before}\n{content}".encode()).hexdigest()


def index_of(entry: AuditEntry) -> dict[str, str]:
    """The columns by which an entry is found."""
    return {"user": fold(cleaned(entry.user)), "operation": cleaned(entry.operation), "outcome": entry.outcome.value}


def identifiers_of(entry: AuditEntry) -> list[str]:
    """What an entry is found by: the identifiers of its things, and of the libraries that they are in."""
    named = (each for thing in entry.things for each in (thing.id, thing.library))
    return list(dict.fromkeys(cleaned(each) for each in named if each))


class ChainBroken(RuntimeError):
    """An entry is missing, was added or was changed. `sequence` is its number."""

    def __init__(self, sequence: int, problem: str) -> None:
        super().__init__(f"entry {sequence}: {problem}")
        self.sequence = sequence


class Chain:
    """Follows a chain of entries from a link on. With a head that was `kept` elsewhere, the chain must lead to it."""

    def __init__(self, link: AuditLink, kept: AuditLink | None = None) -> None:
        self.link = link
        self._kept = kept

    def follow(self, records: Iterable[AuditRecord]) -> None:
        """Checks the next entries. Raises ChainBroken for the first that does not follow."""
        for record in records:
            self._check(record)
            self.link = record.link
            if self._kept is not None and self._kept.sequence == self.link.sequence and self._kept != self.link:
                raise ChainBroken(self.link.sequence, "does not have the hash of the head that was given")

    def _check(self, record: AuditRecord) -> None:
        found, expected = record.link.sequence, self.link.sequence + 1
        if found > expected:
            raise ChainBroken(expected, "was removed" if found == expected + 1 else f"was removed, as all up to {found - 1}")
        if found < expected:
            raise ChainBroken(found, "was added")
        if hash_after(self.link.hash, record.content) != record.link.hash:
            raise ChainBroken(found, "was changed, or the entry before it was replaced")
        try:
            entry = entry_of(record.content)
        except ValueError as error:
            raise ChainBroken(found, "is not an entry") from error
        indexed = {"user": record.user, "operation": record.operation, "outcome": record.outcome}
        if (entry.sequence, entry.time) != (found, record.time) or index_of(entry) != indexed:
            raise ChainBroken(found, "has columns that do not match its text")

    def end(self, head: AuditLink) -> None:
        """Compares the last entry with the head that was kept. Raises ChainBroken if it is another one."""
        if self.link.sequence < head.sequence:
            raise ChainBroken(self.link.sequence + 1, f"was removed, as all up to {head.sequence}")
        if self.link.sequence > head.sequence:
            raise ChainBroken(head.sequence + 1, "was added after the last entry")
        if self.link != head:
            raise ChainBroken(head.sequence, "does not have the hash of the last entry")
        if self._kept is not None and self._kept.sequence > head.sequence:
            raise ChainBroken(head.sequence + 1, f"was removed, as all up to {self._kept.sequence}, the head that was given")
