"""Implements caches of fixed size for keys chosen by clients. Keys are stored as digests; old entries are evicted."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import Generic, TypeVar

Entry = TypeVar("Entry")
_KEY_BYTES = 16


class Digests:
    """Derives 16-byte keys from texts, which are unpredictable outside this process, or those that have the same secret."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(_KEY_BYTES)

    def of(self, *texts: str) -> bytes:
        """The key of the texts, in this order."""
        digest = hashlib.blake2b(digest_size=_KEY_BYTES, key=self._secret)
        for text in texts:
            data = text.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8) + data)
        return digest.digest()


class Recent(Generic[Entry]):
    """The entries that were noted last, each for at most `seconds` after that.

    Half of the room is for entries that were noted more than once: any number of keys that come only once does not push
    them out.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._most = max(most // 2, 1)
        self._once: OrderedDict[bytes, tuple[float, Entry]] = OrderedDict()
        self._again: OrderedDict[bytes, tuple[float, Entry]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._once) + len(self._again)

    def get(self, key: bytes, now: float) -> Entry | None:
        """Returns the entry of a key, or None if it is missing or too old."""
        found = self._again.get(key) or self._once.get(key)
        return None if found is None or found[0] + self._seconds < now else found[1]

    def note(self, key: bytes, entry: Entry, now: float) -> None:
        """Sets the entry of a key."""
        known = self._again if key in self._again or key in self._once else self._once
        self.forget(key)
        known[key] = now, entry
        if len(known) > self._most:
            known.popitem(last=False)

    def replace(self, key: bytes, entry: Entry) -> None:
        """Sets another entry of a key that is there, which counts as noted when it was."""
        for known in (self._again, self._once):
            if key in known:
                known[key] = known[key][0], entry

    def forget(self, key: bytes) -> None:
        """Drops the entry of a key."""
        self._once.pop(key, None)
        self._again.pop(key, None)
