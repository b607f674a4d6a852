"""Implements task collectors: filters of tasks, which clients read page by page in both directions.

A collector is kept among the objects of its login session. Its position is the task beside which it stands, so tasks that come
meanwhile do not move it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from lxml import etree
from msgspec.structs import replace

from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Login, Task
from contentlib.vim import messages
from contentlib.vim.collector import child, every, flag, reference, text
from contentlib.vim.faults import invalid_argument, not_authenticated, not_found
from contentlib.vim.login_objects import LoginObjects
from contentlib.vim.objects import COLLECTOR, ROOT_FOLDER
from contentlib.vim.recent_tasks import STATES, RecentTasks
from contentlib.vim.values import Array, Reference, Value

if TYPE_CHECKING:
    from contentlib.vim.methods import Method, SoapCall

_LARGEST_PAGE = 1000
_PAGE = 10
_INFO = "TaskInfo"
_TIMES = ("queuedTime", "startedTime", "completedTime")
_MOST_NAMES = 64
_NEVER = ("alarm", "scheduledTask", "activationId", "eventChainId", "tag", "parentTaskKey", "rootTaskKey")
"""What tasks of this server do not have."""


class _Filter(msgspec.Struct, frozen=True):
    """The tasks that a collector has: all that fit each criterion. `none` is a criterion that no task fits."""

    none: bool = False
    users: tuple[str, ...] | None = None
    states: tuple[str, ...] = ()
    time: str = _TIMES[0]
    begin: int | None = None
    end: int | None = None

    def fits(self, task: Task) -> bool:
        """Whether a task is one of them."""
        if self.none or (self.users is not None and task.user not in self.users):
            return False
        if self.states and STATES[task.status] not in self.states:
            return False
        if self.begin is None and self.end is None:
            return True
        at = {"queuedTime": task.created, "startedTime": task.started, "completedTime": task.ended}[self.time]
        return at is not None and (self.begin is None or self.begin <= at) and (self.end is None or at <= self.end)


class _Collector(msgspec.Struct, frozen=True):
    """A collector. `at` is the time and identifier of the task that its position is beside, None before the oldest one."""

    filter: _Filter
    page: int = _PAGE
    at: tuple[int, str] | None = None
    behind: bool = False
    """Whether the position is behind that task."""


Move = Callable[[_Collector, Sequence[Task]], tuple[_Collector, Sequence[Task]]]
"""Moves the position of a collector among its tasks, the oldest first. Returns the collector, and the tasks that were read."""


class TaskHistory:
    """The task collectors of login sessions."""

    def __init__(self, objects: LoginObjects, tasks: RecentTasks) -> None:
        self._objects = objects
        self._tasks = tasks

    async def latest(self, login: Login, targets: Iterable[Reference]) -> Mapping[str, Array]:
        """The latest page of those targets that are task collectors, by identifier."""
        wanted = [each for each in targets if each.type == COLLECTOR]
        if not wanted:
            return {}
        kept = await self._objects.of(login.token_hash)
        pages = {}
        for each in dict.fromkeys(wanted):
            if each in kept:
                collector = _decoded(kept[each])
                found = await self._tasks.of(login, collector.filter.fits)
                pages[each.id] = Array(_INFO, await self._tasks.infos(found[-collector.page :]))
        return pages

    async def create(self, call: SoapCall) -> Value:
        """Creates a collector, which stands before its oldest task."""
        spec = child(call.arguments, "filter")
        made = Reference(COLLECTOR, f"session-{new_identifier()}")
        kept = _Collector(_Filter() if spec is None else _filter_of(spec))
        async with self._objects.changing(_login(call).token_hash) as objects:
            objects[made] = _encoded(kept)
        return made

    async def destroy(self, call: SoapCall) -> None:
        """Destroys a collector."""
        async with self._objects.changing(_login(call).token_hash) as objects:
            if call.target.type != COLLECTOR or objects.pop(call.target, None) is None:
                raise not_found(call.target)

    async def read_next(self, call: SoapCall) -> Value:
        """Returns the tasks behind the position, which moves behind them."""
        most = _count(call)

        def read(collector: _Collector, found: Sequence[Task]) -> tuple[_Collector, Sequence[Task]]:
            read = [each for each in found if _is_behind(collector, each)][:most]
            return _placed(collector, read, behind=True), read

        return await self._moved(call, read)

    async def read_previous(self, call: SoapCall) -> Value:
        """Returns the tasks before the position, the newest first. The position moves before them."""
        most = _count(call)

        def read(collector: _Collector, found: Sequence[Task]) -> tuple[_Collector, Sequence[Task]]:
            read = [each for each in reversed(found) if not _is_behind(collector, each)][:most]
            return _placed(collector, read, behind=False), read

        return await self._moved(call, read)

    async def rewind(self, call: SoapCall) -> None:
        """Moves the position before the oldest task."""
        await self._moved(call, lambda collector, _: (replace(collector, at=None), ()))

    async def reset(self, call: SoapCall) -> None:
        """Moves the position behind the newest task."""
        await self._moved(call, lambda collector, found: (_placed(collector, found[-1:], behind=True), ()))

    async def set_page_size(self, call: SoapCall) -> None:
        """Sets the size of the latest page."""
        page = _count(call)
        await self._moved(call, lambda collector, _: (replace(collector, page=page), ()))

    async def _moved(self, call: SoapCall, move: Move) -> Array:
        login = _login(call)
        kept = await self._objects.of(login.token_hash)
        if call.target.type != COLLECTOR or call.target not in kept:
            raise not_found(call.target)
        found = await self._tasks.of(login, _decoded(kept[call.target]).filter.fits)
        async with self._objects.changing(login.token_hash) as objects:
            if call.target not in objects:
                raise not_found(call.target)
            collector, read = move(_decoded(objects[call.target]), found)
            objects[call.target] = _encoded(collector)
        call.large = bool(read)
        return Array(_INFO, await self._tasks.infos(read))


def methods_of(history: TaskHistory) -> Mapping[str, Method]:
    """The methods of task collectors."""
    return {
        "CreateCollectorForTasks": history.create,
        "DestroyCollector": history.destroy,
        "ReadNextTasks": history.read_next,
        "ReadPreviousTasks": history.read_previous,
        "ResetCollector": history.reset,
        "RewindCollector": history.rewind,
        "SetCollectorPageSize": history.set_page_size,
    }


def _is_behind(collector: _Collector, task: Task) -> bool:
    """Whether a task is behind the position of a collector."""
    key = task.created, task.id
    if collector.at is None:
        return True
    return key > collector.at or (key == collector.at and not collector.behind)


def _placed(collector: _Collector, read: Sequence[Task], *, behind: bool) -> _Collector:
    """The collector beside the last of the tasks that were read."""
    return replace(collector, at=(read[-1].created, read[-1].id), behind=behind) if read else collector


def _login(call: SoapCall) -> Login:
    if call.login is None:
        raise not_authenticated(call.target)
    return call.login


def _count(call: SoapCall) -> int:
    """The number of tasks that a call asks for."""
    given = text(call.arguments, "maxCount", "") or ""
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and 0 < int(given) <= _LARGEST_PAGE):
        raise invalid_argument("maxCount", messages.COUNT(argument="maxCount", most=_LARGEST_PAGE, given=given[:20]))
    return int(given)


def _filter_of(spec: etree._Element) -> _Filter:
    """The tasks that a TaskFilterSpec selects."""
    names, time = child(spec, "userName"), child(spec, "time")
    states = tuple((each.text or "").strip() for each in every(spec, "state"))
    unknown = [each for each in states if each not in STATES.values()]
    if unknown:
        raise invalid_argument("filter.state", messages.NO_STATE(argument="filter.state", given=unknown[0][:20]))
    kind = _TIMES[0] if time is None else text(time, "timeType", "") or ""
    if kind not in _TIMES:
        raise invalid_argument("filter.time", messages.NO_TIME(argument="filter.time.timeType", given=kind[:20]))
    return _Filter(
        none=any(child(spec, name) is not None for name in _NEVER) or not _is_everywhere(child(spec, "entity")),
        users=None if names is None else _users(names),
        states=tuple(dict.fromkeys(states)),
        time=kind,
        begin=_time(time, "beginTime"),
        end=_time(time, "endTime"),
    )


def _is_everywhere(entity: etree._Element | None) -> bool:
    """Whether a filter by entity has all tasks: they belong to no object of the inventory, and so to all of it only."""
    if entity is None:
        return True
    return reference(child(entity, "entity"), "filter.entity") == ROOT_FOLDER and text(entity, "recursion") == "all"


def _users(names: etree._Element) -> tuple[str, ...]:
    users = tuple((each.text or "").strip() for each in every(names, "userList"))
    if len(users) > _MOST_NAMES or any(len(each) > 256 for each in users):
        raise invalid_argument("filter.userName", messages.TOO_MANY_OBJECTS(argument="filter.userName", most=_MOST_NAMES))
    return (*users, *(("",) if flag(names, "systemUser") else ()))


def _time(time: etree._Element | None, name: str) -> int | None:
    """A limit of time in milliseconds, if there is one. Without a zone it is UTC."""
    given = None if time is None else text(time, name)
    if not given:
        return None
    try:
        read = datetime.fromisoformat(given)
    except ValueError as error:
        raise invalid_argument(f"filter.time.{name}", messages.NO_TIME(argument=name, given=given[:40])) from error
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)


def _decoded(kept: str) -> _Collector:
    return msgspec.json.decode(kept, type=_Collector)


def _encoded(collector: _Collector) -> str:
    return msgspec.json.encode(collector).decode()
