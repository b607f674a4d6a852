"""Implements updates of properties: clients create filters, and wait until what they select changes.

No state of a client is kept: a version is the digest of all that its filters select, so any process answers the next call. If
something has changed, all selected objects are reported.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from lxml import etree

from contentlib.http.message import unless_gone
from contentlib.vim.collector import child, text
from contentlib.vim.faults import invalid_argument, not_authenticated
from contentlib.vim.filters import CollectorFilters, new_collector
from contentlib.vim.messages import NOT_A_FILTER
from contentlib.vim.values import Array, Data, Enum, Reference, Value, write

if TYPE_CHECKING:
    from contentlib.vim.methods import Method, SoapCall

Collect = Callable[["SoapCall", etree._Element], Awaitable[list[Data]]]
"""The ObjectContents that the filters in an element select for a caller."""

_LONGEST_WAIT = 10.0
"""Seconds after which a call without changes is answered; clients then call again."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class PropertyUpdates:
    """The methods of property collectors that wait for changes."""

    def __init__(self, filters: CollectorFilters, collect: Collect) -> None:
        self._filters = filters
        self._collect = collect
        self.methods: Mapping[str, Method] = {
            "CancelWaitForUpdates": self._nothing,
            "CheckForUpdates": self._check,
            "CreateFilter": self._create_filter,
            "CreatePropertyCollector": self._create_collector,
            "DestroyPropertyCollector": self._destroy_collector,
            "DestroyPropertyFilter": self._destroy_filter,
            "WaitForUpdates": self._wait,
            "WaitForUpdatesEx": self._wait,
        }

    async def _nothing(self, call: SoapCall) -> None:
        """A canceled wait ends when its client disconnects."""

    async def _create_collector(self, _call: SoapCall) -> Value:
        return new_collector()

    async def _create_filter(self, call: SoapCall) -> Value:
        spec = child(call.arguments, "spec")
        if spec is None:
            raise invalid_argument("spec", NOT_A_FILTER(argument="spec"))
        return await self._filters.add(_login(call), call.target, spec)

    async def _destroy_collector(self, call: SoapCall) -> None:
        await self._filters.clear(_login(call), call.target)

    async def _destroy_filter(self, call: SoapCall) -> None:
        await self._filters.remove(_login(call), call.target)

    async def _check(self, call: SoapCall) -> Value | None:
        """The update set since the version of a call; None without a change."""
        known = text(call.arguments, "version", "") or ""
        filters = await self._filters.all(_login(call), call.target)
        found = {target: await self._collect(call, _specs(spec)) for target, spec in filters.items()}
        version = _digest(found)
        if version == known or not any(found.values()):
            return None
        kind = "modify" if known else "enter"
        sets = [_filter_update(target, kind, contents) for target, contents in found.items()]
        return Data("UpdateSet", {"version": version, "filterSet": Array("PropertyFilterUpdate", sets)})

    async def _wait(self, call: SoapCall) -> Value | None:
        """Answers as soon as something has changed, or after a while without an update set."""
        return await unless_gone(call.caller.gone, self._changed(call, time.monotonic() + _patience(call)))

    async def _changed(self, call: SoapCall, end: float) -> Value | None:
        pause = _FIRST_PAUSE
        while (found := await self._check(call)) is None and time.monotonic() + pause < end:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return found


def _login(call: SoapCall) -> str:
    if call.login is None:
        raise not_authenticated(call.target)
    return call.login.token_hash


def _patience(call: SoapCall) -> float:
    options = child(call.arguments, "options")
    wanted = None if options is None else text(options, "maxWaitSeconds")
    return min(float(wanted), _LONGEST_WAIT) if wanted and wanted.isdecimal() and len(wanted) < 10 else _LONGEST_WAIT


def _specs(spec: etree._Element) -> etree._Element:
    """The filter as an argument of RetrieveProperties."""
    arguments = etree.Element("arguments")
    spec.tag = "specSet"
    arguments.append(spec)
    return arguments


def _digest(found: Mapping[Reference, list[Data]]) -> str:
    root = etree.Element("root")
    for target, contents in found.items():
        write(root, "filter", target)
        for each in contents:
            write(root, "content", each)
    return hashlib.sha256(etree.tostring(root)).hexdigest()[:32]


def _filter_update(target: Reference, kind: str, contents: list[Data]) -> Data:
    objects = [_object_update(kind, each) for each in contents]
    return Data("PropertyFilterUpdate", {"filter": target, "objectSet": Array("ObjectUpdate", objects)})


def _object_update(kind: str, content: Data) -> Data:
    properties = content.fields["propSet"]
    changes = [
        Data(
            "PropertyChange", {"name": each.fields["name"], "op": Enum("PropertyChangeOp", "assign"), "val": each.fields["val"]}
        )
        for each in (properties.items if isinstance(properties, Array) else ())
        if isinstance(each, Data)
    ]
    return Data(
        "ObjectUpdate",
        {"kind": Enum("ObjectUpdateKind", kind), "obj": content.fields["obj"], "changeSet": Array("PropertyChange", changes)},
    )
