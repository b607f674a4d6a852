"""Rotates the keys of encrypted secrets while the server runs.

A rotation adds a key, seals every secret with it, and removes the older keys when no seal needs them. Each step can be
repeated: a rotation that was interrupted is continued by the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from msgspec.structs import replace

from contentlib.access.key_ring import KeyRing, Keys, SealingKey
from contentlib.access.sealing import RingEncryption, is_bound, opened
from contentlib.library.errors import NotDecrypted
from contentlib.library.model import SealedSecret
from contentlib.library.ports import MetadataStore, Transaction

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key, the number of secrets that are sealed with it, and how many of these have seals of an earlier version."""

    key: SealingKey
    secrets: int
    earlier: int


@dataclass(frozen=True, slots=True)
class Status:
    """The keys, newest first; why secrets cannot be decrypted; and what is wrong with the file of the keys, if anything."""

    keys: tuple[KeyUse, ...]
    unreadable: tuple[str, ...]
    damage: str | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """Result of a rotation. It is `resumed` if an earlier one was interrupted, and has then added no key."""

    key: SealingKey
    resumed: bool
    sealed: int
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A stored secret with its text and key, or with the error."""

    secret: SealedSecret
    text: str = ""
    key: SealingKey | None = None
    problem: str = ""


class Rotation:
    """Rotates keys."""

    def __init__(self, metadata: MetadataStore, ring: KeyRing) -> None:
        self._metadata = metadata
        self._ring = ring
        self._encryption = RingEncryption(ring)

    async def status(self) -> Status:
        """The keys, and what they are used for."""
        keys = self._ring.read()
        counted: Counter[str] = Counter()
        earlier: Counter[str] = Counter()
        unreadable = []
        async with self._metadata.reading() as transaction:
            async for each in self._readings(transaction, keys):
                if each.key is None:
                    unreadable.append(each.problem)
                    continue
                counted[each.key.id] += 1
                earlier[each.key.id] += not is_bound(each.secret.seal)
        uses = tuple(KeyUse(key, counted[key.id], earlier[key.id]) for key in keys.all)
        return Status(uses, tuple(unreadable), keys.damage)

    async def rotate(self) -> Rotated:
        """Adds a key, unless secrets still have to be sealed with the newest one, and seals all secrets with it."""
        async with self._metadata.transaction(durable=True) as transaction:
            resumed = await self._is_unfinished(transaction)
            key = self._ring.newest() if resumed else self._ring.add()
        sealed, unreadable, after = 0, [], ""
        while (page := await self._seal_page(after)) is not None:
            after = page[-1].secret.use.owner
            sealed += sum(each.key is not None for each in page)
            unreadable += [each.problem for each in page if each.key is None]
        return Rotated(key, resumed, sealed, tuple(unreadable))

    async def drop_old(self) -> list[SealingKey] | None:
        """Removes all keys but the newest, and returns them. Returns None, and removes none, if a secret needs one of them."""
        async with self._metadata.transaction(durable=True) as transaction:  # which keeps others from storing seals meanwhile
            keys = self._ring.read()
            async for each in self._readings(transaction, keys):
                if _needs_old(each, keys):
                    return None
            return self._ring.keep_newest()

    async def _is_unfinished(self, transaction: Transaction) -> bool:
        keys = self._ring.read()
        if len(keys.all) < 2:
            return False
        async for each in self._readings(transaction, keys):
            if each.key is not None and each.key != keys.all[0]:
                return True
        return False

    async def _seal_page(self, after: str) -> list[_Reading] | None:
        """Seals some secrets with the newest key. Returns all that were looked at, or None after the last one."""
        async with self._metadata.transaction(durable=True) as transaction:
            keys = self._ring.read()
            page = [_read(each, keys, self._ring) for each in await transaction.secrets.page(after, _AT_ONCE)]
            for each in page:
                if each.key is not None and (each.key != keys.all[0] or not is_bound(each.secret.seal)):
                    seal = self._encryption.seal(each.text, each.secret.use)
                    await transaction.secrets.put(replace(each.secret, seal=seal))
        return page or None

    async def _readings(self, transaction: Transaction, keys: Keys) -> AsyncIterator[_Reading]:
        after = ""
        while page := await transaction.secrets.page(after, _AT_ONCE):
            for each in page:
                yield _read(each, keys, self._ring)
            after = page[-1].use.owner


def _read(secret: SealedSecret, keys: Keys, ring: KeyRing) -> _Reading:
    try:
        text, key = opened(secret.seal, secret.use, keys, str(ring.path))
    except NotDecrypted as error:
        return _Reading(secret, problem=str(error))
    return _Reading(secret, text, key)


def _needs_old(each: _Reading, keys: Keys) -> bool:
    """Whether a secret is sealed with an older key, or damaged and says that it is."""
    if each.key is not None:
        return each.key != keys.all[0]
    return any(each.secret.seal.startswith(f"v2:{key.id}:") for key in keys.all[1:])
