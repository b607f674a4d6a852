"""Moves the content of libraries to another storage, blob by blob, while they are read.

The versions of a library refer to the new bytes once these are safe, and unreferenced blobs are collected. Migration can be
interrupted and continued between any two steps.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog import messages
from contentlib.library.catalog.libraries import Libraries, find_library
from contentlib.library.catalog.upkeep import RESOURCE, Upkeep
from contentlib.library.clock import Clock
from contentlib.library.errors import InDesiredState, Invalid
from contentlib.library.model import Backing, Item, Library, Maintenance, StoredFile, TaskTarget, Version
from contentlib.library.ports import MetadataStore, descriptions_of
from contentlib.library.signals import unheard
from contentlib.library.tasks import NewTask, Tasks

KIND = "migrate"
_FIELD = "migrate_spec.storage_backings"


class MigrationArguments(msgspec.Struct, frozen=True):
    """Arguments of a migration."""

    library: str
    storage: str
    backings: tuple[Backing, ...]


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

    async def left(self, wanted: MigrationArguments) -> list[StoredFile]:
        """Returns what remains to be moved, one file for all with the same bytes."""
        async with self._metadata.reading() as transaction:
            await find_library(transaction, wanted.library)
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
        described = await self._versions(wanted.library)
        for item, version in described:
            await self._blobs.describe(item, version, wanted.storage)
        before = await self._switch(wanted)
        if before != wanted.storage:
            await self._undescribe(before, described)
        await self.end(wanted, unmoved)

    async def _undescribe(self, storage: str, described: list[tuple[Item, Version]]) -> None:
        descriptions = descriptions_of(self._blobs.store, storage)
        if descriptions is None:
            return
        for item, version in described:
            await self._blobs.on(storage).run(descriptions.undescribe, storage, item.id, version.id)

    async def _versions(self, library_id: str) -> list[tuple[Item, Version]]:
        async with self._metadata.reading() as transaction:
            live = [await transaction.items.get(each) for each in await transaction.items.find(library=library_id)]
            trash = [each.row for each in await transaction.deleted_items.all(self._clock.now())]
            items = [each for each in (*live, *trash) if each is not None and each.library == library_id]
            return [(item, version) for item in items for version in await transaction.versions.of(item.id)]

    async def _switch(self, wanted: MigrationArguments) -> str:
        """Sets the storage of the library and returns the previous one."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await find_library(transaction, wanted.library)
            moved = replace(library, storage=wanted.storage, backings=wanted.backings)
            if moved != library:
                now = max(self._clock.now(), library.modified)
                counted = replace(moved, modified=now, version=library.version + 1, revision=library.revision + 1)
                await transaction.libraries.put(counted)
        return library.storage

    async def end(self, wanted: MigrationArguments, unmoved: str | None) -> None:
        """Allows changes of the library again, wherever its content is."""
        async with self._metadata.transaction(durable=True) as transaction:
            library = await transaction.libraries.get(wanted.library)
            if library is not None:
                await transaction.libraries.put(replace(library, maintenance=None, unmoved=unmoved))


def _task(library: Library, wanted: MigrationArguments, user: str) -> NewTask:
    return NewTask(
        kind=KIND,
        service="com.vmware.content.library",
        operation="migrate",
        description=messages.MIGRATION(name=library.name, storage=wanted.storage),
        user=user,
        arguments=msgspec.json.encode(wanted).decode(),
        target=TaskTarget(RESOURCE, library.id),
        cancelable=False,
    )
