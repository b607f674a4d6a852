"""Creates, changes, copies and deletes library items and their content versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog import messages
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, Invalid, ItemNameTaken, Missing, MissingFile, NotHere, VersionConflict, WrongType
from contentlib.library.idempotence import once
from contentlib.library.identifiers import new_identifier
from contentlib.library.leases import Ended, fire
from contentlib.library.messages import REQUIRED
from contentlib.library.model import Annotation, Item, Library, LibraryType, StoredFile, Token, UpdateSession, Version
from contentlib.library.names import check_description, check_name, check_text, fold
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.protection import check_changeable, check_unused
from contentlib.library.quotas import check_room, within_quotas
from contentlib.library.signals import unheard

_DESTINATION = "destination_create_spec"
FIRST_VERSION = 1
"""The content version of an item that never had content; the first completed session makes version 2."""


class NewItem(msgspec.Struct, frozen=True):
    """A caller's specification of an item to create or to copy to."""

    library: str | None
    name: str | None
    description: str | None = None
    type: str | None = None
    source: str | None = None


class ItemChange(msgspec.Struct, frozen=True):
    """A caller's changes of an item. None means unchanged."""

    name: str | None = None
    description: str | None = None
    type: str | None = None
    version: str | None = None


class Items:
    """The operations on items; times in milliseconds. `kept` is how long a deleted item can be restored."""

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: Blobs,
        clock: Clock,
        ended: Ended = unheard,
        kept: int = 0,
        trust: Trust | None = None,
    ) -> None:
        self._ended = ended
        self._kept = kept
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._trust = trust or Trust(metadata, clock)

    async def create(self, new: NewItem, token: Token | None, user: str = "") -> str:
        """Creates an item without content and answers its identifier.

        A draft of the same name whose import failed goes into the trash, so that the import can be tried again; Taken for
        any other item of that name.
        """
        item = replace(self._new(new, "create_spec"), user=user)

        async def add(transaction: Transaction) -> str:
            await check_local(transaction, item.library)
            await self._free_name(transaction, item, user)
            async with within_quotas(transaction, item.library, user):
                await transaction.items.add(item)
            await note_change(transaction, item)
            return item.id

        return await once(self._metadata, self._clock, token, add)

    async def get(self, item_id: str) -> Item:
        """The item, or Missing; one that follows a publisher was synchronized whenever its library was."""
        async with self._metadata.reading() as transaction:
            item = await find_item(transaction, item_id)
            library = None if item.synced is None else await transaction.libraries.get(item.library)
        if library is None or library.following is None:
            return item
        return replace(item, synced=max(item.synced or 0, library.following.synced or 0))

    async def ids(self, library_id: str) -> list[str]:
        """The identifiers of a library's items, in order of creation."""
        async with self._metadata.reading() as transaction:
            if await transaction.libraries.get(library_id) is None:
                raise Missing("library", library_id)
            return await transaction.items.find(library=library_id)

    async def find(self, criteria: Mapping[str, str], cached: bool | None) -> list[str]:
        """The identifiers of the items that match all criteria: name and type without regard to case, library, source."""
        if not criteria and cached is None:
            raise Invalid(messages.NO_CRITERIA(field="spec"))
        folded = {key: fold(value) if key in ("name", "type") else value for key, value in criteria.items()}
        async with self._metadata.reading() as transaction:
            return await transaction.items.find(
                library=folded.get("library_id"),
                folded_name=folded.get("name"),
                folded_type=folded.get("type"),
                source=folded.get("source_id"),
                cached=cached,
            )

    async def update(self, item_id: str, change: ItemChange) -> None:
        """Changes the given properties. Raises VersionConflict if `version` is given and not the item's.

        If nothing changes, no version is increased. A failed draft that is changed becomes a normal item and keeps its name.
        """
        changes: dict[str, object] = {}
        if change.name is not None:
            changes["name"] = check_name("update_spec.name", change.name)
            changes["folded_name"] = fold(change.name)
        if change.description is not None:
            changes["description"] = check_description("update_spec.description", change.description)
        if change.type is not None:
            changes["type"] = _check_type("update_spec.type", change.type)
            changes["folded_type"] = fold(change.type)
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            library = await check_local(transaction, item.library)
            if change.version is not None and change.version != str(item.version):
                raise VersionConflict("library item", item_id, change.version, str(item.version))
            changed = replace(item, **changes)
            if changed == item:
                return
            if changed.folded_type != item.folded_type and item.version_id is not None:
                await self._trust.check(library, changed.folded_type, await transaction.versions.signature(item.version_id))
            if changed.folded_name != item.folded_name:
                await self.check_name_free(transaction, changed, "update_spec.name")
            counted = replace(
                changed,
                abandoned=False,
                modified=max(self._clock.now(), item.modified),
                version=item.version + 1,
                metadata_version=item.metadata_version + 1,
            )
            await transaction.items.put(counted)
            await note_change(transaction, counted)

    async def delete(self, item_id: str, user: str = "") -> None:
        """Moves an item to the trash. A running update session ends; a running download completes.

        Raises InUse if its library is in use and protects its items.
        """
        async with self._metadata.transaction(durable=True) as transaction:
            item = await find_item(transaction, item_id)
            library = await check_local(transaction, item.library)
            if library.apply_usage_to_items:
                await check_unused(transaction, library, f"library item {item.name!r}")
            session = await transaction.update_sessions.active_of(item_id)
            now = self._clock.now()
            if session is not None:
                await cancel(transaction, session, now, messages.ITEM_DELETED(name=item.name))
            await transaction.deleted_items.add(item_id, user, now, now + self._kept)
            await note_change(transaction, item)
        if session is not None:
            self._ended(session.id)

    async def copy(self, source_id: str, new: NewItem, token: Token | None, user: str = "") -> str:
        """Copies an item with its current content into a library and returns the copy's identifier.

        Name, description and type default to those of the source.
        """
        async with self._metadata.reading() as transaction:
            known = None if token is None else await transaction.tokens.find(token)
            if known is not None:
                return known
            source, item = await self._to_be_copied(transaction, source_id, new)
            version = await current_version(transaction, source)
            check_here(source)
            library = await check_local(transaction, item.library)
            await self.check_name_free(transaction, item, f"{_DESTINATION}.name")  # also before bytes are copied in vain
            await check_room(transaction, item.library, source.size)
        await self._trust.check(library, item.folded_type, version.signature)
        async with self._blobs.holding() as hold:
            files = []
            for file in version.files:
                files.append(await self._blobs.at(library.storage, file))
                hold.add(files[-1].blob)
            return await self._add_copy(source, item, version, tuple(files), token, user)

    async def _add_copy(
        self, source: Item, item: Item, version: Version, files: tuple[StoredFile, ...], token: Token | None, user: str
    ) -> str:
        """Adds the copy of an item, whose files are on the storage of its library."""
        copied = replace(
            version,
            id=new_identifier(),
            item=item.id,
            number=FIRST_VERSION + 1,
            created=item.created,
            files=tuple(replace(file, user=user) for file in files),
            user=user,
            message=f"content version {version.number} of library item {source.id} was copied",
        ).after(replace(version, files=()))
        item = replace(item, user=user)
        if source.version_id is not None:
            item = replace(item, content_version=copied.number, size=source.size, version_id=copied.id)
            await self._blobs.flush(copied)
            await self._blobs.describe(item, copied)

        async def add(transaction: Transaction) -> str:
            if item.version_id is not None:  # before the item, whose row names it
                await self._blobs.check_kept(transaction, copied)
                await transaction.versions.add(copied)
            await check_local(transaction, item.library)
            await self.check_name_free(transaction, item, f"{_DESTINATION}.name")
            async with within_quotas(transaction, item.library, user):  # the version counts from when its item is there
                await transaction.items.add(item)
            annotation = await transaction.annotations.get(source.id)
            if annotation != Annotation(source.id):
                await transaction.annotations.put_item(replace(annotation, thing=item.id))
            await note_change(transaction, item)
            return item.id

        return await once(self._metadata, self._clock, token, add)

    async def check_copy(self, source_id: str, new: NewItem, token: Token | None) -> None:
        """Raises the errors of `copy` that are known before copying."""
        async with self._metadata.reading() as transaction:
            if token is None or await transaction.tokens.find(token) is None:
                _, item = await self._to_be_copied(transaction, source_id, new)
                await check_local(transaction, item.library)
                await self.check_name_free(transaction, item, f"{_DESTINATION}.name")

    async def _to_be_copied(self, transaction: Transaction, source_id: str, new: NewItem) -> tuple[Item, Item]:
        """The source, and the copy as it will be without content."""
        source = await find_item(transaction, source_id)
        return source, self._new(_filled(new, source), _DESTINATION)

    async def files(self, item_id: str) -> tuple[Item, Version]:
        """Returns the item and its current content version, or the publisher's offer if the content is not stored.

        The version of an item without content has no files.
        """
        async with self._metadata.reading() as transaction:
            item = await find_item(transaction, item_id)
            return item, await shown_version(transaction, item)

    async def file(self, item_id: str, name: str) -> tuple[Item, StoredFile]:
        """Returns the item and a file of its current content version. Raises MissingFile for an unknown name."""
        item, version = await self.files(item_id)
        file = version.file(name)
        if file is None:
            raise MissingFile("library item", item_id, name)
        return item, file

    def _new(self, new: NewItem, field: str) -> Item:
        if new.library is None:
            raise Invalid(REQUIRED(field=f"{field}.library_id"))
        if new.name is None:
            raise Invalid(REQUIRED(field=f"{field}.name"))
        now = self._clock.now()
        kind = _check_type(f"{field}.type", new.type or "")
        return Item(
            id=new_identifier(),
            library=new.library,
            name=check_name(f"{field}.name", new.name),
            folded_name=fold(new.name),
            description=check_description(f"{field}.description", new.description or ""),
            type=kind,
            folded_type=fold(kind),
            created=now,
            modified=now,
            version=1,
            metadata_version=1,
            content_version=FIRST_VERSION,
            source=None if new.source is None else check_text(f"{field}.source_id", new.source),
        )

    async def check_name_free(self, transaction: Transaction, item: Item, field: str) -> None:
        """Taken when another item of the library has the name."""
        for other_id in await transaction.items.find(library=item.library, folded_name=item.folded_name):
            if other_id != item.id:
                raise _taken(await find_item(transaction, other_id), field)

    async def _free_name(self, transaction: Transaction, item: Item, user: str) -> None:
        """Moves drafts that have the name of a new item, and whose update session failed or has no files, into the trash.

        Taken when any other item of the library has the name.
        """
        now = self._clock.now()
        for other_id in await transaction.items.find(library=item.library, folded_name=item.folded_name):
            other = await find_item(transaction, other_id)
            if not other.failed_draft or await _is_being_filled(transaction, other_id):
                raise _taken(other, "create_spec.name")
            await transaction.deleted_items.add(other_id, user, now, now + self._kept)
            await note_change(transaction, other)


def _taken(item: Item, field: str) -> ItemNameTaken:
    return ItemNameTaken(messages.ITEM_NAME_TAKEN(field=field, library=item.library, name=item.name, item=item.id))


async def _is_being_filled(transaction: Transaction, item_id: str) -> bool:
    active = await transaction.update_sessions.active_of(item_id)
    return active is not None and bool(await transaction.update_files.of(active.id))


async def note_change(transaction: Transaction, item: Item) -> None:
    """Notes a change for the subscribers of the item's library, who see all of its items."""
    await transaction.libraries.changed(item.library)


async def find_item(transaction: Transaction, item_id: str) -> Item:
    """The item, or Missing."""
    item = await transaction.items.get(item_id)
    if item is None:
        raise Missing("library item", item_id)
    return item


async def current_version(transaction: Transaction, item: Item) -> Version:
    """The current content version; one without files where the item never had content."""
    if item.version_id is not None:
        version = await transaction.versions.get(item.version_id)
        if version is not None:
            return version
    return Version(id="", item=item.id, number=item.content_version, created=item.created, files=())


def next_number(item: Item, kept: Iterable[Version]) -> int:
    """Returns the number of an item's next content version, above all versions that are kept."""
    return max([item.content_version, *(each.number for each in kept)]) + 1


def next_generation(kept: Iterable[Version], now: int) -> int:
    """The generation of new contents: the time in seconds, or more where one of the kept versions reaches that far.

    It is above that of a file that the current version has not any more, too: subscribers may have seen that.
    """
    reached = (max([each.created // 1000, *(file.generation for file in each.files)]) for each in kept)
    return max(now // 1000, max(reached, default=0) + 1)


async def shown_version(transaction: Transaction, item: Item) -> Version:
    """The current content version or, where it is not here, one of files without bytes, as the publisher offers them."""
    offer = None if item.cached else await transaction.offers.get(item.id)
    if offer is None:
        return await current_version(transaction, item)
    files = tuple(StoredFile(file.name, "", file.size or 0, 1, None) for file in offer.offered.files)
    return Version(id="", item=item.id, number=item.content_version, created=item.created, files=files)


def check_here(item: Item) -> None:
    """NotHere when the content of an item is still at its publisher."""
    if not item.cached:
        raise NotHere(messages.ITEM_NOT_CACHED(item=item.id))


async def check_local(transaction: Transaction, library_id: str) -> Library:
    """The library, to change its items; Missing, WrongType when they are not its own, WrongState while it is in maintenance."""
    library = await transaction.libraries.get(library_id)
    if library is None:
        raise Missing("library", library_id)
    if library.type is not LibraryType.LOCAL:
        raise WrongType(messages.ITEMS_READ_ONLY(type=library.type, library=library_id))
    check_changeable(library)
    return library


async def cancel(transaction: Transaction, session: UpdateSession, now: int, reason: Fault) -> None:
    """Ends an update session whose item goes."""
    await transaction.update_sessions.put(fire("update session", session, "canceled", now, reason))


def _filled(new: NewItem, source: Item) -> NewItem:
    return NewItem(
        library=new.library,
        name=source.name if new.name is None else new.name,
        description=source.description if new.description is None else new.description,
        type=source.type if new.type is None else new.type,
        source=source.source or source.id,
    )


def _check_type(field: str, kind: str) -> str:
    return check_name(field, kind) if kind else ""
