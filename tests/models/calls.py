"""Calls: valid and wrong ones, on what a model knows of and on what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from models.sessions import Model

PUT, FETCH = "put", "fetch"
"""Bytes in, bytes out."""
MAKE_CURRENT, RESTORE, PURGE, TRASH = "versions.make_current", "trash.restore", "trash.purge", "trash.list"
"""Operations of our own, which are not in the contract."""
FILES = ("a.txt", "b.txt", "c.iso")
_LENGTHS = {"a.txt": 1, "b.txt": 2, "c.iso": 3}
"""How long the files of a name are; which one is the largest says what an item is."""
_NOBODY = "00000000-0000-4000-8000-000000000000"
_TOKENS = (None, None, "5f3c2ab4-1e0a-4a7b-9f53-000000000001", "5f3c2ab4-1e0a-4a7b-9f53-000000000002")
_USAGES = "library.usages"
_ITEM, _UPDATE, _UPDATE_FILE = "library.item", "library.item.update_session", "library.item.updatesession.file"
_DOWNLOAD, _DOWNLOAD_FILE = "library.item.download_session", "library.item.downloadsession.file"


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

    def of(self, *choices: Any) -> Any:
        """One of the choices."""
        return self._random.choice(choices)

    def one(self, known: Mapping[str, object]) -> Any:
        """The identifier of one that is known, most often the youngest; now and then of none."""
        ids = [*known, _NOBODY]
        return self.of(ids[-2:][0], ids[-2:][0], self.of(*ids))

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


def _call(operation: str, **arguments: Any) -> Call:
    return Call(operation, {name: value for name, value in arguments.items() if value is not None})


Make = Callable[[Model, Pick], Call]

CALLS: tuple[tuple[int, Make], ...] = (
    (2, lambda _, pick: _call("local_library.create", create_spec={"name": pick.name()}, client_token=pick.of(*_TOKENS))),
    (1, lambda _, pick: _call("library.find", spec={"name": pick.of("a", "B")})),
    (
        2,
        lambda model, pick: _call(
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
        lambda model, pick: _call(
            "local_library.update",
            library_id=pick.one(model.libraries),
            update_spec={"version": pick.of("1", "2"), "name": pick.name()},
        ),
    ),
    (1, lambda model, pick: _call("local_library.force_delete", library_id=pick.one(model.libraries))),
    (
        3,
        lambda model, pick: _call(
            f"{_USAGES}.add",
            library=pick.one(model.libraries),
            spec={"resource_urn": pick.of("urn:vmomi:vm:1", "urn:vmomi:vm:2")},
        ),
    ),
    (2, lambda model, pick: _used(pick.one(model.libraries), model, pick)),
    (1, lambda model, pick: _call("local_library.delete", library_id=pick.one(model.libraries))),
    (
        4,
        lambda model, pick: _call(
            f"{_ITEM}.create",
            create_spec={"library_id": pick.one(model.libraries), "name": pick.name(), "type": pick.of("", "other")},
            client_token=pick.of(*_TOKENS),
        ),
    ),
    (
        3,
        lambda model, pick: _call(
            f"{_ITEM}.update",
            library_item_id=pick.one(model.items),
            update_spec=pick.some(name=pick.name(), description=pick.of("", "new"), type=pick.of("", "other")),
        ),
    ),
    (2, lambda model, pick: _call(f"{_ITEM}.delete", library_item_id=pick.one(model.items))),
    (
        1,
        lambda model, pick: _call(
            f"{_ITEM}.find",
            spec=pick.some(name=pick.of("a", "B"), library_id=pick.one(model.libraries), type=pick.of("ISO", "x")),
        ),
    ),
    (
        3,
        lambda model, pick: _call(
            f"{_ITEM}.copy",
            source_library_item_id=pick.one(model.items),
            destination_create_spec={
                "library_id": pick.one(model.libraries),
                **pick.some(name=pick.name(), type=pick.of("", "other")),
            },
        ),
    ),
    (3, lambda model, pick: _call(MAKE_CURRENT, library_item_id=pick.one(model.items), version=pick.of("2", "3", "1"))),
    (3, lambda model, pick: _call(RESTORE, deleted_id=pick.one(model.trash), name=pick.of(None, None, pick.name()))),
    (1, lambda model, pick: _call(PURGE, deleted_id=pick.one(model.trash))),
    (5, lambda model, pick: _call(f"{_UPDATE}.create", create_spec={"library_item_id": pick.one(model.items)})),
    (5, lambda model, pick: _call(f"{_UPDATE}.complete", update_session_id=pick.one(model.updates))),
    (2, lambda model, pick: _call(f"{_UPDATE}.cancel", update_session_id=pick.one(model.updates))),
    (
        2,
        lambda model, pick: _call(
            f"{_UPDATE}.fail", update_session_id=pick.one(model.updates), client_error_message=pick.of("", "no")
        ),
    ),
    (
        2,
        lambda model, pick: _call(
            f"{_UPDATE}.keep_alive", update_session_id=pick.one(model.updates), client_progress=pick.of(50, 0, 101)
        ),
    ),
    (2, lambda model, pick: _call(f"{_UPDATE}.delete", update_session_id=pick.one(model.updates))),
    (1, lambda model, pick: _call(f"{_UPDATE}.list", library_item_id=pick.one(model.items))),
    (6, lambda model, pick: _push(pick.one(model.updates), pick.file(), sized=pick.of(False, True))),
    (
        2,
        lambda model, pick: _call(
            f"{_UPDATE_FILE}.add",
            file_spec={"name": pick.of("a.txt", "c.iso", "a/b"), "source_type": "NONE"},
            update_session_id=pick.one(model.updates),
        ),
    ),
    (
        3,
        lambda model, pick: _call(f"{_UPDATE_FILE}.remove", file_name=pick.file(), update_session_id=pick.one(model.updates)),
    ),
    (2, lambda model, pick: _call(f"{_UPDATE_FILE}.validate", update_session_id=pick.one(model.updates))),
    (6, lambda model, pick: _send(pick.of(*_waiting(model)), pick.of(b"x", b"y", None))),
    (4, lambda model, pick: _call(f"{_DOWNLOAD}.create", create_spec={"library_item_id": pick.one(model.items)})),
    (
        4,
        lambda model, pick: _call(
            f"{_DOWNLOAD_FILE}.prepare", download_session_id=pick.one(model.downloads), file_name=pick.file()
        ),
    ),
    (4, lambda model, pick: _call(FETCH, address=pick.of(*_prepared(model)))),
    (
        2,
        lambda model, pick: _call(
            f"{_DOWNLOAD}.keep_alive", download_session_id=pick.one(model.downloads), progress=pick.of(50, 0, 101)
        ),
    ),
    (2, lambda model, pick: _call(f"{_DOWNLOAD}.cancel", download_session_id=pick.one(model.downloads))),
    (
        1,
        lambda model, pick: _call(
            f"{_DOWNLOAD}.fail", download_session_id=pick.one(model.downloads), client_error_message=pick.of("", "no")
        ),
    ),
    (1, lambda model, pick: _call(f"{_DOWNLOAD}.delete", download_session_id=pick.one(model.downloads))),
)
"""Each with its weight."""


def _used(library: str, model: Model, pick: Pick) -> Call:
    """The end of a usage."""
    known = model.libraries.get(library)
    return _call(f"{_USAGES}.remove", library=library, usage=pick.one({} if known is None else known.usages))


def _push(session: str, file: str, *, sized: bool) -> Call:
    spec: dict[str, Any] = {"name": file, "source_type": "PUSH"}
    if sized:
        spec["size"] = _LENGTHS[file]
    return _call(f"{_UPDATE_FILE}.add", file_spec=spec, update_session_id=session)


def _send(place: tuple[str, str], byte: bytes | None) -> Call:
    """The bytes of a file to its address, or too many of them."""
    address, file = place
    return _call(PUT, address=address, data=b"z" * 9 if byte is None else byte * _LENGTHS[file])


def _waiting(model: Model) -> list[tuple[str, str]]:
    """The addresses that files are sent to, the youngest first, with their names; one that nothing is at."""
    sessions = reversed(model.updates.values())
    found = [(each.address, name) for session in sessions for name, each in session.changes.items() if each.address]
    return [*found, ("/cls/data/nobody/nothing/signed/a.txt", "a.txt")]


def _prepared(model: Model) -> list[str]:
    found = [address for session in reversed(model.downloads.values()) for address in session.prepared.values()]
    return [*found, "/cls/data/nobody/0/signed/a.txt"]


def next_step(model: Model, file: str) -> Call | None:
    """What brings the first item nearer to a content version with a file."""
    item = next(iter(model.items), None)
    if item is None:
        return None
    session = model.active_of(item)
    if session is None:
        return _call(f"{_UPDATE}.create", create_spec={"library_item_id": item})
    change = session.changes.get(file)
    if change is None or change.address is None:
        return _push(session.id, file, sized=False)
    if change.status != "READY":
        return _send((change.address, file), str(len(model.items[item].versions)).encode())
    return _call(f"{_UPDATE}.complete", update_session_id=session.id)


def next_look(model: Model, file: str) -> Call | None:
    """What brings the bytes of a file nearer to a client."""
    item = next((each for each in model.items.values() if any(stored.name == file for stored in each.files)), None)
    if item is None:
        return None
    sessions = (each for each in model.downloads.values() if each.item == item.id and each.state == "ACTIVE")
    session = next((each for each in sessions if any(stored.name == file for stored in each.files)), None)
    if session is None:
        return _call(f"{_DOWNLOAD}.create", create_spec={"library_item_id": item.id})
    if file not in session.prepared:
        return _call(f"{_DOWNLOAD_FILE}.prepare", download_session_id=session.id, file_name=file)
    return _call(FETCH, address=session.prepared[file])


def about(call: Call) -> list[Call]:
    """Calls that show what a call has changed."""
    looks = {
        "library_id": ("library.get", f"{_ITEM}.list"),
        "library_item_id": (f"{_ITEM}.get", f"{_ITEM}.file.list"),
        "library": (f"{_USAGES}.list",),
        "deleted_id": (TRASH,),
        "update_session_id": (f"{_UPDATE}.get", f"{_UPDATE_FILE}.list"),
        "download_session_id": (f"{_DOWNLOAD}.get", f"{_DOWNLOAD_FILE}.list"),
    }
    named = [(look, name) for name in looks if name in call.arguments for look in looks[name]]
    return [_call(TRASH) if look == TRASH else _call(look, **{name: call.arguments[name]}) for look, name in named]


def everything(model: Model) -> list[Call]:
    """Calls that show all that the model knows of."""
    looked_at = [
        *(_call("", library_id=each) for each in model.libraries),
        *(_call("", library=each) for each in model.libraries),
        *(_call("", library_item_id=each) for each in model.items),
        *(_call("", update_session_id=each) for each in model.updates),
        *(_call("", download_session_id=each) for each in model.downloads),
    ]
    changes = [_call(f"{_ITEM}.changes.list", library_item=each) for each in model.items]
    fetches = [_call(FETCH, address=each) for each in _prepared(model)]
    return [_call("library.list"), _call(TRASH), *(look for each in looked_at for look in about(each)), *changes, *fetches]
