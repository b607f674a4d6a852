"""Any order of calls does to items and sessions what it does to this plain model of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from contentlib.library.errors import Busy, ItemNameTaken, LibraryError, Missing, MissingFile, NotActive, NotReady, StillActive
from contentlib.library.model import Source
from contentlib.library.sessions.update_files import NewFile
from library.world import LEASE, World

Answer = TypeVar("Answer")
NAMES = st.sampled_from(["a", "b", "c"])
BYTES = st.binary(max_size=3)


@dataclass
class ModelItem:
    id: str
    name: str
    content: dict[str, bytes] | None = None
    version: int = 1
    abandoned: bool = False
    gone: bool = False
    active: ModelUpdate | None = None


@dataclass
class ModelUpdate:
    id: str
    item: ModelItem
    state: str = "ACTIVE"
    changes: dict[str, bytes | None] = field(default_factory=dict)  # None is removed
    waiting: set[str] = field(default_factory=set)


@dataclass
class ModelDownload:
    id: str
    content: dict[str, bytes]
    active: bool = True


class Sessions(RuleBasedStateMachine):
    items = Bundle("items")
    updates = Bundle("updates")
    downloads = Bundle("downloads")

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.world = World(Path(self.directory.name))
        self.made_items: list[ModelItem] = []
        self.made_updates: list[ModelUpdate] = []
        self.made_downloads: list[ModelDownload] = []

    def teardown(self) -> None:
        self.run(self.world.metadata.close())
        self.runner.close()
        self.directory.cleanup()

    def run(self, call: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(call)

    def refused(self, call: Coroutine[Any, Any, object]) -> type[LibraryError] | None:
        """What the call was refused with, or None."""
        try:
            self.run(call)
        except LibraryError as error:
            return type(error)
        return None

    @initialize()
    def make_library(self) -> None:
        self.library = self.run(self.world.library())

    @rule(target=items, name=st.sampled_from(["one", "ONE", "two"]))
    def create_item(self, name: str) -> ModelItem:
        holder = next((each for each in self.made_items if not each.gone and each.name.lower() == name.lower()), None)
        if holder is not None and not self._gives_way(holder):
            assert self.refused(self.world.item(self.library, name)) is ItemNameTaken
            return holder
        if holder is not None:
            holder.gone = True
        item = ModelItem(self.run(self.world.item(self.library, name)), name)
        self.made_items.append(item)
        return item

    def _gives_way(self, item: ModelItem) -> bool:
        return item.content is None and item.active is None and item.abandoned

    @rule(item=items)
    def delete_item(self, item: ModelItem) -> None:
        assert self.refused(self.world.items.delete(item.id)) is (Missing if item.gone else None)
        item.gone = True
        if item.active is not None:
            item.active.state, item.active = "CANCELED", None

    @rule(target=updates, item=items)
    def start_update(self, item: ModelItem) -> ModelUpdate:
        if item.gone or item.active is not None:
            assert self.refused(self.world.update(item.id)) is (Missing if item.gone else Busy)
            return item.active or ModelUpdate("gone", item, "GONE")
        item.active = ModelUpdate(self.run(self.world.update(item.id)), item)
        item.abandoned = False
        self.made_updates.append(item.active)
        return item.active

    def _closed(self, update: ModelUpdate) -> type[LibraryError] | None:
        return {"ACTIVE": None, "GONE": Missing}.get(update.state, NotActive)

    @rule(update=updates, name=NAMES, data=BYTES)
    def send(self, update: ModelUpdate, name: str, data: bytes) -> None:
        assert self.refused(self.world.send(update.id, name, data)) is self._closed(update)
        update.changes[name] = data
        update.waiting.discard(name)

    @rule(update=updates, name=NAMES)
    def announce(self, update: ModelUpdate, name: str) -> None:
        refused = self.refused(self.world.files.add(update.id, NewFile(name, Source.PUSH)))
        assert refused is self._closed(update)
        update.changes[name] = b""
        update.waiting.add(name)

    @rule(update=updates, name=NAMES)
    def remove(self, update: ModelUpdate, name: str) -> None:
        refused = self.refused(self.world.files.remove(update.id, name))
        if self._closed(update):
            assert refused is self._closed(update)
            return
        stored = name in (update.item.content or {})
        there = update.changes[name] is not None if name in update.changes else stored
        assert refused is (None if there else MissingFile)
        if there:
            update.waiting.discard(name)
            if stored:
                update.changes[name] = None
            else:
                del update.changes[name]

    @rule(update=updates)
    def complete(self, update: ModelUpdate) -> None:
        refused = self.refused(self.world.completion.complete(update.id))
        item = update.item
        if self._closed(update):
            assert refused is self._closed(update)
        elif update.waiting or not (update.changes or item.content):
            assert refused is NotReady
        else:
            assert refused is None
            update.state, item.active = "DONE", None
            if update.changes:
                changed = {**(item.content or {}), **update.changes}
                item.content = {name: data for name, data in changed.items() if data is not None}
                item.version += 1

    @rule(item=items, files=st.dictionaries(NAMES, BYTES, min_size=1), kept=st.integers(1, 3))
    def fill(self, item: ModelItem, files: dict[str, bytes], kept: int) -> None:
        """A whole session at once, so that there are many versions, and a sweep."""
        update = self.start_update(item)
        for name, data in files.items():
            self.send(update, name, data)
        self.complete(update)
        self.collect(kept)

    @rule(update=updates, fail=st.booleans())
    def break_off(self, update: ModelUpdate, fail: bool) -> None:
        call = self.world.updates.fail(update.id, "x") if fail else self.world.updates.cancel(update.id)
        assert self.refused(call) is self._closed(update)
        if update.state == "ACTIVE":
            self._ended(update, "ERROR" if fail else "CANCELED")

    @rule(item=items, fail=st.booleans())
    def try_in_vain_and_again(self, item: ModelItem, fail: bool) -> None:
        """What an importer does whose first try fails."""
        self.break_off(self.start_update(item), fail)
        self.create_item(item.name)

    def _ended(self, update: ModelUpdate, state: str) -> None:
        update.state, update.item.active = state, None
        update.item.abandoned = update.item.content is None

    @rule(update=updates)
    def delete_update(self, update: ModelUpdate) -> None:
        expected = {"ACTIVE": StillActive, "GONE": Missing}.get(update.state)
        assert self.refused(self.world.updates.delete(update.id)) is expected
        if update.state != "ACTIVE":
            update.state = "GONE"

    @rule(target=downloads, item=items)
    def start_download(self, item: ModelItem) -> ModelDownload:
        if item.gone:
            assert self.refused(self.world.download(item.id)) is Missing
            return ModelDownload("gone", {}, active=False)
        download = ModelDownload(self.run(self.world.download(item.id)), dict(item.content or {}))
        self.made_downloads.append(download)
        return download

    @rule(download=consumes(downloads))
    def delete_download(self, download: ModelDownload) -> None:
        refused = self.refused(self.world.downloads.delete(download.id))
        assert refused is (Missing if download.id == "gone" else None)
        download.active = False

    @rule()
    def let_leases_end(self) -> None:
        self.world.wait(LEASE + 1)
        for update in self.made_updates:
            self.run(self.world.updates.expire(update.id))
            if update.state == "ACTIVE":
                self._ended(update, "CANCELED")
        for download in self.made_downloads:
            self.run(self.world.downloads.expire(download.id))
            download.active = False

    @rule(kept=st.integers(1, 3))
    def collect(self, kept: int) -> None:
        self.run(self.world.collect(kept))

    @rule()
    def restart(self) -> None:
        self.world = self.run(self.world.reopened())

    @invariant()
    def items_are_as_in_the_model(self) -> None:
        there = [item for item in self.made_items if not item.gone]
        assert self.run(self.world.items.find({}, True)) == [item.id for item in there]
        for item in there:
            assert self.run(self.world.content(item.id)) == (item.content or {})
            assert self.run(self.world.items.get(item.id)).content_version == item.version

    @invariant()
    def downloads_serve_what_they_began_with(self) -> None:
        for download in self.made_downloads:
            if download.active:
                assert self.run(self.world.served(download.id)) == download.content


TestSessions = Sessions.TestCase
TestSessions.settings = settings(derandomize=True, database=None, max_examples=25, stateful_step_count=30)
