"""Keeps the keys that encrypt secrets in one file: several keys, the newest first, each identified by its fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from contentlib.access.keys import KEY_BYTES
from contentlib.library.flushing import flush_directory
from contentlib.library.identifiers import new_identifier

_HEADER = "contentlib sealing keys, newest first"
_ID_CHARACTERS = 16
_UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key. `made` is the time of its creation, or "-" if an earlier version created it."""

    secret: bytes = field(repr=False)
    made: str

    @property
    def id(self) -> str:
        """The fingerprint: the same for the same key, in whichever file it is."""
        return hashlib.sha256(b"contentlib sealing key" + self.secret).hexdigest()[:_ID_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Keys:
    """What the file contains. `damage` describes the first line that is not a key, if there is one."""

    all: tuple[SealingKey, ...]
    damage: str | None = None

    def find(self, key_id: str) -> SealingKey | None:
        """The key of a fingerprint."""
        return next((each for each in self.all if each.id == key_id), None)


class KeyRing:
    """The file of the keys. It is read for every use, so a change holds for the next use in every process.

    A file of 32 bytes is the only key of an earlier version. Except for the first key, the keys are only changed in a writing
    transaction of the database, in which no other process stores a seal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Keys:
        """All keys; none if there is no file. Raises OSError if the file cannot be read."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return Keys(())
        return Keys((SealingKey(data, _UNKNOWN),)) if len(data) == KEY_BYTES else _parsed(self.path, data)

    def newest(self) -> SealingKey:
        """The key to encrypt with, created if there is none. Raises OSError if the file is damaged."""
        keys = self._undamaged()
        if keys:
            return keys[0]
        self._write((_new_key(),), replacing=False)
        return self._undamaged()[0]  # another process may have been first

    def add(self) -> SealingKey:
        """Adds a key, with which everything is encrypted from now on. Raises OSError if that cannot be stored."""
        key = _new_key()
        self._write((key, *self._undamaged()), replacing=True)
        return key

    def keep_newest(self) -> list[SealingKey]:
        """Removes all keys but the newest, and returns them."""
        keys = self._undamaged()
        if keys[1:]:
            self._write(keys[:1], replacing=True)
        return list(keys[1:])

    def _undamaged(self) -> tuple[SealingKey, ...]:
        """All keys, for a caller that relies on the first one or writes the file again."""
        keys = self.read()
        if keys.damage is not None:
            raise OSError(keys.damage)
        return keys.all

    def _write(self, keys: tuple[SealingKey, ...], *, replacing: bool) -> None:
        """Writes the file, whole or not at all. Unless it is `replacing`, an existing one stays as it is."""
        lines = [_HEADER, *(f"{key.id} {key.made} {base64.b64encode(key.secret).decode()}" for key in keys)]
        aside = self.path.with_name(f"{self.path.name}.{new_identifier()}")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(file, "w", encoding="ascii") as text:
                text.write("\n".join([*lines, ""]))
                text.flush()
                os.fsync(file)
            if replacing:
                aside.rename(self.path)
                self._remove_leftovers()
            else:
                with suppress(FileExistsError, FileNotFoundError):  # another process was first, or has even added a key since
                    os.link(aside, self.path)
        finally:
            aside.unlink(missing_ok=True)
        flush_directory(self.path.parent)

    def _remove_leftovers(self) -> None:
        """Removes what killed processes left, which contains keys."""
        for each in self.path.parent.glob(f"{self.path.name}.*"):
            each.unlink(missing_ok=True)


def _new_key() -> SealingKey:
    return SealingKey(os.urandom(KEY_BYTES), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _parsed(path: Path, data: bytes) -> Keys:
    """The keys of a file, those of undamaged lines if it is damaged."""
    header, *lines = data.decode("ascii", "replace").splitlines() or [""]
    damage = None if header == _HEADER and lines else f"{path} is damaged: it is not a list of keys"
    keys = []
    for number, line in enumerate(lines, 2):
        key = _key(line)
        if key is not None:
            keys.append(key)
        elif damage is None:
            damage = f"{path} is damaged: line {number} is not a key"
    return Keys(tuple(keys), damage)


def _key(line: str) -> SealingKey | None:
    """The key in a line, if the line has the fingerprint of the key."""
    try:
        identifier, made, text = line.split(" ")
        key = SealingKey(base64.b64decode(text, validate=True), made)
    except (ValueError, binascii.Error):
        return None
    return key if key.id == identifier and len(key.secret) == KEY_BYTES else None
