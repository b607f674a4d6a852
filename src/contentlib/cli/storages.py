"""Implements `contentlib storages` and `contentlib migrate --storage`: lists storages, and moves their content."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.administering import check_database, table
from contentlib.cli.progress import Bar, told
from contentlib.cli.remote.showing import size_text
from contentlib.cli.settings import Config, DataDir, prepare, settings_or_exit

if TYPE_CHECKING:
    from contentlib.jobs.clearing import Cleared
    from contentlib.library.catalog.storage_contents import StorageContents
    from contentlib.settings import Settings, Storage

_LINE_SECONDS = 5.0  # between two lines of progress

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def storages(as_json: Json = False, data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the storages, what is on them, and whether they can be removed from the settings.

    Exits with 1 if the database needs a storage that is not in the settings.
    """
    settings = settings_or_exit(config, data_dir)
    with told():
        check_database(settings)
        from contentlib import offline

        found = offline.storage_contents(settings)
    places = {each.id: each for each in settings.storage}
    missing = [each.storage for each in found if each.is_needed and each.storage not in places]
    if as_json:
        typer.echo(json.dumps([_facts(each, places.get(each.storage)) for each in found]))
    else:
        table([("STORAGE", "NAME", "PLACE", "LIBRARIES", "SIZE", "SESSIONS", "STATE"), *(_row(each, places) for each in found)])
    for each in missing:
        typer.echo(f"contentlib: storage {each} is needed but not in the settings; add its [[storage]] section again", err=True)
    if missing:
        raise typer.Exit(1)


def _row(contents: StorageContents, places: dict[str, Storage]) -> tuple[str, ...]:
    storage = places.get(contents.storage)
    name, place = ("-", "-") if storage is None else (storage.name, storage.place)
    counted = (str(len(contents.pending)), size_text(contents.bytes), str(len(contents.sessions)))
    return (contents.storage, name, place, *counted, _state(contents, storage))


def _state(contents: StorageContents, storage: Storage | None) -> str:
    if storage is None:
        return "not in the settings" if contents.is_needed else "removed"
    return "in use" if contents.is_needed else "can be removed"


def _facts(contents: StorageContents, storage: Storage | None) -> dict[str, object]:
    return {
        "id": contents.storage,
        "name": None if storage is None else storage.name,
        "place": None if storage is None else storage.place,
        "libraries": contents.pending,
        "bytes": contents.bytes,
        "sessions": [each.id for each in contents.sessions],
        "configured": storage is not None,
        "needed": contents.is_needed,
    }


def clear(settings: Settings, source: str, target: str, *, dry_run: bool, as_json: bool) -> None:
    """Moves everything on a storage to another one, both given by id or name. Exits with 1 if something stays."""
    with told(), Moving() as watcher:
        old, new = _storage(settings, source), _storage(settings, target)
        if old.id == new.id:
            raise RuntimeError(f"--storage and --to are both storage {old.id}; name two storages")
        check_database(settings)
        prepare(settings)
        from contentlib import logs, offline

        logs.configure(settings)
        if dry_run:
            (found,) = (each for each in offline.storage_contents(settings) if each.storage == old.id)
            _tell_contents(found, old, as_json=as_json)
            return
        began = time.monotonic()
        cleared = offline.clear_storage(settings, old.id, new.id, watcher)
    seconds = time.monotonic() - began
    removable = not cleared.failures and not cleared.sessions
    if as_json:
        typer.echo(json.dumps(_result(cleared, old, new, seconds) | {"removable": removable}))
    else:
        _tell(cleared, old, new, seconds, removable=removable)
    if not removable:
        raise typer.Exit(1)


def _storage(settings: Settings, given: str) -> Storage:
    found = [each for each in settings.storage if each.id == given] or [each for each in settings.storage if each.name == given]
    if not found:
        known = ", ".join(f"{each.id} ({each.name})" for each in settings.storage)
        raise RuntimeError(f"unknown storage {given!r}; the settings have: {known}")
    if len(found) > 1:
        raise RuntimeError(f"{len(found)} storages are named {given!r}; use an id: {', '.join(each.id for each in found)}")
    return found[0]


def _tell_contents(contents: StorageContents, storage: Storage, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(contents, storage)))
        return
    sizes = {each.library: each for each in contents.uses}
    rows = [(each, str(sizes[each].blobs), size_text(sizes[each].bytes)) for each in contents.pending if each in sizes]
    table([("LIBRARY", "FILES", "SIZE"), *rows])
    typer.echo(f"{size_text(contents.bytes)} of {len(contents.pending)} libraries would be moved from storage {storage.id}")


def _result(cleared: Cleared, old: Storage, new: Storage, seconds: float) -> dict[str, object]:
    return {
        "source": old.id,
        "target": new.id,
        "libraries": list(cleared.libraries),
        "bytes": cleared.bytes,
        "seconds": round(seconds, 3),
        "failures": cleared.failures,
        "sessions": list(cleared.sessions),
    }


def _tell(cleared: Cleared, old: Storage, new: Storage, seconds: float, *, removable: bool) -> None:
    moved = f"{size_text(cleared.bytes)} of {len(cleared.libraries)} libraries"
    typer.echo(f"moved {moved} from storage {old.id} to {new.id} in {seconds:.0f} s")
    for library, why in cleared.failures.items():
        typer.echo(f"contentlib: library {library} still needs storage {old.id}: {why}", err=True)
    if cleared.sessions:
        sessions = ", ".join(cleared.sessions)
        typer.echo(f"contentlib: update sessions still receive files on storage {old.id}: {sessions}", err=True)
    if removable:
        typer.echo(
            f"now remove the [[storage]] section of {old.id} from the settings of each server, restart it, "
            f"and then delete {old.place}"
        )
    else:
        typer.echo(f"keep storage {old.id} in the settings; correct the cause, then start the command again")


class Moving:
    """Shows the progress on standard error: a bar on a terminal, else a line every few seconds."""

    def __init__(self) -> None:
        self._bar = Bar()
        self._all = self._done = 0
        self._said: set[str] = set()
        self._told = self._began = time.monotonic()

    def __enter__(self) -> Moving:
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.__exit__(None, None, None)

    def expect(self, count: int) -> None:
        """So many more bytes are to be moved."""
        self._all += count
        self._bar.expect(count)
        if not self._bar.is_shown and count:
            typer.echo(f"{size_text(count)} are to be moved", err=True)

    def advance(self, count: int) -> None:
        """So many more bytes are done."""
        self._done += count
        self._bar.advance(count)
        now = time.monotonic()
        if not self._bar.is_shown and now - self._told >= _LINE_SECONDS:
            self._told = now
            rate = size_text(int(self._done / (now - self._began)))
            typer.echo(f"{size_text(self._done)} of {size_text(self._all)}, {rate}/s", err=True)

    def say(self, sentence: str) -> None:
        """Prints a sentence once."""
        if sentence not in self._said:
            self._said.add(sentence)
            typer.echo(sentence, err=True)
