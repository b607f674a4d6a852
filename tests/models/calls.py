"""Calls: valid and wrong ones, on what a model knows of and on what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from models.sessions import Model
from models.state import FIRST, SECOND

PUT, FETCH = "put", "fetch"
"""Bytes in, bytes out."""
MAKE_CURRENT, RESTORE, PURGE, TRASH = "versions.make_current", "trash.restore", "trash.purge", "trash.list"
RULE, SET_RULE, RESET_RULE = "retention.get", "retention.set", "retention.reset"
"""Operations of our own, which are not in the contract."""
SUBSCRIPTIONS = "library.subscriptions"
PUBLISH, _PUBLISH_ITEM = "local_library.publish", "library.item.publish"
AWAITED = {f"{SUBSCRIPTIONS}.create", PUBLISH, _PUBLISH_ITEM, "library.migrate"}
"""What begins a task is not over before that has ended."""
FILES = ("a.txt", "b.txt", "c.iso")
_LENGTHS = {"a.txt": 1, "b.txt": 2, "c.iso": 3}
"""How long the files of a name are; which one is the largest says what an item is."""
_NOBODY = "00000000-0000-4000-8000-000000000000"
_TOKENS = (None, None, "5f3c2ab4-1e0a-4a7b-9f53-000000000001", "5f3c2ab4-1e0a-4a7b-9f53-000000000002")
USAGES = "library.usages"
ITEM, UPDATE, UPDATE_FILE = "library.item", "library.item.update_session", "library.item.updatesession.file"
DOWNLOAD, DOWNLOAD_FILE = "library.item.download_session", "library.item.downloadsession.file"


@dataclass(frozen=True)
class Call:
    """An operation, by its identifier without `com.vmware.content`, with its arguments."""

    operation: str
    arguments: Mapping[str, Any]


class Pick:
    """Chooses at random."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def call(self, model: Model) -> Call:
        """One of all calls, the rarer ones seldom."""
        weights, makes = zip(*CALLS, strict=True)
        (make,) = self._random.choices(makes, weights)
        made: Call = make(model, self)
        return made

    def short_call(self, model: Model) -> Call:
        """One that is over when it is answered."""
        while (made := self.call(model)).operation in AWAITED:
            pass
        return made

    def of(self, *choices: Any) -> Any:
        """One of the choices."""
        return self._random.choice(choices)

    def one(self, known: Mapping[str, object]) -> Any:
        """The identifier of one that is known, most often the youngest; now and then of none."""
        ids = [*known, _NOBODY]
        return self.of(ids[-2:][0], ids[-2:][0], self.of(*ids))

    def rather(self, known: Mapping[str, object], fitting: Mapping[str, object]) -> Mapping[str, object]:
        """Those that fit, where there are some, most often."""
        chosen: Mapping[str, object] = self.of(known, *[fitting or known] * 3)
        return chosen

    def name(self) -> Any:
        """A name; two of them are the same but for their case, and one is none."""
        return self.of("a", "A", "b", "b", "")

    def file(self) -> Any:
        """The name of a file."""
        return self.of(*FILES)

    def some(self, **fields: Any) -> dict[str, Any]:
        """A structure with at least one of some fields."""
        names = self._random.sample([*fields], self._random.randint(1, len(fields)))
        return {name: fields[name] for name in names}


def calling(operation: str, **arguments: Any) -> Call:
    return Call(operation, {name: value for name, value in arguments.items() if value is not None})


Make = Callable[[Model, Pick], Call]

CALLS: tuple[tuple[int, Make], ...] = (
    (
        2,
        lambda _, pick: calling(
            "local_library.create",
            create_spec={"name": pick.name(), "publish_info": _publishing(published=pick.of(True, False))},
            client_token=pick.of(*_TOKENS),
        ),
    ),
    (1, lambda _, pick: calling("library.find", spec={"name": pick.of("a", "B")})),
    (
        2,
        lambda model, pick: calling(
            "library.update",
            library_id=pick.one(model.libraries),
            update_spec=pick.some(
                name=pick.name(),
                description=pick.of("", "new"),
                configuration_info={"apply_library_usage_to_items": pick.of(True, True, False)},
            ),
        ),
    ),
    (
        2,
        lambda model, pick: calling(
            "local_library.update",
            library_id=pick.one(model.libraries),
            update_spec={
                "version": pick.of("1", "2"),
                **pick.some(name=pick.name(), publish_info=_publishing(published=pick.of(True, True, False))),
            },
        ),
    ),
    (1, lambda model, pick: calling("local_library.force_delete", library_id=pick.one(model.libraries))),
    (1, lambda model, pick: calling(pick.of("library.delete", "library.force_delete"), library_id=pick.one(model.libraries))),
    (2, lambda model, pick: calling("library.enter_maintenance", library_id=pick.one(model.libraries))),
    (3, lambda model, pick: calling("library.exit_maintenance", library_id=pick.one(_maintained(model, pick)))),
    (
        4,
        lambda model, pick: calling(
            "library.migrate",
            library_id=pick.one(model.libraries),
            migrate_spec={"storage_backings": _on(pick.of(FIRST, SECOND))},
        ),
    ),
    (
        2,
        lambda model, pick: calling(
            "library.convert",
            library_id=pick.one(_following(model, pick)),
            conversion_spec={"conversion_type": "TO_PUBLISHED_LIBRARY"},
        ),
    ),
    (
        2,
        lambda model, pick: calling(
            SET_RULE,
            library_id=pick.one(model.libraries),
            spec=pick.some(versions=pick.of(1, 2, 0), seconds=pick.of(100, 1000)),
        ),
    ),
    (1, lambda model, pick: calling(RESET_RULE, library_id=pick.one(model.libraries))),
    (2, lambda model, pick: subscribe(pick.one(_published(model, pick)), pick.name(), pick.of(FIRST, SECOND))),
    (1, lambda model, pick: _use(pick.one(_published(model, pick)), pick.one(model.libraries))),
    (1, lambda model, pick: _subscription(f"{SUBSCRIPTIONS}.delete", pick.one(_published(model, pick)), model, pick)),
    (3, lambda model, pick: _subscription(PUBLISH, pick.one(_published(model, pick)), model, pick)),
    (
        3,
        lambda model, pick: calling(
            _PUBLISH_ITEM, library_item_id=pick.one(_offered(model, pick)), force_sync_content=pick.of(True, False)
        ),
    ),
    (
        3,
        lambda model, pick: calling(
            f"{USAGES}.add",
            library=pick.one(model.libraries),
            spec={"resource_urn": pick.of("urn:vmomi:vm:1", "urn:vmomi:vm:2")},
        ),
    ),
    (2, lambda model, pick: _used(pick.one(model.libraries), model, pick)),
    (1, lambda model, pick: calling("local_library.delete", library_id=pick.one(model.libraries))),
    (
        4,
        lambda model, pick: calling(
            f"{ITEM}.create",
            create_spec={"library_id": pick.one(model.libraries), "name": pick.name(), "type": pick.of("", "other")},
            client_token=pick.of(*_TOKENS),
        ),
    ),
    (
        3,
        lambda model, pick: calling(
            f"{ITEM}.update",
            library_item_id=pick.one(model.items),
            update_spec=pick.some(name=pick.name(), description=pick.of("", "new"), type=pick.of("", "other")),
        ),
    ),
    (2, lambda model, pick: calling(f"{ITEM}.delete", library_item_id=pick.one(model.items))),
    (
        1,
        lambda model, pick: calling(
            f"{ITEM}.find",
            spec=pick.some(name=pick.of("a", "B"), library_id=pick.one(model.libraries), type=pick.of("ISO", "x")),
        ),
    ),
    (
        3,
        lambda model, pick: calling(
            f"{ITEM}.copy",
            source_library_item_id=pick.one(model.items),
            destination_create_spec={
                "library_id": pick.one(model.libraries),
                **pick.some(name=pick.name(), type=pick.of("", "other")),
            },
        ),
    ),
    (4, lambda model, pick: _make_current(pick.one(_filled(model, pick)), model, pick)),
    (3, lambda model, pick: calling(RESTORE, deleted_id=pick.one(model.trash), name=pick.of(None, None, pick.name()))),
    (1, lambda model, pick: calling(PURGE, deleted_id=pick.one(model.trash))),
    (5, lambda model, pick: calling(f"{UPDATE}.create", create_spec={"library_item_id": pick.one(model.items)})),
    (5, lambda model, pick: calling(f"{UPDATE}.complete", update_session_id=pick.one(model.updates))),
    (2, lambda model, pick: calling(f"{UPDATE}.cancel", update_session_id=pick.one(model.updates))),
    (
        2,
        lambda model, pick: calling(
            f"{UPDATE}.fail", update_session_id=pick.one(model.updates), client_error_message=pick.of("", "no")
        ),
    ),
    (
        2,
        lambda model, pick: calling(
            f"{UPDATE}.keep_alive", update_session_id=pick.one(model.updates), client_progress=pick.of(50, 0, 101)
        ),
    ),
    (2, lambda model, pick: calling(f"{UPDATE}.delete", update_session_id=pick.one(model.updates))),
    (1, lambda model, pick: calling(f"{UPDATE}.list", library_item_id=pick.one(model.items))),
    (6, lambda model, pick: push(pick.one(model.updates), pick.file(), sized=pick.of(False, True))),
    (
        2,
        lambda model, pick: calling(
            f"{UPDATE_FILE}.add",
            file_spec={"name": pick.of("a.txt", "c.iso", "a/b"), "source_type": "NONE"},
            update_session_id=pick.one(model.updates),
        ),
    ),
    (
        3,
        lambda model, pick: calling(f"{UPDATE_FILE}.remove", file_name=pick.file(), update_session_id=pick.one(model.updates)),
    ),
    (2, lambda model, pick: calling(f"{UPDATE_FILE}.validate", update_session_id=pick.one(model.updates))),
    (6, lambda model, pick: send(pick.of(*_waiting(model)), pick.of(b"x", b"y", None))),
    (4, lambda model, pick: calling(f"{DOWNLOAD}.create", create_spec={"library_item_id": pick.one(model.items)})),
    (
        4,
        lambda model, pick: calling(
            f"{DOWNLOAD_FILE}.prepare", download_session_id=pick.one(model.downloads), file_name=pick.file()
        ),
    ),
    (4, lambda model, pick: calling(FETCH, address=pick.of(*prepared(model)))),
    (
        2,
        lambda model, pick: calling(
            f"{DOWNLOAD}.keep_alive", download_session_id=pick.one(model.downloads), progress=pick.of(50, 0, 101)
        ),
    ),
    (2, lambda model, pick: calling(f"{DOWNLOAD}.cancel", download_session_id=pick.one(model.downloads))),
    (
        1,
        lambda model, pick: calling(
            f"{DOWNLOAD}.fail", download_session_id=pick.one(model.downloads), client_error_message=pick.of("", "no")
        ),
    ),
    (1, lambda model, pick: calling(f"{DOWNLOAD}.delete", download_session_id=pick.one(model.downloads))),
)
"""Each with its weight."""


def _used(library: str, model: Model, pick: Pick) -> Call:
    """The end of a usage."""
    known = model.libraries.get(library)
    return calling(f"{USAGES}.remove", library=library, usage=pick.one({} if known is None else known.usages))


def _make_current(item: str, model: Model, pick: Pick) -> Call:
    """An earlier version, or one that is not there."""
    known = model.items.get(item)
    numbers = () if known is None else known.versions
    return calling(MAKE_CURRENT, library_item_id=item, version=pick.of("1", *map(str, numbers)))


def _publishing(*, published: bool) -> dict[str, Any]:
    return {"published": published, "authentication_method": "NONE"}


def _on(storage: str) -> list[dict[str, str]]:
    return [{"type": "DATASTORE", "datastore_id": storage}]


def subscribe(library: str, name: str, storage: str) -> Call:
    """A library that is made to follow another one."""
    new = {"name": name, "automatic_sync_enabled": False, "on_demand": False, "storage_backings": _on(storage)}
    wanted = {"target": "CREATE_NEW", "location": "LOCAL", "new_subscribed_library": new}
    return calling(f"{SUBSCRIPTIONS}.create", library=library, spec={"subscribed_library": wanted})


def _use(library: str, follower: str) -> Call:
    wanted = {"target": "USE_EXISTING", "location": "LOCAL", "subscribed_library": follower}
    return calling(f"{SUBSCRIPTIONS}.create", library=library, spec={"subscribed_library": wanted})


def _subscription(operation: str, library: str, model: Model, pick: Pick) -> Call:
    """Something with one of the subscriptions of a library; it may be published to all of them."""
    known = model.libraries.get(library)
    subscription = pick.one({} if known is None else known.subscriptions)
    if operation != PUBLISH:
        return calling(operation, library=library, subscription=subscription)
    return calling(operation, library_id=library, subscriptions=pick.of(None, None, [{"subscription": subscription}]))


def _maintained(model: Model, pick: Pick) -> Mapping[str, object]:
    return pick.rather(model.libraries, {each.id: each for each in model.libraries.values() if each.maintained})


def _following(model: Model, pick: Pick) -> Mapping[str, object]:
    return pick.rather(model.libraries, {each.id: each for each in model.libraries.values() if each.source})


def _published(model: Model, pick: Pick) -> Mapping[str, object]:
    return pick.rather(model.libraries, {each.id: each for each in model.libraries.values() if each.published})


def _offered(model: Model, pick: Pick) -> Mapping[str, object]:
    found = {each.id: each for each in model.items.values() if model.libraries[each.library].published}
    return pick.rather(model.items, found)


def _filled(model: Model, pick: Pick) -> Mapping[str, object]:
    return pick.rather(model.items, {each.id: each for each in model.items.values() if each.versions})


def push(session: str, file: str, *, sized: bool) -> Call:
    spec: dict[str, Any] = {"name": file, "source_type": "PUSH"}
    if sized:
        spec["size"] = _LENGTHS[file]
    return calling(f"{UPDATE_FILE}.add", file_spec=spec, update_session_id=session)


def send(place: tuple[str, str], byte: bytes | None) -> Call:
    """The bytes of a file to its address, or too many of them."""
    address, file = place
    return calling(PUT, address=address, data=b"z" * 9 if byte is None else byte * _LENGTHS[file])


def _waiting(model: Model) -> list[tuple[str, str]]:
    """The addresses that files are sent to, the youngest first, with their names; one that nothing is at."""
    sessions = reversed(model.updates.values())
    found = [(each.address, name) for session in sessions for name, each in session.changes.items() if each.address]
    return [*found, ("/cls/data/nobody/nothing/signed/a.txt", "a.txt")]


def prepared(model: Model) -> list[str]:
    found = [address for session in reversed(model.downloads.values()) for address in session.prepared.values()]
    return [*found, "/cls/data/nobody/0/signed/a.txt"]
