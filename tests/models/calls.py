"""Calls, those that are made in several places, and choices at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from models.sessions import Model

PUT, FETCH = "put", "fetch"
"""Bytes in, bytes out."""
MAKE_CURRENT, RESTORE, PURGE, TRASH = "versions.make_current", "trash.restore", "trash.purge", "trash.list"
RULE, SET_RULE, RESET_RULE = "retention.get", "retention.set", "retention.reset"
"""Operations of our own, which are not in the contract."""
SUBSCRIPTIONS = "library.subscriptions"
PUBLISH, PUBLISH_ITEM = "local_library.publish", "library.item.publish"
AWAITED = {f"{SUBSCRIPTIONS}.create", PUBLISH, PUBLISH_ITEM, "library.migrate"}
"""What begins a task is not over before that has ended."""
FILES = ("a.txt", "b.txt", "c.iso")
_LENGTHS = {"a.txt": 1, "b.txt": 2, "c.iso": 3}
"""How long the files of a name are; which one is the largest says what an item is."""
_NOBODY = "00000000-0000-4000-8000-000000000000"
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

    def of(self, *choices: Any) -> Any:
        """One of the choices."""
        return self._random.choice(choices)

    def weighted(self, choices: Sequence[Any], weights: Sequence[int]) -> Any:
        """One of the choices, those of more weight more often."""
        (chosen,) = self._random.choices(choices, weights)
        return chosen

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


def on(storage: str) -> list[dict[str, str]]:
    return [{"type": "DATASTORE", "datastore_id": storage}]


def subscribe(library: str, name: str, storage: str) -> Call:
    """A library that is made to follow another one."""
    new = {"name": name, "automatic_sync_enabled": False, "on_demand": False, "storage_backings": on(storage)}
    wanted = {"target": "CREATE_NEW", "location": "LOCAL", "new_subscribed_library": new}
    return calling(f"{SUBSCRIPTIONS}.create", library=library, spec={"subscribed_library": wanted})


def push(session: str, file: str, *, sized: bool) -> Call:
    spec: dict[str, Any] = {"name": file, "source_type": "PUSH"}
    if sized:
        spec["size"] = _LENGTHS[file]
    return calling(f"{UPDATE_FILE}.add", file_spec=spec, update_session_id=session)


def send(place: tuple[str, str], byte: bytes | None) -> Call:
    """The bytes of a file to its address, or too many of them."""
    address, file = place
    return calling(PUT, address=address, data=b"z" * 9 if byte is None else byte * _LENGTHS[file])


def prepared(model: Model) -> list[str]:
    found = [address for session in reversed(model.downloads.values()) for address in session.prepared.values()]
    return [*found, "/cls/data/nobody/0/signed/a.txt"]
