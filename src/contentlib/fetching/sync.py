"""Synchronizes subscribed libraries: the handler of the tasks that `sync` and the schedule submit.

A sync reads the publisher's catalog (one request if nothing has changed), applies it (`library/following/mirror.py`) and
fetches the missing files, several items at a time. An item whose files cannot be fetched keeps its content and does not affect
other items. If the publisher's catalog changes meanwhile, the sync continues with the new one. An interrupted sync finds the
remaining work by itself.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from contentlib.fetching import messages
from contentlib.fetching.bringing import Bringing, BringingContext
from contentlib.fetching.gathering import GatheredItem, Gathering, can_be_gathered
from contentlib.jobs.worker import Again, Progress
from contentlib.library.catalogs import Catalog, OfferedItem, Seen
from contentlib.library.clock import Clock
from contentlib.library.errors import Busy, Damaged, Fault, LibraryError, Missing, NotCompliant, NotFetched, QuotaExceeded
from contentlib.library.following.mirror import Mirror
from contentlib.library.following.offered import AppliedCatalog, ArrivedItem, KnownItem
from contentlib.library.following.own_catalogs import OwnCatalogs
from contentlib.library.following.subscription_passwords import SubscriptionPasswords
from contentlib.library.following.sync_tasks import SyncArguments
from contentlib.library.model import Library, Subscription, Task
from contentlib.library.signals import unheard

_TOLD = 10  # of the items whose files did not come, in one sentence
_ANEW = 5  # times that a sync reads the catalog again because its publisher has changed it meanwhile
_IN_A_ROW = 20  # items that fail one after the other: it is the publisher that fails, or part of what it lists is gone
Read = tuple[Catalog, Seen]
LeftOut = Callable[[Library, Catalog], None]
"""Hears which items of a catalog a library lacks because they could not be read."""


@dataclass(frozen=True, slots=True)
class SyncContext:
    """Dependencies of syncs."""

    mirror: Mirror
    catalogs: OwnCatalogs
    passwords: SubscriptionPasswords
    bringing: BringingContext
    clock: Clock
    left_out: LeftOut = unheard


class Result(msgspec.Struct, frozen=True):
    """Result of a sync, in numbers of items."""

    removed: int = 0
    changed: int = 0
    fetched: int = 0
    warnings: tuple[str, ...] = ()

    def told(self) -> Fault:
        """Summarizes the result in one sentence. Its arguments are the numbers and the warnings."""
        removed, changed, fetched = self.removed, self.changed, self.fetched
        if not self.warnings:
            return messages.SYNC_DONE(removed=removed, changed=changed, fetched=fetched)
        return messages.SYNC_DONE_BUT(removed=removed, changed=changed, fetched=fetched, warnings=self.warnings)


class Syncs:
    """Runs syncs."""

    def __init__(self, context: SyncContext) -> None:
        self._context = context

    async def run(self, task: Task, progress: Progress) -> None:
        """Runs one attempt to synchronize a library or an item. The message has the result; `sync` returns nothing."""
        wanted = msgspec.json.decode(task.arguments, type=SyncArguments)
        library = await self._context.mirror.library(wanted.library)
        if library.subscription is None:
            raise Missing("subscription of library", library.id)
        sync = _Sync(self._context, library, library.subscription, progress)
        try:
            result = await (sync.all() if wanted.item is None else sync.one(wanted.item, content=wanted.content))
        except Busy as error:  # the subscription or the item was changed meanwhile
            raise Again(error.fault) from error
        progress.note_of_success = result.told()

    async def refuse(self, task: Task, fault: Fault) -> None:
        """Records at the library why it is not synchronized: its user may not do that any more."""
        wanted = msgspec.json.decode(task.arguments, type=SyncArguments)
        if wanted.item is None:
            with suppress(Missing, Busy):  # deleted, or changed to follow another publisher
                await self._context.mirror.failed(await self._context.mirror.library(wanted.library), fault)


class _Sync:
    """One attempt."""

    def __init__(self, context: SyncContext, library: Library, subscription: Subscription, progress: Progress) -> None:
        self._context = context
        self._mirror = context.mirror
        self._library = library
        self._subscription = subscription
        self._progress = progress
        self._failures = _Failures()
        self._anew = _ANEW
        self._fetched = 0

    async def all(self) -> Result:
        """The whole library."""
        await self._mirror.begin(self._library)
        read = await self._read()
        if read is None:
            await self._mirror.synced(self._library)
            return Result()
        removed = changed = 0
        while read is not None:
            catalog, now = read
            taken = await self._take(catalog)
            removed, changed = removed + taken.removed, changed + taken.changed
            await self._fetch(taken.wanted)
            read = await self._moved_on(read)
        if catalog.lost:
            self._context.left_out(self._library, catalog)
        fault = _both(self._failures.told(self._library, len(taken.wanted)), _left_out(self._library, catalog))
        if fault is not None:
            await self._fail(fault, again=self._failures.again, catalog=catalog.id)
        await self._mirror.synced(self._library, catalog.id, now)
        return Result(removed, changed, self._fetched, tuple(each.text for each in catalog.warnings))

    async def _take(self, catalog: Catalog) -> AppliedCatalog:
        try:
            return await self._mirror.take(self._library, catalog)
        except QuotaExceeded as error:  # of items, which it lists without their content
            await self._fail(error.fault, again=False, catalog=catalog.id)

    async def one(self, item_id: str, *, content: bool) -> Result:
        """Synchronizes one item: its metadata, and its content if it is kept here or requested."""
        known = await self._mirror.known_as(item_id)
        if known is None:
            return Result()  # it has gone meanwhile
        read = await self._read()
        await self._take_one(read, item_id, content=content)
        while (read := await self._moved_on(read)) is not None:
            await self._take_one(read, item_id, content=content)
        fault = self._failures.told(self._library, 1)
        if fault is not None:
            self._raise(fault, again=self._failures.again)
        await self._mirror.item_synced(self._library, item_id)
        return Result(fetched=self._fetched)

    async def _take_one(self, read: Read | None, item_id: str, *, content: bool) -> None:
        if read is not None:
            await self._take(read[0])
        known = await self._mirror.known_as(item_id)
        if known is None or not (content or not self._subscription.on_demand):
            return
        bringing = Bringing(self._context.bringing, self._library, self._opened())
        if known.offer.held != known.offer.offered or not await bringing.is_whole(known):
            await self._bring(bringing, known.offer.offered)

    async def _read(self) -> Read | None:
        try:
            return await self._context.catalogs.read(self._opened(), self._seen())
        except NotFetched as error:
            await self._fail(error.fault, again=error.again)

    def _seen(self) -> Seen | None:
        return None if self._library.following is None else self._library.following.seen

    async def _moved_on(self, before: Read | None) -> Read | None:
        """Returns the new catalog if items failed and it has changed; earlier failures are discarded."""
        if not self._failures.outside or not self._anew:
            return None
        self._anew -= 1
        try:
            read = await self._context.catalogs.read(self._opened(), self._seen() if before is None else before[1])
        except NotFetched:  # the original error is reported, not this one
            return None
        if read is None or (before is not None and read[0] == before[0]):
            return None
        self._failures = _Failures()
        return read

    async def _fail(self, fault: Fault, *, again: bool, catalog: str | None = None) -> NoReturn:
        await self._mirror.failed(self._library, fault, catalog)
        self._raise(fault, again=again)

    def _raise(self, fault: Fault, *, again: bool) -> NoReturn:
        if again:
            raise Again(fault)
        raise NotFetched(fault)

    def _opened(self) -> Subscription:
        return self._context.passwords.open(self._library.id, self._subscription)

    async def _fetch(self, wanted: tuple[OfferedItem, ...]) -> None:
        """Brings the files of items, as many at once as the configuration allows all syncs of this process together."""
        if not wanted:
            return
        self._progress.note(0, len(wanted))
        bringing = Bringing(self._context.bringing, self._library, self._opened())
        gathering = Gathering()
        await _together([self._fetch_all(bringing, deque(wanted), gathering), self._store(bringing, gathering)])

    async def _fetch_all(self, bringing: Bringing, rest: deque[OfferedItem], gathering: Gathering) -> None:
        most = self._context.bringing.transport.limits.item_syncs.most
        await _together(self._some(bringing, rest, gathering) for _ in range(min(most, len(rest))))
        await gathering.end()

    async def _some(self, bringing: Bringing, rest: deque[OfferedItem], gathering: Gathering) -> None:
        while True:
            async with self._context.bringing.transport.limits.item_syncs.one():
                if self._failures.in_a_row >= _IN_A_ROW:
                    self._turn(rest)
                if not rest:
                    return
                fetched = await self._bring(bringing, rest.popleft(), gathers=True)
            if fetched is None:
                self._progress.note(self._progress.completed + 1)
            else:
                await gathering.add(fetched)

    async def _store(self, bringing: Bringing, gathering: Gathering) -> None:
        """Stores the small items. If that fails, each is brought alone, so that it fails alone."""
        while fetched := await gathering.take():
            try:
                arrived = await bringing.store(fetched, self._context.clock.now())
                await self._mirror.complete(self._library, *arrived)
                self._fetched += len(fetched)
            except (LibraryError, OSError):
                for each in fetched:
                    await self._bring(bringing, each.offered)
            self._progress.note(self._progress.completed + len(fetched))

    def _turn(self, rest: deque[OfferedItem]) -> None:
        """Continues from the other end: the failed items may be gone and others available. Ends the second time."""
        failures = self._failures
        if failures.turned or failures.again:
            rest.clear()
        failures.turned, failures.in_a_row = True, 0
        rest.reverse()

    async def _bring(self, bringing: Bringing, offered: OfferedItem, *, gathers: bool = False) -> GatheredItem | None:
        """Fetches an item's files and makes them its content, or records the error. A new small item is only fetched."""
        fetched = None
        try:
            known = await self._mirror.item_with_room(self._library, offered)
            if gathers and known is None and can_be_gathered(offered) and not await bringing.has_begun(offered):
                fetched = GatheredItem(offered, await bringing.contents(offered))
            else:
                await self._complete(bringing, offered, known)
        except (NotFetched, Damaged, NotCompliant, QuotaExceeded) as error:
            self._failures.add(offered, error)
            await self._mirror.refuse(self._library, offered, error.fault)
        else:
            self._failures.in_a_row = 0
        return fetched

    async def _complete(self, bringing: Bringing, offered: OfferedItem, known: KnownItem | None) -> None:
        files = await bringing.item(offered, known, self._context.clock.now())
        await self._mirror.complete(self._library, ArrivedItem(offered, files))
        self._fetched += 1


def _left_out(library: Library, catalog: Catalog) -> Fault | None:
    """Returns the items that are missing because they could not be read."""
    if not catalog.lost:
        return None
    reasons = _first((each.text for each in catalog.left_out), catalog.lost)
    return messages.LEFT_OUT(name=library.name, count=catalog.lost, reasons=reasons)


def _first(reasons: Iterable[str], count: int) -> list[str]:
    """The first of many reasons, and how many more there are."""
    found = [*itertools.islice(reasons, _TOLD)]
    return [*found, f"and {count - _TOLD} more"] if count > _TOLD else found


def _both(first: Fault | None, second: Fault | None) -> Fault | None:
    if first is None or second is None:
        return first or second
    return messages.BOTH(fault=first.id, first=first, second=second)


async def _together(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Runs all concurrently. If one raises, the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Failures:
    """The items whose files did not come, or are kept out; `outside` where their publisher may have others now."""

    def __init__(self) -> None:
        self._faults: list[tuple[str, Fault]] = []
        self.again = False
        self.outside = False
        self.in_a_row = 0
        self.turned = False

    def add(self, offered: OfferedItem, error: LibraryError) -> None:
        """Notes one more."""
        self._faults.append((offered.name, error.fault))
        if isinstance(error, NotCompliant | QuotaExceeded):  # its publisher is not the reason
            self.in_a_row = 0
            return
        self.outside = True
        self.again = self.again or not isinstance(error, NotFetched) or error.again
        self.in_a_row += 1

    def told(self, library: Library, wanted: int) -> Fault | None:
        """Summarizes the errors in one sentence."""
        if not self._faults:
            return None
        count = len(self._faults)
        reasons = _first((f"{name!r}: {fault.text}" for name, fault in self._faults), count)
        return messages.ITEMS_FAILED(count=count, total=wanted, name=library.name, reasons=reasons)
