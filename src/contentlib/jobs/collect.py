"""Removes expired trash and unneeded versions, blobs and uploads.

A row is removed before its bytes. Bytes without a row are only removed after a grace period, because a call may be about to add
the row. Blobs without a row are set aside first and removed later: an older copy of the database may have been restored, and
the newer one may come back. Each removal is logged with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from contentlib.library import counters
from contentlib.library.bytes.storages import Storages
from contentlib.library.clock import Clock
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Retention
from contentlib.library.ports import MetadataStore, Stray, Sweep, Transaction, descriptions_of, strays_of
from contentlib.library.timekeeping import clock_set

Name = TypeVar("Name", bound=Hashable)
Thing = TypeVar("Thing")
_AT_ONCE = 100  # rows between two turns of other calls
_SWEEP = "sweep"
_TOKEN = "sweep_token"  # noqa: S105 - a key of the state, no secret
_SPARED_UNTIL = "spared_until"
_LOG = structlog.stdlib.get_logger(__name__)
_ITEMS_AT_ONCE = 20  # the same, of items, which take rows of other tables along


class Suspects(Generic[Name]):
    """Things that nothing names, and since when; time in milliseconds."""

    def __init__(self, grace: int) -> None:
        self._grace = grace
        self._since: dict[Name, int] = {}

    def condemned(self, unnamed: Collection[Name], now: int) -> list[Name]:
        """Those that have been unnamed for the grace period; one that is named again starts anew."""
        self._since = {name: self._since.get(name, now) for name in unnamed}
        return [name for name, since in self._since.items() if now - since >= self._grace]


@dataclass(frozen=True, slots=True)
class GracePeriods:
    """How long unreferenced objects are kept, and how long unknown blobs stay set aside, in milliseconds."""

    unnamed: int
    aside: int


class Collector:
    """Collects unneeded content. `kept` is the retention rule of libraries without their own."""

    def __init__(
        self,
        metadata: MetadataStore,
        lanes: Storages,
        clock: Clock,
        storages: Iterable[str],
        kept: Retention,
        periods: GracePeriods,
    ) -> None:
        self._metadata = metadata
        self._lanes = lanes
        self._store = lanes.store
        self._clock = clock
        self._storages = tuple(storages)
        self._kept = kept
        self._periods = periods
        self._uploads: dict[str, Suspects[tuple[str, int]]] = {each: Suspects(periods.unnamed) for each in self._storages}
        self._blobs: dict[str, Suspects[str]] = {each: Suspects(periods.unnamed) for each in self._storages}
        self._texts: dict[str, Suspects[tuple[str, str]]] = {each: Suspects(periods.unnamed) for each in self._storages}

    async def run(self) -> None:
        """Runs one sweep. Raises OSError at the end if a storage could not be swept; the others are swept anyway."""
        await self._empty_trash()
        await self._remove_versions()
        failures: list[OSError] = []
        now = await self._time_aside()
        spared = await self._number_sweep(failures, now)
        if not spared:
            failures += await self._remove_blobs()
        for storage in self._storages:
            try:
                strays = await self._take_back(storage)
                if not spared:
                    await self._remove_uploads(storage)
                    await self._set_strays_aside(storage, now)
                    await self._remove_strays(storage, strays, now)
                    await self._remove_texts(storage)
            except OSError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def _time_aside(self) -> int:
        """The time by which strays are counted, in milliseconds: that of the clock without all by which it was set."""
        async with self._metadata.reading() as transaction:
            return self._clock.now() - await clock_set(transaction)

    async def _number_sweep(self, failures: list[OSError], now: int) -> bool:
        """Counts this sweep in the database and on the storages. Returns whether no file must be removed.

        A storage that has seen other sweeps than the database also belongs to a newer database, or to a copy that another
        server uses at the same time. Files that this database does not know, or no longer needs, may be of that one.
        """
        seen = {storage: await self._sweep_of(storage, failures) for storage in self._storages}
        async with self._metadata.transaction(durable=True) as transaction:
            number = int(await transaction.state.get(_SWEEP) or 0)
            until = int(await transaction.state.get(_SPARED_UNTIL) or 0)
            last = Sweep(number, await transaction.state.get(_TOKEN) or "")
            newer = [storage for storage, sweep in seen.items() if _is_foreign(sweep, last)]
            if newer:
                until = now + self._periods.aside
                await transaction.state.put(_SPARED_UNTIL, str(until))
            sweep = Sweep(max(number, *(each.number for each in seen.values())) + 1, new_identifier())
            await transaction.state.put(_SWEEP, str(sweep.number))
            await transaction.state.put(_TOKEN, sweep.token)
        if newer:
            _LOG.warning(
                "database is older than storage",
                storages=newer,
                told=f"a newer database, or a server with a copy of this one, uses the storage; no file is removed until "
                f"{_moment(until)}; restore the newer database, or stop the other server",
            )
        for storage in self._storages:
            strays = strays_of(self._store, storage)
            if strays is not None:
                try:
                    await self._lanes.on(storage).run(strays.note_sweep, storage, sweep)
                except OSError as error:
                    failures.append(error)
        return now < until

    async def _sweep_of(self, storage: str, failures: list[OSError]) -> Sweep:
        strays = strays_of(self._store, storage)
        try:
            return Sweep(0) if strays is None else await self._lanes.on(storage).run(strays.sweep, storage)
        except OSError as error:
            failures.append(error)
            return Sweep(0)

    async def _empty_trash(self) -> None:
        """Removes expired trash. A library is removed after its items."""
        now = self._clock.now()
        removed = _ITEMS_AT_ONCE
        while removed == _ITEMS_AT_ONCE:
            async with self._metadata.transaction(durable=False) as transaction:
                items = await transaction.deleted_items.overdue(now, _ITEMS_AT_ONCE)
                for item_id in items:
                    await transaction.items.remove(item_id)
            removed = len(items)
        async with self._metadata.reading() as transaction:
            libraries = await transaction.deleted_libraries.overdue(now, _AT_ONCE)
        for library_id in libraries:
            await self._remove_library(library_id)

    async def _remove_library(self, library_id: str) -> None:
        async with self._metadata.transaction(durable=False) as transaction:
            await counters.note(transaction, library_id)
        removed = _ITEMS_AT_ONCE
        while removed == _ITEMS_AT_ONCE:
            async with self._metadata.transaction(durable=False) as transaction:
                removed = await transaction.items.remove_of(library_id, _ITEMS_AT_ONCE)
                if removed < _ITEMS_AT_ONCE:
                    await transaction.libraries.remove(library_id)

    async def _remove_versions(self) -> None:
        """The blobs that they named are unreferenced from then on."""
        async with self._metadata.reading() as transaction:
            own = await transaction.libraries.retentions()
        await self._remove_surplus(self._kept, None)
        for library, retention in own.items():
            await self._remove_surplus(retention, library)

    async def _remove_surplus(self, kept: Retention, library: str | None) -> None:
        before = None if kept.seconds is None else max(0, self._clock.now() - kept.seconds * 1000)
        removed = _AT_ONCE
        while removed == _AT_ONCE:
            async with self._metadata.transaction(durable=False) as transaction:
                surplus = await transaction.versions.surplus(kept.versions, _AT_ONCE, before=before, library=library)
                for version_id in surplus:
                    await transaction.versions.remove(version_id)
                await transaction.blobs.unreference(self._clock.now())
            removed = len(surplus)

    async def _remove_blobs(self) -> list[OSError]:
        """Durably: a row must not come back after its bytes are gone. Bytes that stay are strays from then on."""
        removed = _AT_ONCE
        failures: list[OSError] = []
        while removed == _AT_ONCE:
            async with self._metadata.transaction(durable=True) as transaction:
                unreferenced = await transaction.blobs.unreferenced(self._clock.now() - self._periods.unnamed, _AT_ONCE)
                for blob in unreferenced:
                    await transaction.blobs.remove(blob.id)
            for blob in unreferenced:
                try:
                    await self._lanes.on(blob.storage).run(self._store.remove, blob.storage, blob.id)
                except OSError as error:
                    failures = failures or [error]
                else:
                    _removed("blob", blob.storage, blob.id, f"unreferenced since {_moment(blob.unreferenced)}")
            removed = len(unreferenced)
        return failures

    async def _remove_uploads(self, storage: str) -> None:
        """Those that grow or are held open stay: a copy from storage to storage is named by nothing until it is complete."""
        found = await self._lanes.on(storage).long(self._sized_uploads, storage)
        async with self._metadata.reading() as transaction:
            named = await transaction.update_files.uploads() | await transaction.arrivals.uploads()
        unnamed = [each for each in found if each[0] not in named]
        for name, _ in self._uploads[storage].condemned(unnamed, self._clock.now()):
            await self._lanes.on(storage).run(self._discard, storage, name)

    def _discard(self, storage: str, upload: str) -> None:
        with suppress(BlockingIOError), self._store.stage(storage, upload):  # it is in use by a writer
            self._store.discard(storage, upload)
            _removed("upload", storage, upload, "no session names it, and it has not grown for the grace")

    def _sized_uploads(self, storage: str) -> list[tuple[str, int]]:
        return [(name, self._store.staged_size(storage, name)) for name in self._store.uploads(storage)]

    async def _set_strays_aside(self, storage: str, now: int) -> None:
        """Where nothing can be set aside, blobs without a row stay."""
        strays = strays_of(self._store, storage)
        if strays is None:
            return
        found = await self._lanes.on(storage).long(lambda: list(self._store.blobs(storage)))
        unnamed = await self._unnamed(found, lambda blob: blob, lambda rows: rows.blobs.known)
        for name in self._blobs[storage].condemned(unnamed, self._clock.now()):
            await self._lanes.on(storage).run(strays.set_aside, storage, name, now)
            _LOG.warning("stray set aside", storage=storage, blob=name, reason="the database does not know it")

    async def _take_back(self, storage: str) -> Collection[Stray]:
        """Restores strays that the database knows again, because the newer database was restored. Returns the others."""
        strays = strays_of(self._store, storage)
        if strays is None:
            return ()
        found = await self._lanes.on(storage).long(strays.strays, storage)
        unnamed = set(await self._unnamed(found, lambda stray: stray.blob, lambda rows: rows.blobs.known))
        for stray in found:
            if stray not in unnamed:
                await self._lanes.on(storage).run(strays.take_back, storage, stray)
                _LOG.warning("stray taken back", storage=storage, blob=stray.blob, reason="the database knows it again")
        return unnamed

    async def _remove_strays(self, storage: str, found: Collection[Stray], now: int) -> None:
        strays = strays_of(self._store, storage)
        for stray in found:
            if strays is not None and now - stray.since >= self._periods.aside:
                await self._lanes.on(storage).run(strays.remove_stray, storage, stray)
                _removed("stray", storage, stray.blob, f"the database has not known it since {_moment(stray.since)}")

    async def _remove_texts(self, storage: str) -> None:
        descriptions = descriptions_of(self._store, storage)
        if descriptions is None:
            return
        found = await self._lanes.on(storage).long(lambda: list(descriptions.described(storage)))
        unnamed = await self._unnamed(found, lambda text: text[1], lambda rows: rows.versions.known)
        for item, version in self._texts[storage].condemned(unnamed, self._clock.now()):
            await self._lanes.on(storage).run(descriptions.undescribe, storage, item, version)
            _removed("description", storage, f"{item}/{version}", "the content version is gone")

    async def _unnamed(
        self,
        found: list[Name],
        identifier: Callable[[Name], str],
        known: Callable[[Transaction], Callable[[Collection[str]], Awaitable[set[str]]]],
    ) -> list[Name]:
        """Returns objects without a row, yielding to other calls in between."""
        unnamed: list[Name] = []
        for batch in _batches(found):
            async with self._metadata.reading() as transaction:
                named = await known(transaction)([identifier(name) for name in batch])
            unnamed += [each for each in batch if identifier(each) not in named]
            await asyncio.sleep(0)
        return unnamed


def _removed(what: str, storage: str, name: str, reason: str) -> None:
    _LOG.info("removed", what=what, storage=storage, name=name, reason=reason)


def _moment(milliseconds: int | None) -> str:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC).isoformat(timespec="seconds")


def _batches(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    return (things[start : start + _AT_ONCE] for start in range(0, len(things), _AT_ONCE))


def _is_foreign(seen: Sweep, last: Sweep) -> bool:
    """Whether a sweep on a storage is not of this database, whose last one is known. An older one tells nothing."""
    if seen.number == last.number:
        return bool(seen.token) and seen.token != last.token
    return seen.number > last.number
