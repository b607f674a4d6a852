"""Implements the methods of views: a container view selects objects of the inventory, a list view has given ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from contentlib.vim import messages
from contentlib.vim.collector import child, every, flag, reference
from contentlib.vim.faults import invalid_argument, not_authenticated, not_found
from contentlib.vim.list_views import ListViews
from contentlib.vim.objects import LIST_VIEW, LONGEST_TYPE, MOST_LISTED, MOST_TYPES, View, World, list_view
from contentlib.vim.values import Array, Reference, Value

if TYPE_CHECKING:
    from contentlib.vim.methods import Method, SoapCall

Seen = Callable[["SoapCall", Iterable[Reference]], Awaitable[World]]
"""The world as a caller sees it, with what some targets need."""


class ViewManager:
    """The methods that create, change and destroy views."""

    def __init__(self, world: World, lists: ListViews, seen: Seen) -> None:
        self._world = world
        self._lists = lists
        self._seen = seen
        self.methods: Mapping[str, Method] = {
            "CreateContainerView": self._create_view,
            "CreateListView": self._create_list_view,
            "DestroyView": self._destroy_view,
            "ModifyListView": self._modify_list_view,
            "ResetListView": self._reset_list_view,
        }

    async def _create_view(self, call: SoapCall) -> Value:
        container = reference(child(call.arguments, "container"), "container")
        if not self._world.exists(container):
            raise not_found(container)
        types = tuple((each.text or "").strip() for each in every(call.arguments, "type"))
        view = View(container.id, container.type, types, flag(call.arguments, "recursive"))
        if not view.has_few_types:
            raise invalid_argument("type", messages.TOO_MANY_TYPES(argument="type", most=MOST_TYPES, length=LONGEST_TYPE))
        return view.reference()

    async def _create_list_view(self, call: SoapCall) -> Value:
        return list_view(await self._listed(call, "obj"))

    async def _modify_list_view(self, call: SoapCall) -> Value:
        """Adds objects to a list view and removes others. Returns those that are not there."""
        given = [reference(each, "add") for each in every(call.arguments, "add")]
        world = await self._seen(call, given)
        added = [each for each in given if world.exists(each)]
        removed = [reference(each, "remove") for each in every(call.arguments, "remove")]
        await self._lists.change(_owner(call), call.target, added, removed)
        return Array("ManagedObjectReference", [each for each in given if each not in added])

    async def _reset_list_view(self, call: SoapCall) -> Value:
        """Replaces the objects of a list view. Returns those that are not there."""
        given = [reference(each, "obj") for each in every(call.arguments, "obj")]
        world = await self._seen(call, given)
        await self._lists.change(_owner(call), call.target, [each for each in given if world.exists(each)])
        return Array("ManagedObjectReference", [each for each in given if not world.exists(each)])

    async def _listed(self, call: SoapCall, name: str) -> list[Reference]:
        """The objects that arguments name. Raises VimFault if one is not there."""
        listed = [reference(each, name) for each in every(call.arguments, name)]
        if len(listed) > MOST_LISTED:
            raise invalid_argument(name, messages.TOO_MANY_OBJECTS(argument=name, most=MOST_LISTED))
        world = await self._seen(call, listed)
        for each in listed:
            if not world.exists(each):
                raise not_found(each)
        return listed

    async def _destroy_view(self, call: SoapCall) -> None:
        if not self._world.exists(call.target):
            raise not_found(call.target)
        if call.target.type == LIST_VIEW:
            await self._lists.forget(_owner(call), call.target)


def _owner(call: SoapCall) -> str:
    """The login session of a call."""
    if call.login is None:
        raise not_authenticated(call.target)
    return call.login.token_hash
