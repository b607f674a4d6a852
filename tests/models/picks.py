"""Picks calls at random: valid and wrong ones, on what a model knows of and on what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.calls import (
    AWAITED,
    DOWNLOAD,
    DOWNLOAD_FILE,
    FETCH,
    ITEM,
    MAKE_CURRENT,
    PUBLISH,
    PUBLISH_ITEM,
    PURGE,
    RESET_RULE,
    RESTORE,
    SET_RULE,
    SUBSCRIPTIONS,
    UPDATE,
    UPDATE_FILE,
    USAGES,
    Call,
    Pick,
    calling,
    on,
    prepared,
    push,
    send,
    subscribe,
)
from models.sessions import Model
from models.state import FIRST, SECOND

_TOKENS = (None, None, "5f3c2ab4-1e0a-4a7b-9f53-000000000001", "5f3c2ab4-1e0a-4a7b-9f53-000000000002")


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
            migrate_spec={"storage_backings": on(pick.of(FIRST, SECOND))},
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
            PUBLISH_ITEM, library_item_id=pick.one(_offered(model, pick)), force_sync_content=pick.of(True, False)
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


def _waiting(model: Model) -> list[tuple[str, str]]:
    """The addresses that files are sent to, the youngest first, with their names; one that nothing is at."""
    sessions = reversed(model.updates.values())
    found = [(each.address, name) for session in sessions for name, each in session.changes.items() if each.address]
    return [*found, ("/cls/data/nobody/nothing/signed/a.txt", "a.txt")]


def any_call(model: Model, pick: Pick) -> Call:
    """One of all calls, the rarer ones seldom."""
    weights, makes = zip(*CALLS, strict=True)
    make = pick.weighted(makes, weights)
    made: Call = make(model, pick)
    return made


def short_call(model: Model, pick: Pick) -> Call:
    """One that is over when it is answered."""
    while (made := any_call(model, pick)).operation in AWAITED:
        pass
    return made
