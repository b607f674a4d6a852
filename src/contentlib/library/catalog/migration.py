"""Moves the content of libraries to another storage, blob by blob, while they are read.

The versions of a library refer to the new bytes once these are safe, and unreferenced blobs are collected. Migration can be
interrupted and continued between any two steps.

A library is in maintenance while `migrate` of the API moves it. It can be changed while its storage is cleared: its content is
moved first, new content is received on the other storage from then on, and the rest is moved afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog import messages
from contentlib.library.catalog.libraries import Libraries, find_library
from contentlib.library.catalog.upkeep import CLEARING, RESOURCE, Upkeep
from contentlib.library.catalogs import Arrival
from contentlib.library.clock import Clock
from contentlib.library.errors import Damaged, InDesiredState, Invalid, Missing
from contentlib.library.model import Backing, BackingType, Item, Library, Maintenance, StoredFile, TaskTarget, Version
from contentlib.library.ports import MetadataStore, Transaction, descriptions_of
from contentlib.library.signals import unheard
from contentlib.library.tasks import NewTask, Tasks

KIND = "migrate"
_FIELD = "migrate_spec.storage_backings"
_AT_ONCE = 100  # items whose versions are described together


class MigrationArguments(msgspec.Struct, frozen=True):
    """Arguments of a migration. `source` is the storage that is cleared, if that is why the library moves."""

    library: str
    storage: str
    backings: tuple[Backing, ...]
    source: str = ""


class Migrations:
    """The steps of migrations. `submitted` is called when a task was submitted."""

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: Blobs,
        clock: Clock,
        libraries: Libraries,
        upkeep: Upkeep,
        submitted: Callable[[], None] = unheard,
    ) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._libraries = libraries
        self._upkeep = upkeep
        self._submitted = submitted
        self._tasks = Tasks(metadata, clock)

    async def begin(self, library_id: str, backings: tuple[Backing, ...], user: str) -> str:
        """Sets a library to maintenance and starts to move it. Returns the identifier of the task.

        Raises InDesiredState if all of it is already there, and WrongState while its content is being changed.
        """
        if not backings:
            raise Invalid(messages.STORAGE_REQUIRED(field=_FIELD))
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, library_id)
            storage = self._libraries.storage_of(_FIELD, backings)
            if library.storage == storage and not await transaction.versions.elsewhere(library_id, storage):
                raise InDesiredState(messages.ALREADY_ON_STORAGE(library=library_id, storage=storage))
            task = await self._tasks.submit(
                transaction, _task(library, MigrationArguments(library_id, storage, backings), user)
            )
            reason = f"task {task.id} is moving its content from storage {library.storage} to storage {storage}"
            await self._upkeep.begin(transaction, library, Maintenance(reason, task.id))
        self._submitted()
        return task.id

    async def begin_clearing(self, library_id: str, source: str, target: str, user: str) -> str | None:
        """Starts to move all that a library, which may be in the trash, has on a storage, while it can be changed.

        Returns the identifier of the task, or that of a task that moves the library already; None if the library is gone.
        A library of a third storage gets its content there.
        """
        async with self._metadata.transaction(durable=True) as transaction:
            library = await _kept_library(transaction, library_id)
            if library is None:
                return None
            for task in await transaction.tasks.of_target(TaskTarget(RESOURCE, library_id)):
                if task.ended is None and task.kind in (KIND, CLEARING):
                    return task.id
            storage, backings = library.storage, library.backings
            if storage == source:
                storage, backings = target, (Backing(BackingType.DATASTORE, target),)
            wanted = MigrationArguments(library_id, storage, backings, source)
            found = await self._tasks.submit(transaction, _task(library, wanted, user, CLEARING))
        self._submitted()
        return found.id

    def check_storage(self, wanted: MigrationArguments) -> None:
        """Raises Invalid if this process does not have the storage, because it has other settings."""
        self._libraries.storage_of(_FIELD, wanted.backings)

    async def left(self, wanted: MigrationArguments) -> list[StoredFile]:
        """Returns what remains to be moved, one file for all with the same bytes."""
        async with self._metadata.reading() as transaction:
            if await _kept_library(transaction, wanted.library) is None:
                raise Missing("library", wanted.library)
            return await transaction.versions.elsewhere(wanted.library, wanted.storage)

    async def move(self, wanted: MigrationArguments, file: StoredFile, advance: Callable[[int], None]) -> None:
        """Moves the bytes of a file, for all versions of the library that have them."""
        moved = await self._blobs.at(wanted.storage, file, advance)
        only_moved = Version(id="", item="", number=0, created=0, files=(moved,))
        await self._blobs.flush(only_moved)
        async with self._metadata.transaction(durable=False) as transaction:
            await self._blobs.check_kept(transaction, only_moved)
            await transaction.versions.move(wanted.library, file.blob, moved.blob)

    async def finish(self, wanted: MigrationArguments, unmoved: str | None) -> None:
        """Moves the library itself to the other storage and ends maintenance. `unmoved` describes what was not moved."""
        await self._describe(wanted)
        before = await self.switch(wanted)
        if before != wanted.storage:
            await self._undescribe(wanted, before)
        await self.end(wanted, unmoved)

    async def switch(self, wanted: MigrationArguments) -> str:
        """Sets the storage of the library, where new content is received from then on. Returns the previous one."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await _kept_library(transaction, wanted.library)
            if library is None:
                raise Missing("library", wanted.library)
            moved = replace(library, storage=wanted.storage, backings=wanted.backings)
            if moved != library:
                now = max(self._clock.now(), library.modified)
                await _put(transaction, replace(moved, modified=now, version=moved.version + 1, revision=moved.revision + 1))
        return library.storage

    async def move_arrivals(self, wanted: MigrationArguments) -> None:
        """Moves the complete files of items that the server still fetches."""
        async with self._metadata.reading() as transaction:
            arrivals = [each for each in await transaction.arrivals.on(wanted.source) if each.library == wanted.library]
        for arrival in arrivals:
            await self._move_arrival(wanted, arrival)

    async def _move_arrival(self, wanted: MigrationArguments, arrival: Arrival) -> None:
        async with self._metadata.reading() as transaction:
            blob = await transaction.blobs.get(arrival.blob or "")
        moved = None
        if blob is not None:
            with suppress(Damaged):  # it is fetched again
                moved = (await self._blobs.at(wanted.storage, StoredFile(arrival.id, blob.id, blob.size, 1, None))).blob
        async with self._metadata.transaction(durable=False) as transaction:
            if await transaction.arrivals.get(arrival.id) == arrival:
                await transaction.arrivals.put(replace(arrival, blob=moved))

    async def settle(self, wanted: MigrationArguments, unmoved: str | None) -> None:
        """Moves the descriptions of a library that could be changed meanwhile, and notes what was not moved."""
        await self._describe(wanted)
        await self._undescribe(wanted, wanted.source)
        await self.note(wanted, unmoved)

    async def kept(self, library_id: str) -> Library | None:
        """A library, also one in the trash; None if it is gone."""
        async with self._metadata.reading() as transaction:
            return await _kept_library(transaction, library_id)

    async def note(self, wanted: MigrationArguments, unmoved: str | None) -> None:
        """Notes what was not moved of a library that can be changed."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await _kept_library(transaction, wanted.library)
            if library is not None and library.unmoved != unmoved:
                await _put(transaction, replace(library, unmoved=unmoved))

    async def _describe(self, wanted: MigrationArguments) -> None:
        async for described in self._versions(wanted.library):
            await self._blobs.describe_all(wanted.library, described, wanted.storage)

    async def _undescribe(self, wanted: MigrationArguments, storage: str) -> None:
        descriptions = descriptions_of(self._blobs.store, storage)
        if descriptions is None:
            return
        async for described in self._versions(wanted.library):
            for item, version in described:
                await self._blobs.on(storage).run(descriptions.undescribe, storage, item.id, version.id)

    async def _versions(self, library_id: str) -> AsyncIterator[list[tuple[Item, Version]]]:
        """The versions of all items, of those in the trash too, some items at a time."""
        async with self._metadata.reading() as transaction:
            ids = await transaction.items.find(library=library_id)
            trash = [each.row for each in await transaction.deleted_items.all(self._clock.now())]
        trashed = {each.id: each for each in trash if each.library == library_id}
        found_ids = [*ids, *trashed]
        for start in range(0, len(found_ids), _AT_ONCE):
            async with self._metadata.reading() as transaction:
                found = [trashed.get(each) or await transaction.items.get(each) for each in found_ids[start : start + _AT_ONCE]]
                items = [each for each in found if each is not None]
                yield [(item, version) for item in items for version in await transaction.versions.of(item.id)]

    async def end(self, wanted: MigrationArguments, unmoved: str | None) -> None:
        """Allows changes of the library again, wherever its content is."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await transaction.libraries.get(wanted.library)
            if library is not None:
                await transaction.libraries.put(replace(library, maintenance=None, unmoved=unmoved))


async def _kept_library(transaction: Transaction, library_id: str) -> Library | None:
    """A library, also one in the trash."""
    library = await transaction.libraries.get(library_id)
    if library is not None:
        return library
    deleted = await transaction.deleted_libraries.get(library_id)
    return None if deleted is None else deleted.row


async def _put(transaction: Transaction, library: Library) -> None:
    if await transaction.libraries.get(library.id) is None:
        await transaction.deleted_libraries.put(library)
    else:
        await transaction.libraries.put(library)


def _task(library: Library, wanted: MigrationArguments, user: str, kind: str = KIND) -> NewTask:
    return NewTask(
        kind=kind,
        service="com.vmware.content.library",
        operation="migrate",
        description=messages.MIGRATION(name=library.name, storage=wanted.storage),
        user=user,
        arguments=msgspec.json.encode(wanted).decode(),
        target=TaskTarget(RESOURCE, library.id),
        cancelable=False,
    )
