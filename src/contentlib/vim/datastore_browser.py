"""Implements the datastore browser: finds files of libraries on datastores. Nothing can be changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from contentlib.inventory import Datastore, Inventory
from contentlib.library.catalog.browsing import Browsing, Entry, Seen
from contentlib.library.model import Login
from contentlib.messages import Fault
from contentlib.vapi.types import DateTime
from contentlib.vim import messages
from contentlib.vim.collector import child, every, flag, text
from contentlib.vim.faults import VimFault, invalid_argument
from contentlib.vim.searches import (
    FOLDER,
    LONGEST_PATH,
    LONGEST_PATTERN,
    MOST_PATTERNS,
    Search,
    is_small,
    kind_of,
    search_in,
)
from contentlib.vim.task_info import ended_task
from contentlib.vim.values import XSI_TYPE, Array, Data, Long, Reference, Typed, Value

VisibleTo = Callable[[Login, list[str]], Awaitable[set[str]]]
"""Those of some libraries that the user of a login session may read."""

_MOST_ENTRIES = 2000
_MOST_TASKS = 4  # each is a search
_RESULTS = "HostDatastoreBrowserSearchResults"
_METHODS = "SearchDatastore_Task", "SearchDatastoreSubFolders_Task"
_ANY_FILE = "FileQuery"
_DETAILS = ("fileType", "fileSize", "modification")


@dataclass(frozen=True, slots=True)
class DatastorePath:
    """A directory of a datastore."""

    datastore: Datastore
    path: tuple[str, ...]

    def __str__(self) -> str:
        """The directory as the Web Services name it; the name of an entry can be appended."""
        return f"[{self.datastore.name}] " + "".join(f"{each}/" for each in self.path)

    def below(self, name: str) -> DatastorePath:
        """A directory in this one."""
        return DatastorePath(self.datastore, (*self.path, name))


def search_of(arguments: etree._Element, *, recursive: bool, now: int) -> Search:
    """The search that a call asks for. Raises VimFault if it is longer than any that is needed."""
    spec = child(arguments, "searchSpec")
    spec = etree.Element("searchSpec") if spec is None else spec
    details = child(spec, "details")
    queries = [_type_of(each) for each in every(spec, "query")]
    found = Search(
        path=text(arguments, "datastorePath", "") or "",
        patterns=tuple(each.text or "" for each in every(spec, "matchPattern")),
        kinds=() if _ANY_FILE in queries else tuple(each.replace("Query", "Info") for each in queries),
        details=() if details is None else tuple(each for each in _DETAILS if flag(details, each)),
        ignores_case=text(spec, "searchCaseInsensitive", "true") != "false",
        folders_first=flag(spec, "sortFoldersFirst"),
        recursive=recursive,
        started=now,
    )
    if not is_small(found):
        told = messages.SEARCH_TOO_LONG(argument="searchSpec", most=MOST_PATTERNS, length=LONGEST_PATTERN, path=LONGEST_PATH)
        raise invalid_argument("searchSpec", told)
    return found


def _type_of(query: etree._Element) -> str:
    return (query.get(XSI_TYPE) or _ANY_FILE).rpartition(":")[2]


class DatastoreBrowser:
    """Searches datastores for a user."""

    def __init__(self, inventory: Inventory, browsing: Browsing, visible: VisibleTo) -> None:
        self._inventory = inventory
        self._browsing = browsing
        self._visible = visible

    def start(self, search: Search) -> Reference:
        """Returns the task of a search. Raises VimFault if there is no such datastore."""
        self._directory(search.path)
        return search.reference()

    async def tasks(self, login: Login, wanted: Iterable[Reference]) -> dict[str, Data]:
        """The TaskInfo of those objects that are tasks of searches, by identifier. Raises VimFault if there are too many."""
        found = {each: search for each in dict.fromkeys(wanted) if (search := search_in(each)) is not None}
        if len(found) > _MOST_TASKS:
            raise invalid_argument("objectSet", messages.TOO_MANY_SEARCHES(argument="objectSet", most=_MOST_TASKS))
        return {task.id: await self._info(login, task, search) for task, search in found.items()}

    async def _info(self, login: Login, task: Reference, search: Search) -> Data:
        try:
            directory = self._directory(search.path)
            found = await self._run(login, search, directory)
        except VimFault as fault:
            return ended_task(task, _METHODS[search.recursive], login.user, search.started, failure=fault)
        entity = Reference("Datastore", directory.datastore.id), directory.datastore.name
        return ended_task(task, _METHODS[search.recursive], login.user, search.started, entity=entity, result=found)

    async def _run(self, login: Login, search: Search, directory: DatastorePath) -> Value:
        async def seen(libraries: list[str]) -> set[str]:
            return await self._visible(login, libraries)

        if search.recursive:
            return Array(_RESULTS, await self._walk(search, directory, seen))
        entries = await self._browsing.entries(directory.datastore.id, directory.path, seen, search.fits(), _MOST_ENTRIES)
        if entries is None:
            raise _no_directory(directory)
        _check_number(directory, len(entries))
        return _results(search, directory, entries)

    async def _walk(self, search: Search, top: DatastorePath, seen: Seen) -> list[Value]:
        """The results of a directory and all that are below it."""
        found: list[Value] = []
        waiting, fits, number = deque([top]), search.fits(), 0
        while waiting:
            directory = waiting.popleft()
            left = _MOST_ENTRIES - number
            entries = await self._browsing.entries(directory.datastore.id, directory.path, seen, _all, left)
            if entries is None:  # gone by now, unless it is the first one
                if directory is top:
                    raise _no_directory(top)
                continue
            number += len(entries)
            _check_number(top, number)
            waiting.extend(directory.below(each.name) for each in entries if each.is_directory)
            found.append(_results(search, directory, [each for each in entries if fits(each.name)]))
        return found

    def _directory(self, path: str) -> DatastorePath:
        """The directory of a path like `[datastore1] contentlib-ID/ITEM`. Raises VimFault if the datastore is unknown."""
        named = [each for each in self._inventory.datastores if path.startswith(f"[{each.name}]")]
        if not named:
            raise _no_datastore(path)
        datastore = max(named, key=lambda each: len(each.name))
        steps = path[len(datastore.name) + 2 :].strip().split("/")
        return DatastorePath(datastore, tuple(each for each in steps if each not in ("", ".")))


def _all(_name: str) -> bool:
    return True


def _results(search: Search, directory: DatastorePath, entries: Sequence[Entry]) -> Data:
    if search.folders_first:
        entries = sorted(entries, key=lambda each: not each.is_directory)
    wanted = [each for each in entries if search.wants(_kind(each))]
    datastore = Reference("Datastore", directory.datastore.id)
    files = Array("FileInfo", [_file(search, each) for each in wanted])
    return Data(_RESULTS, {"datastore": datastore, "folderPath": str(directory), "file": files})


def _kind(entry: Entry) -> str:
    return FOLDER if entry.is_directory else kind_of(entry.name)


def _file(search: Search, entry: Entry) -> Typed:
    details = search.details
    kind = _kind(entry) if entry.is_directory or "fileType" in details else "FileInfo"
    return Typed(
        Data(
            kind,
            {
                "path": entry.name,
                "fileSize": Long(entry.size or 0) if "fileSize" in details else None,
                "modification": DateTime(entry.modified) if "modification" in details else None,
            },
        )
    )


def _check_number(directory: DatastorePath, number: int) -> None:
    if number > _MOST_ENTRIES:
        raise _failed("CannotAccessFile", directory, messages.TOO_MANY_ENTRIES(directory=str(directory), most=_MOST_ENTRIES))


def _no_directory(directory: DatastorePath) -> VimFault:
    return _failed("FileNotFound", directory, messages.NO_DIRECTORY(directory=str(directory)))


def _failed(kind: str, directory: DatastorePath, said: Fault) -> VimFault:
    return VimFault(said.text, Data(kind, {"file": str(directory)}))


def _no_datastore(path: str) -> VimFault:
    name = path.removeprefix("[").partition("]")[0]
    said = messages.NO_DATASTORE(name=name[:80])
    return VimFault(said.text, Data("InvalidDatastore", {"name": name[:80]}))
