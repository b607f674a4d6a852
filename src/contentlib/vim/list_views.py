"""Keeps the list views that clients have changed among the objects of their login session.

A list view that was not changed is not stored: its identifier contains its objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from contentlib.vim import messages
from contentlib.vim.faults import invalid_argument, not_found
from contentlib.vim.login_objects import LoginObjects
from contentlib.vim.objects import LIST_VIEW, MOST_LISTED, listed_in
from contentlib.vim.values import Reference

_NAME_LENGTH = 80  # the beginning of an identifier, which is different for each view


class ListViews:
    """The list views of login sessions."""

    def __init__(self, objects: LoginObjects) -> None:
        self._objects = objects

    async def of(self, login: str, targets: Iterable[Reference]) -> Mapping[str, Sequence[Reference]]:
        """The objects of those targets that are list views, by identifier."""
        views = [each for each in targets if each.type == LIST_VIEW]
        if not views:
            return {}
        kept = await self._objects.of(login)
        found = {view.id: _listed(kept, view) for view in views}
        return {view: listed for view, listed in found.items() if listed is not None}

    async def change(
        self, login: str, view: Reference, add: Sequence[Reference] = (), remove: Iterable[Reference] | None = None
    ) -> None:
        """Adds objects to a list view and removes others, or all of them. Raises VimFault if it is not a list view."""
        async with self._objects.changing(login) as kept:
            before = _listed(kept, view)
            if before is None:
                raise not_found(view)
            gone = set(before if remove is None else remove)
            listed = list(dict.fromkeys([*(each for each in before if each not in gone), *add]))
            if len(listed) > MOST_LISTED:
                raise invalid_argument("add", messages.TOO_MANY_OBJECTS(argument="add", most=MOST_LISTED))
            kept[_name(view)] = msgspec.json.encode([(each.type, each.id) for each in listed]).decode()

    async def forget(self, login: str, view: Reference) -> None:
        """Forgets how a list view was changed."""
        async with self._objects.changing(login) as kept:
            kept.pop(_name(view), None)


def _listed(kept: Mapping[Reference, str], view: Reference) -> list[Reference] | None:
    if view.type != LIST_VIEW:  # else it could be kept under the name of an object of another type
        return None
    text = kept.get(_name(view))
    if text is None:
        return listed_in(view)
    return [Reference(kind, identifier) for kind, identifier in msgspec.json.decode(text, type=list[tuple[str, str]])]


def _name(view: Reference) -> Reference:
    return Reference(view.type, view.id[:_NAME_LENGTH])
