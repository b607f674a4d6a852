"""The model of published libraries and of those of the same server that follow them, as they are when no sync runs."""

from __future__ import annotations

from collections.abc import Sequence

from models.content import storage_in
from models.libraries import Told, named
from models.state import File, Item, Library, Offer, Refused
from models.upkeep import Upkeep


class Publishing(Upkeep):
    """The operations on subscriptions."""

    def library_subscriptions_create(self, library: str, spec: Told) -> str:
        publisher = self._published(library)
        wanted = spec["subscribed_library"]
        if wanted["target"] == "USE_EXISTING":
            return self._use(publisher, wanted["subscribed_library"])
        new = wanted["new_subscribed_library"]
        named(new)
        self.check_library_name(new["name"])
        made = next((each for each in self.copies if each not in self.libraries), "")
        self.libraries[made] = Library(made, new["name"], "", source=library, storage=storage_in(new))
        publisher.subscriptions[self.made] = made
        self._sync(self.libraries[made])
        return str(self.made)

    def _use(self, publisher: Library, subscribed: str) -> str:
        if self._library(subscribed).source != publisher.id:
            raise Refused("invalid_argument")
        if subscribed in publisher.subscriptions.values():
            raise Refused("already_exists")
        publisher.subscriptions[self.made] = subscribed
        return str(self.made)

    def library_subscriptions_list(self, library: str) -> list[Told]:
        told = self.subscribers(self._published(library))
        return [{"subscription": each, "subscribed_library": library} for each, library in told.items()]

    def library_subscriptions_delete(self, library: str, subscription: str) -> None:
        publisher = self._published(library)
        if subscription not in self.subscribers(publisher):
            raise Refused("not_found")
        del publisher.subscriptions[subscription]

    def local_library_publish(self, library_id: str, subscriptions: Sequence[Told] | None = None) -> None:
        chosen = self._chosen(self._published(library_id), subscriptions)
        for library in chosen:
            if not library.maintained:
                self._sync(library)
        _check_all_begun(chosen)

    def library_item_publish(
        self, library_item_id: str, force_sync_content: bool, subscriptions: Sequence[Told] | None = None
    ) -> None:
        publisher = self._published(self._item(library_item_id).library)
        chosen = self._chosen(publisher, subscriptions)
        for library in chosen:
            copy = self._copies(library).get(library_item_id)
            if not library.maintained:
                self._sync(library) if copy is None else self._sync_one(library, copy)
        _check_all_begun(chosen)

    def library_convert(self, library_id: str, conversion_spec: Told) -> None:
        library = self._library(library_id)
        if library.source is None:
            raise Refused("invalid_element_type")
        copies = self._copies(library).values()
        if library.failed or any(copy.held != copy.offered for copy in copies):
            raise Refused("not_allowed_in_current_state")
        library.source, library.published, library.version = None, True, library.version + 1

    def _published(self, library_id: str) -> Library:
        library = self._local(library_id)
        if not library.published:
            raise Refused("not_allowed_in_current_state")
        return library

    def subscribers(self, publisher: Library) -> dict[str, str]:
        """The subscriptions whose library is there and follows."""
        known = {library.id for library in self.libraries.values() if library.source == publisher.id}
        return {each: library for each, library in publisher.subscriptions.items() if library in known}

    def _chosen(self, publisher: Library, subscriptions: Sequence[Told] | None) -> list[Library]:
        known = self.subscribers(publisher)
        chosen = list(known) if subscriptions is None else [each["subscription"] for each in subscriptions]
        if not known.keys() >= set(chosen):
            raise Refused("invalid_argument")
        return [self.libraries[known[each]] for each in chosen]

    # what a sync does

    def _sync(self, library: Library) -> None:
        """All of it; it fails where the publisher is gone, or not published any more."""
        offers = self._take_over(library)
        if offers is None:
            return
        for source, offer in offers.items():
            copy = self._copies(library).get(source)
            if copy is None or copy.held != offer:
                self._bring(library, source, offer)
        library.failed = False

    def _sync_one(self, library: Library, copy: Item) -> None:
        """What is said of all items, and the content of one."""
        self._take_over(library)
        if copy.id in self.items and copy.offered is not None and copy.held != copy.offered:
            self._bring(library, str(copy.source), copy.offered)

    def _take_over(self, library: Library) -> dict[str, Offer] | None:
        publisher = self.libraries.get(library.source or "")
        if publisher is None or not publisher.published:
            library.failed = True
            return None
        offers = {item.id: _offer(item) for item in self.items.values() if item.library == publisher.id}
        for source, copy in self._copies(library).items():
            if source not in offers:
                del self.items[copy.id]
            elif copy.offered != offers[source]:
                self._tell(copy, offers[source])
        return offers

    def _tell(self, copy: Item, offer: Offer) -> None:
        """What is said of an item holds at once, what is said of its content when that is here."""
        copy.offered, copy.name, copy.description, copy.version = offer, offer.name, offer.description, offer.version
        if copy.held is not None and copy.held.content == offer.content:
            copy.held, copy.type, copy.content_version = offer, offer.type, offer.content_version

    def _bring(self, library: Library, source: str, offer: Offer) -> None:
        copy = self._copies(library).get(source)
        if copy is None:
            identifier = self.copies.get(library.id, {}).get(source, "")
            copy = Item(identifier, library.id, offer.name, "", "", source, self.now)
            self.items[identifier] = copy
        number = max([offer.content_version - 1, *copy.versions]) + 1
        self.keep(copy, number, tuple(self._brought(copy.file(file.name), file) for file in offer.files))
        copy.held = offer
        self._tell(copy, offer)

    def _brought(self, before: File | None, file: File) -> File:
        if before is not None and before.data == file.data:
            return before
        return File(file.name, file.data, 1 if before is None else before.revision + 1, self.new_content())

    def _copies(self, library: Library) -> dict[str, Item]:
        """The items of a library that follows another one, by those that they are copies of."""
        return {str(each.source): each for each in self.items.values() if each.library == library.id}


def _check_all_begun(libraries: Sequence[Library]) -> None:
    """One that is in maintenance keeps no other from being synchronized."""
    if any(each.maintained for each in libraries):
        raise Refused("not_allowed_in_current_state")


def _offer(item: Item) -> Offer:
    return Offer(item.name, item.description, item.type, item.version, item.content_version, item.files)
