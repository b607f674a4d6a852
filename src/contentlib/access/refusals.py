"""Records refused calls in the audit log. Callers cannot fill the log: repeated refusals are counted, not written.

The rate of entries is limited for each caller, for each address, and for all callers without a login together. Refusals beyond
it are counted in memory and written once a minute as one entry for each error, with the addresses that they came from most. A
process that is killed loses the counts of its last minute.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from contentlib.access.guessing import Rate, network_key
from contentlib.access.recent import Digests, Recent
from contentlib.library.actors import actor, set_actor, set_write_check
from contentlib.library.model import Actor, AuditNote, AuditThing, Outcome
from contentlib.library.ports import MetadataStore

OnRefusal = Callable[[str], Awaitable[None]]
"""Receives the type of the error that a caller hears."""

BY_CALLER = Rate(burst=10, seconds=60.0)
BY_SOURCE = Rate(burst=60, seconds=10.0)
BY_STRANGERS = Rate(burst=300, seconds=10.0)
BY_USER = Rate(burst=100, seconds=10.0)
_REMEMBERED = 10_000
_FORGOTTEN_AFTER = 3600.0
_MOST_ADDRESSES = 1000
_SHOWN_ADDRESSES = 10
SUPPRESSED = "audit.refusals"


async def unnoticed(_error: str) -> None:
    """For servers without an audit log."""


class Refusals:
    """Records refused calls, within limits."""

    def __init__(self, metadata: MetadataStore, now: Callable[[], float] = time.monotonic) -> None:
        self._metadata = metadata
        self._now = now
        self._digests = Digests()
        self._ends: Recent[float] = Recent(_REMEMBERED, _FORGOTTEN_AFTER)
        self._suppressed: dict[str, Counter[str]] = {}

    async def note(self, error: str) -> None:
        """Records that the current call was refused with an error. Never fails: the caller is to hear the error."""
        who = actor()
        set_write_check(None)  # that a removed user was refused is written as well
        if self._is_within(who):
            with suppress(OSError):  # it is counted instead
                async with self._metadata.transaction(durable=False) as transaction:
                    transaction.audit.note(AuditNote(Outcome.REFUSED, error))
                return
        self._suppress(error, who.address)

    async def save(self) -> None:
        """Writes what was only counted since the last time."""
        counted, self._suppressed = self._suppressed, {}
        set_actor(lambda: Actor(operation=SUPPRESSED))
        for error, addresses in counted.items():
            things = tuple(
                AuditThing("address", address, f"{count} calls")
                for address, count in addresses.most_common(_SHOWN_ADDRESSES)
                if address
            )
            try:
                async with self._metadata.transaction(durable=False) as transaction:
                    transaction.audit.note(AuditNote(Outcome.REFUSED, error, things, addresses.total()))
            except OSError:
                self._suppressed.setdefault(error, Counter()).update(addresses)
                raise

    def _is_within(self, who: Actor) -> bool:
        """Whether all rates allow one more entry; if so, it counts in all of them."""
        now = self._now()
        keys = [(self._digests.of(*key), rate) for key, rate in _limits(who)]
        ends = [max(self._ends.get(key, now) or now, now) + rate.seconds for key, rate in keys]
        if any(end - now > rate.seconds * rate.burst for end, (_, rate) in zip(ends, keys, strict=True)):
            return False
        for end, (key, _) in zip(ends, keys, strict=True):
            self._ends.note(key, end, now)
        return True

    def _suppress(self, error: str, address: str) -> None:
        addresses = self._suppressed.setdefault(error, Counter())
        known = address in addresses or len(addresses) < _MOST_ADDRESSES
        addresses[address if known else ""] += 1


def _limits(who: Actor) -> Iterator[tuple[tuple[str, ...], Rate]]:
    """The keys of a caller and their rates; a user who is logged in is not affected by strangers."""
    if who.session or who.token:
        yield ("user", who.user), BY_USER
        return
    network = network_key(who.address)
    yield ("caller", network, who.user), BY_CALLER
    yield ("source", network), BY_SOURCE
    yield ("strangers",), BY_STRANGERS
