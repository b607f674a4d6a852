"""Sums up for a caller what is here, what it needs, and what needs attention."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from contentlib.access import messages
from contentlib.access.gate import AccessGate
from contentlib.access.rights import Rights
from contentlib.access.roles import VIEW_ACCESS
from contentlib.access.scopes import LIBRARY, TASK
from contentlib.access.visibility import seen_by
from contentlib.inventory import Inventory, Space
from contentlib.library.clock import Clock
from contentlib.library.model import FillLevel, Library, SeenLibraries, StoredAmount, Task, TaskStatus, library_owner
from contentlib.library.names import fold
from contentlib.library.packages.signatures import read_pem
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.messages import Fault
from contentlib.vapi.registry import Call

MOST_CONCERNS = 100
_DAY = 24 * 60 * 60 * 1000
_FAILED_SINCE, _EXPIRES_WITHIN, _GROWN_SINCE = _DAY, 30 * _DAY, 30 * _DAY
_FULL_PERCENT = 90
_FRESH = 60_000
DATASTORE, CERTIFICATE, TOKEN, SERVER = "Datastore", "certificate", "API token", "server"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs attention: a sentence, and the type and identifier of what it is about."""

    fault: Fault
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class ExpiryDate:
    """A certificate or a token that expires soon, or has expired."""

    type: str
    id: str
    name: str
    time: int


@dataclass(frozen=True, slots=True)
class StorageFigures:
    """A storage, its space, and the content on it for callers who may read everything."""

    id: str
    name: str
    space: Space
    content: StoredAmount | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What is stored on all storages, and what libraries would hold if they shared nothing; as of a time."""

    at: int
    stored: tuple[StoredAmount, ...]
    held: int

    @property
    def shared(self) -> int:
        """The bytes that are saved because equal content is stored once."""
        return max(self.held - sum(each.bytes for each in self.stored), 0)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is here, as far as a caller may see it."""

    libraries: int
    items: int
    running: int
    failed: int
    storages: list[StorageFigures]
    shared: int | None
    expiring: list[ExpiryDate]
    concerns: list[Concern]


class Overview:
    """Sums up the server for callers. Content of storages is summed up at most once a minute."""

    def __init__(
        self, metadata: MetadataStore, gate: AccessGate, clock: Clock, inventory: Inventory, certificate: bytes | None
    ) -> None:
        self._metadata = metadata
        self._gate = gate
        self._clock = clock
        self._inventory = inventory
        self._certificate = certificate
        self._sums: Sums | None = None

    async def of(self, call: Call) -> Situation:
        """What a caller may see."""
        rights, now = await self._gate.rights(call), self._clock.now()
        seen = seen_by(rights)
        tasks = await self._tasks(call, now)
        async with self._metadata.reading() as transaction:
            libraries, items = await transaction.figures.counts(seen)
            expiring = [each async for each in self._expiring(transaction, call, rights)]
            concerns = [*_of_tasks(tasks), *await _of_libraries(transaction, seen)]
        sums = await self._summed(now) if seen == SeenLibraries() else None
        storages = await self._storages(sums)
        soon = sorted((each for each in expiring if each.time < now + _EXPIRES_WITHIN), key=lambda each: each.time)
        concerns = [*_of_storages(storages), *_of_expiries(soon, now), *concerns]
        ended = sum(task.ended is not None for task in tasks)
        shared = None if sums is None else sums.shared
        return Situation(libraries, items, len(tasks) - ended, ended, storages, shared, soon, concerns[:MOST_CONCERNS])

    async def _tasks(self, call: Call, now: int) -> list[Task]:
        """The tasks that have not ended, and those that failed during the last day."""
        async with self._metadata.reading() as transaction:
            found = await transaction.tasks.all()
        wanted = [each for each in found if each.ended is None or _failed_lately(each, now)]
        visible = await self._gate.visible(call, TASK, [each.id for each in wanted])
        return [each for each in wanted if each.id in visible]

    async def _expiring(self, transaction: Transaction, call: Call, rights: Rights) -> AsyncIterator[ExpiryDate]:
        user = None if VIEW_ACCESS in rights.everything else fold(call.user)
        for token in await transaction.api_tokens.all(user):
            if token.expires is not None:
                yield ExpiryDate(TOKEN, token.id, token.name, token.expires)
        for trusted in await transaction.trusted_certificates.all():
            for each in _certificates(trusted.text, CERTIFICATE, trusted.id):
                yield each
        if self._certificate is not None:
            for each in _certificates(self._certificate.decode("ascii", "replace"), CERTIFICATE, SERVER):
                yield each

    async def _summed(self, now: int) -> Sums:
        known = self._sums
        if known is None or not 0 <= now - known.at < _FRESH:
            async with self._metadata.reading() as transaction:
                stored = await transaction.figures.stored(now - _GROWN_SINCE)
                known = self._sums = Sums(now, tuple(stored), await transaction.figures.held())
        return known

    async def _storages(self, sums: Sums | None) -> list[StorageFigures]:
        spaces = await self._inventory.spaces()
        empty = {each.id: StoredAmount(each.id, 0, 0) for each in self._inventory.datastores}
        stored = {} if sums is None else empty | {each.storage: each for each in sums.stored}
        return [StorageFigures(each.id, each.name, spaces[each.id], stored.get(each.id)) for each in self._inventory.datastores]


def _failed_lately(task: Task, now: int) -> bool:
    return task.status is TaskStatus.FAILED and task.ended is not None and task.ended > now - _FAILED_SINCE


def _certificates(text: str, kind: str, identifier: str) -> Iterator[ExpiryDate]:
    for each in read_pem(text)[:1]:
        moment = each.not_valid_after_utc
        yield ExpiryDate(kind, identifier, each.subject.rfc4514_string(), int(moment.timestamp() * 1000))


def _of_tasks(tasks: Iterable[Task]) -> Iterator[Concern]:
    for task in tasks:
        if task.ended is not None:
            reason = "" if task.fault is None else task.fault.text
            name = f"{task.service}.{task.operation}".removesuffix("$task")
            yield Concern(messages.TASK_FAILED(operation=name, reason=reason), TASK, task.id)


async def _of_libraries(transaction: Transaction, seen: SeenLibraries) -> list[Concern]:
    found = []
    for identifier in await transaction.figures.troubled(seen, MOST_CONCERNS):
        library = await transaction.libraries.get(identifier)
        if library is not None:
            found.append(Concern(_trouble(library), LIBRARY, identifier))
    for quota in await transaction.quotas.all():
        identifier = quota.owner.removeprefix(library_owner(""))
        if quota.level in (FillLevel.CRITICAL, FillLevel.FULL) and seen.has(identifier):
            library = await transaction.libraries.get(identifier)
            if library is not None:
                found.append(Concern(messages.QUOTA_FILLED(name=library.name), LIBRARY, identifier))
    return found


def _trouble(library: Library) -> Fault:
    if library.following is not None and library.following.fault is not None:
        return messages.SYNC_FAILED(name=library.name, reason=library.following.fault.text)
    reason = "" if library.maintenance is None else library.maintenance.reason
    return messages.IN_MAINTENANCE(name=library.name, reason=reason)


def _of_storages(storages: Iterable[StorageFigures]) -> Iterator[Concern]:
    for each in storages:
        space = each.space
        percent = 100 * (space.capacity - space.free) // space.capacity if space.capacity else 0
        if not space.accessible:
            yield Concern(messages.STORAGE_UNREACHABLE(name=each.name), DATASTORE, each.id)
        elif percent >= _FULL_PERCENT:
            yield Concern(messages.STORAGE_FILLED(name=each.name, percent=percent), DATASTORE, each.id)


def _of_expiries(expiring: Iterable[ExpiryDate], now: int) -> Iterator[Concern]:
    for each in expiring:
        message = messages.EXPIRED if each.time <= now else messages.EXPIRES
        date = f"{datetime.fromtimestamp(each.time / 1000, UTC):%Y-%m-%d}"
        yield Concern(message(kind=each.type, name=each.name, date=date), each.type, each.id)
