"""Applies a publisher's catalog to a subscribed library.

Items are matched by the publisher's identifiers, never by name. The order is: remove deleted items, rename all renamed items
together, update other metadata, add new items. So a name is always free when it is needed. An item's content changes as a
whole, once all its files are stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import FIRST_VERSION, current_version
from contentlib.library.catalog.libraries import find_library
from contentlib.library.catalogs import Catalog, ItemOffer, OfferedFile, OfferedItem, Seen
from contentlib.library.clock import Clock
from contentlib.library.errors import Busy, Fault
from contentlib.library.following import messages
from contentlib.library.following.offered import AppliedCatalog, ArrivedItem, KnownItem
from contentlib.library.following.subscribed import SUBSCRIBED, drop_content
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Following, Item, Library, StoredFile, Version
from contentlib.library.names import fold, usable
from contentlib.library.packages.trust import Trust
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.protection import check_changeable
from contentlib.library.quotas import check_room, within_quotas
from contentlib.library.sessions.package_checks import PackageChecks

_AT_ONCE = 100  # rows between two turns of other calls
_LARGEST = 2**63 - 1


class _MadeVersion(msgspec.Struct, frozen=True):
    """A content version that is to be added, and its item, which is new unless it is known."""

    offered: OfferedItem
    known: KnownItem | None
    item: Item
    version: Version


class Mirror:
    """Keeps the items of subscribed libraries as their publishers have them; `trust` judges who signed their packages."""

    def __init__(self, metadata: MetadataStore, blobs: Blobs, clock: Clock, trust: Trust | None = None) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._sealing = PackageChecks(metadata, blobs, clock, trust or Trust(metadata, clock))

    async def library(self, library_id: str) -> Library:
        """The subscribed library, as it is now."""
        async with self._metadata.reading() as transaction:
            return await find_library(transaction, library_id, SUBSCRIBED)

    async def known_as(self, item_id: str) -> KnownItem | None:
        """The item of an identifier of ours."""
        async with self._metadata.reading() as transaction:
            item, offer = await transaction.items.get(item_id), await transaction.offers.get(item_id)
        return None if item is None or offer is None else KnownItem(item, offer)

    async def take(self, library: Library, catalog: Catalog) -> AppliedCatalog:
        """Applies everything except missing content; on demand that is everything.

        Items of a previous library are removed, once: content fetched for this library is kept if it is applied again.
        """
        known = await self._all(library)
        offered = {each.id: each for each in catalog.items}
        following = (await self.library(library.id)).following
        another = following is not None and following.catalog not in (None, catalog.id)
        stay = () if another else {*offered, *catalog.unread}
        gone = [each for source, each in known.items() if source not in stay]
        await self._remove(library, gone)
        if another:
            await self._follow(library, catalog=catalog.id, seen=None)
        left = {source: each for source, each in known.items() if source in stay}
        changed = [(left[each.id], each) for each in catalog.items if each.id in left and left[each.id].offer.offered != each]
        await self._rename(library, left, _names(left, catalog))
        await self._change(library, changed)
        lacking = [each for each in catalog.items if each.id not in left or _lacks(left[each.id].offer, each)]
        if _on_demand(library):
            await self._list(library, [each for each in lacking if each.id not in left])
            lacking = []
        return AppliedCatalog(len(gone), len(changed), tuple(lacking))

    async def complete(self, library: Library, *arrived: ArrivedItem) -> None:
        """Makes complete files the content of items, of all or of none. New items are added.

        Raises NotCompliant if the library's policy rejects one of them.
        """
        made = await self._made(library, arrived)
        await self._blobs.flush(*(each.version for each in made))
        await self._blobs.describe_all(library.id, [(each.item, each.version) for each in made])
        async with self._metadata.transaction(durable=True) as transaction:
            check_changeable(await self.check(transaction, library))
            async with within_quotas(transaction, library.id, ""):
                for each in made:
                    await self._store(transaction, library, each)
            await transaction.libraries.changed(library.id)

    async def _made(self, library: Library, arrived: Sequence[ArrivedItem]) -> list[_MadeVersion]:
        judged = [await self._sealing.judge(library, each.offered.type, each.files) for each in arrived]
        made = []
        async with self._metadata.reading() as transaction:
            for each, verdict in zip(arrived, judged, strict=True):
                known = await _known(transaction, library.id, each.offered.id)
                item = self._new(library, each.offered) if known is None else known.item
                version = await self._version(transaction, item, each.offered, each.files)
                version = replace(version, signature=verdict.signature, warnings=verdict.warnings)
                made.append(_MadeVersion(each.offered, known, item, version))
        return made

    async def _store(self, transaction: Transaction, library: Library, made: _MadeVersion) -> None:
        offered, known, version = made.offered, made.known, made.version
        now = await _known(transaction, library.id, offered.id)
        named = await transaction.items.find(library=library.id, folded_name=fold(offered.name))
        another = (now and now.item.id) != (known and known.item.id) or {*named} - {now and now.item.id}
        if another or (now and now.offer.offered) not in (None, offered):
            raise Busy(messages.SYNC_ITEM_CHANGED(name=offered.name))
        await self._blobs.check_kept(transaction, version)
        await transaction.versions.add(version)
        item = self._applied(made.item if now is None else now.item, offered, version)
        await (transaction.items.add(item) if now is None else transaction.items.put(item))
        await transaction.offers.put(ItemOffer(item.id, library.id, offered, offered))
        await transaction.download_sessions.serve(item.id, version.id)

    async def item_with_room(self, library: Library, offered: OfferedItem) -> KnownItem | None:
        """The existing item of an offered one.

        Raises QuotaExceeded if the library has no room for a new one, or for the files that would have to be fetched.
        """
        async with self._metadata.reading() as transaction:
            known = await _known(transaction, library.id, offered.id)
            kept = set() if known is None else kept_files(known.offer, offered)
            size = sum(file.size or 0 for file in offered.files if file.name not in kept)
            await check_room(transaction, library.id, size, items=int(known is None))
        return known

    async def refuse(self, library: Library, offered: OfferedItem, fault: Fault) -> None:
        """Notes with an item why its content has not come; one that is not here yet has no place for it."""
        async with self._metadata.transaction(durable=False) as transaction:
            known = await _known(transaction, library.id, offered.id)
            if known is not None:
                await transaction.offers.put(replace(known.offer, fault=fault))

    async def begin(self, library: Library) -> None:
        """Notes that a sync begins."""
        await self._follow(library, tried=self._clock.now())

    async def failed(self, library: Library, fault: Fault, catalog: str | None = None) -> None:
        """Records why the library differs from its publisher's. Its content does not change."""
        more = {} if catalog is None else {"catalog": catalog}
        await self._follow(library, fault=fault, seen=None, **more)

    async def synced(self, library: Library, catalog: str | None = None, seen: Seen | None = None) -> None:
        """Records that the library matches its publisher's, and discards what is still in staging for it."""
        more = {} if catalog is None else {"catalog": catalog, "seen": seen}
        await self._follow(library, fault=None, synced=self._clock.now(), **more)
        async with self._metadata.transaction(durable=False) as transaction:
            for name in await transaction.arrivals.of(library.id):
                await transaction.arrivals.remove(name)

    async def item_synced(self, library: Library, item_id: str) -> None:
        """Records that an item matches its publisher's."""
        async with self._metadata.transaction(durable=False) as transaction:
            await self.check(transaction, library)
            item = await transaction.items.get(item_id)
            if item is not None:
                await transaction.items.put(replace(item, synced=self._clock.now()))

    async def check(self, transaction: Transaction, library: Library) -> Library:
        """The library as it is now; Busy when it follows something else meanwhile."""
        now = await find_library(transaction, library.id, SUBSCRIBED)
        if now.subscription != library.subscription:
            raise Busy(messages.SUBSCRIPTION_CHANGED(library=library.id))
        return now

    async def _follow(self, library: Library, **changes: object) -> None:
        async with self._metadata.transaction(durable=True) as transaction:
            now = await self.check(transaction, library)
            following = msgspec.structs.replace(now.following or Following(), **changes)
            await transaction.libraries.put(replace(now, following=following))

    async def _all(self, library: Library) -> dict[str, KnownItem]:
        """All items that are here, by the publisher's identifiers; other calls get their turn in between."""
        found: dict[str, KnownItem] = {}
        after = ""
        while True:
            async with self._metadata.reading() as transaction:
                offers = await transaction.offers.of(library.id, after, _AT_ONCE)
                for offer in offers:
                    item = await transaction.items.get(offer.item)
                    if item is not None:
                        found[offer.offered.id] = KnownItem(item, offer)
            if len(offers) < _AT_ONCE:
                return found
            after = offers[-1].item
            await asyncio.sleep(0)

    async def _remove(self, library: Library, gone: Sequence[KnownItem]) -> None:
        for start in range(0, len(gone), _AT_ONCE):
            async with self._metadata.transaction(durable=True) as transaction:
                await self.check(transaction, library)
                for each in gone[start : start + _AT_ONCE]:
                    await transaction.items.remove(each.item.id)
                await transaction.libraries.changed(library.id)

    async def _rename(self, library: Library, left: Mapping[str, KnownItem], names: Mapping[str, str]) -> None:
        """Renames all items together through names that no client can use, because two items may have swapped names."""
        before = {each.item.id: each.item.folded_name for each in left.values()}
        moved = [(item_id, name) for item_id, name in names.items() if before[item_id] != fold(name)]
        if not moved:
            return
        async with self._metadata.transaction(durable=True) as transaction:
            await self.check(transaction, library)
            items = [(item, name) for item_id, name in moved if (item := await transaction.items.get(item_id)) is not None]
            for item, _ in items:
                await transaction.items.put(replace(item, folded_name=f"\x01{item.id}"))
            for item, name in items:
                await transaction.items.put(replace(item, name=name, folded_name=fold(name)))
            await transaction.libraries.changed(library.id)

    async def _change(self, library: Library, changed: Sequence[tuple[KnownItem, OfferedItem]]) -> None:
        on_demand = _on_demand(library)
        for start in range(0, len(changed), _AT_ONCE):
            async with self._metadata.transaction(durable=True) as transaction:
                await self.check(transaction, library)
                for known, offered in changed[start : start + _AT_ONCE]:
                    await self._apply(transaction, known, offered, on_demand)
                await transaction.libraries.changed(library.id)

    async def _apply(self, transaction: Transaction, known: KnownItem, offered: OfferedItem, on_demand: bool) -> None:
        """Applies metadata of an item at once; its content version only when the content is stored or not kept here."""
        item = await transaction.items.get(known.item.id)
        if item is None:
            return
        lacks = _lacks(known.offer, offered)
        if lacks and on_demand:
            await drop_content(transaction, item.id)
            item = replace(item, version_id=None, size=0)
        whole = not lacks or on_demand
        held = offered if not lacks else None if on_demand else known.offer.held
        await transaction.items.put(self._described(item, offered, whole=whole))
        await transaction.offers.put(replace(known.offer, offered=offered, held=held, fault=None))

    async def _list(self, library: Library, added: Sequence[OfferedItem]) -> None:
        """Adds items without their content."""
        for start in range(0, len(added), _AT_ONCE):
            async with self._metadata.transaction(durable=True) as transaction:
                await self.check(transaction, library)
                for offered in added[start : start + _AT_ONCE]:
                    if await _known(transaction, library.id, offered.id) is None:
                        item = self._new(library, offered)
                        async with within_quotas(transaction, library.id, ""):
                            await transaction.items.add(item)
                        await transaction.offers.put(ItemOffer(item.id, library.id, offered))
                await transaction.libraries.changed(library.id)

    async def _version(
        self, transaction: Transaction, item: Item, offered: OfferedItem, files: Sequence[StoredFile]
    ) -> Version:
        """The next version of an item; its number is the publisher's, unless an earlier one has that already."""
        kept = [each.number for each in await transaction.versions.of(item.id)]
        number = _numbers(offered, item)[0]
        return Version(
            id=new_identifier(),
            item=item.id,
            number=max([number - 1, *kept]) + 1,
            created=self._clock.now(),
            files=tuple(files),
            message="synchronized with the publisher",
        ).after(await current_version(transaction, item))

    def _new(self, library: Library, offered: OfferedItem) -> Item:
        now = self._clock.now()
        blank = Item(
            id=new_identifier(),
            library=library.id,
            name=offered.name,
            folded_name=fold(offered.name),
            description="",
            type="",
            folded_type="",
            created=now,
            modified=now,
            version=1,
            metadata_version=0,
            content_version=FIRST_VERSION,
            source=offered.id,
        )
        return self._described(blank, offered, whole=True)

    def _applied(self, item: Item, offered: OfferedItem, version: Version) -> Item:
        described = self._described(item, offered, whole=True)
        return replace(described, version_id=version.id, size=sum(file.size for file in version.files))

    def _described(self, item: Item, offered: OfferedItem, *, whole: bool) -> Item:
        """Returns the item as offered, without its content unless `whole`."""
        now = self._clock.now()
        content, metadata = _numbers(offered, item)
        changed = replace(
            item,
            name=offered.name,
            folded_name=fold(offered.name),
            description=offered.description,
            version=metadata,
            metadata_version=metadata,
            modified=max(now, item.modified),
            synced=now,
        )
        if not whole:
            return changed
        return replace(changed, type=offered.type, folded_type=fold(offered.type), content_version=content)


def _names(left: Mapping[str, KnownItem], catalog: Catalog) -> dict[str, str]:
    """The names of items that stay, by identifier; those that could not be read make way where others have theirs now."""
    names = {left[each.id].item.id: each.name for each in catalog.items if each.id in left}
    taken = {fold(each.name) for each in catalog.items}
    unread = [(source, left[source].item) for source in catalog.unread if source in left]
    return names | {item.id: usable(item.name, f" ({source})") for source, item in unread if item.folded_name in taken}


def unchanged(held: OfferedFile, offered: OfferedFile, *, same_version: bool) -> bool:
    """Whether a file has the same bytes as when it was fetched, as far as the publisher's metadata tells.

    `same_version` is whether the item's content has the same version as then, used for files without a token.
    """
    if held.size != offered.size:
        return False
    if held.generation is not None and offered.generation is not None:
        return held.generation == offered.generation
    if held.tag or offered.tag:
        return held.tag == offered.tag
    return same_version


def kept_files(before: ItemOffer, offered: OfferedItem) -> set[str]:
    """The names of the files of an item that need not be fetched again."""
    if before.held is None:
        return set()
    held = {each.name: each for each in before.held.files}
    same = _content_version(before.held) == _content_version(offered)
    return {each.name for each in offered.files if each.name in held and unchanged(held[each.name], each, same_version=same)}


def _lacks(before: ItemOffer, offered: OfferedItem) -> bool:
    """Whether the stored content differs from the offer."""
    files = len(offered.files)
    return before.held is None or len(before.held.files) != files or len(kept_files(before, offered)) != files


def _on_demand(library: Library) -> bool:
    return library.subscription is not None and library.subscription.on_demand


def _content_version(offered: OfferedItem) -> str:
    return offered.content_version or offered.version


def _numbers(offered: OfferedItem, item: Item) -> tuple[int, int]:
    """The versions of content and metadata: the publisher's or, where it writes no numbers, the next ones."""
    content, version = _number(_content_version(offered)), _number(offered.version)
    if content is None or version is None:
        return item.content_version + 1, item.metadata_version + 1
    return content, max(version - content + 1, 1)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= _LARGEST else None


async def _known(transaction: Transaction, library_id: str, source: str) -> KnownItem | None:
    for item_id in await transaction.items.find(source=source):
        item, offer = await transaction.items.get(item_id), await transaction.offers.get(item_id)
        if item is not None and item.library == library_id and offer is not None:
            return KnownItem(item, offer)
    return None
