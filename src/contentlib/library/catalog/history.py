"""Decides which content versions of an item are kept, and makes earlier ones current again."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog import messages
from contentlib.library.catalog.items import check_local, current_version, find_item, next_generation, next_number, note_change
from contentlib.library.clock import Clock
from contentlib.library.errors import Busy, InDesiredState, Missing
from contentlib.library.idempotence import once
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Item, StoredFile, Token, Version
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import MetadataStore, Transaction

KIND = "content version"


class History:
    """The operations on content versions."""

    def __init__(self, metadata: MetadataStore, blobs: Blobs, clock: Clock, trust: Trust | None = None) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._trust = trust or Trust(metadata, clock)

    async def versions(self, item_id: str) -> list[Version]:
        """The versions of an item that are kept, oldest first."""
        async with self._metadata.reading() as transaction:
            await find_item(transaction, item_id)
            return await transaction.versions.of(item_id)

    async def version(self, item_id: str, number: str) -> Version:
        """The version of that number; Missing when it is not kept, or never was."""
        return _numbered(await self.versions(item_id), item_id, number)

    async def check_current(self, item_id: str, number: str, token: Token | None) -> None:
        """Raises the errors of `make_current` that are known before the files are read."""
        wanted = await self.version(item_id, number)
        async with self._metadata.reading() as transaction:
            if token is None or await transaction.tokens.find(token) is None:
                await _free_item(transaction, item_id, wanted)

    async def make_current(self, item_id: str, number: str, user: str, token: Token | None = None) -> str:
        """Makes an earlier version's files the item's content again, as a new version, and returns its number.

        Raises InDesiredState for the current version, and Busy while an update session is active.
        """
        async with self._metadata.reading() as transaction:
            known = None if token is None else await transaction.tokens.find(token)
        if known is not None:
            return known
        wanted = await self.version(item_id, number)
        for file in wanted.files:
            await self._blobs.check(file.blob, file.name)
        async with self._metadata.reading() as transaction:
            seen = await _free_item(transaction, item_id, wanted)
            library = await check_local(transaction, seen.library)
            kept = await transaction.versions.of(item_id)
            made = self._again(seen, wanted, await current_version(transaction, seen), kept, user)
        await self._trust.check(library, seen.folded_type, made.signature)
        await self._blobs.describe(seen, made)

        async def add(transaction: Transaction) -> str:
            item = await _free_item(transaction, item_id, wanted)
            if item.version_id != seen.version_id:
                raise Busy(messages.ITEM_CHANGED(item=item_id))
            await _make(transaction, item, made)
            return str(made.number)

        return await once(self._metadata, self._clock, token, add)

    def _again(self, item: Item, wanted: Version, current: Version, kept: Sequence[Version], user: str) -> Version:
        now = max(self._clock.now(), current.created + 1)
        generation = next_generation(kept, now)
        files = tuple(_raised(file, current.file(file.name), generation) for file in wanted.files)
        message = f"content version {wanted.number} was made current again"
        number = next_number(item, kept)
        made = replace(wanted, id=new_identifier(), number=number, created=now, files=files, user=user, message=message)
        return made.after(current)


def _numbered(versions: list[Version], item_id: str, number: str) -> Version:
    for version in versions:
        if str(version.number) == number:
            return version
    raise Missing(KIND, f"{number} of library item {item_id}")


async def _make(transaction: Transaction, item: Item, made: Version) -> None:
    """Makes a new version current."""
    await transaction.versions.add(made)
    changed = replace(
        item,
        content_version=made.number,
        version_id=made.id,
        size=sum(file.size for file in made.files),
        modified=max(made.created, item.modified),
    )
    await transaction.items.put(changed)
    await note_change(transaction, changed)


async def _free_item(transaction: Transaction, item_id: str, wanted: Version) -> Item:
    """The item, when the version can be made current now."""
    item = await find_item(transaction, item_id)
    await check_local(transaction, item.library)
    if item.version_id == wanted.id:
        raise InDesiredState(messages.VERSION_CURRENT(version=wanted.number, item=item.id))
    if await transaction.versions.get(wanted.id) is None:
        raise Missing(KIND, f"{wanted.number} of library item {item.id}")
    active = await transaction.update_sessions.active_of(item.id)
    if active is not None:
        raise Busy(messages.ITEM_BUSY(item=item.id, session=active.id))
    return item


def _raised(file: StoredFile, current: StoredFile | None, generation: int) -> StoredFile:
    """A file of an earlier version, as a content that is newer than all before it."""
    if current is not None and current.blob == file.blob:
        return current
    return replace(file, revision=(current or file).revision + 1, generation=generation)
