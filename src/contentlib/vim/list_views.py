"""Keeps the list views that clients have changed, so that every process knows their objects.

A list view that was not changed is not stored: its identifier contains its objects. Changed ones are kept with the client
tokens, under the login session, and are forgotten after an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from contentlib.library.clock import Clock
from contentlib.library.model import Token
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.vim import messages
from contentlib.vim.faults import invalid_argument, not_found
from contentlib.vim.objects import LIST_VIEW, MOST_LISTED, listed_in
from contentlib.vim.values import Reference

_KEPT = 3_600_000
_OPERATION = "vim25.ResetListView"
_NAME_LENGTH = 80  # the beginning of an identifier, which is different for each view


class ListViews:
    """The list views of login sessions."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def of(self, login: str, targets: Iterable[Reference]) -> Mapping[str, Sequence[Reference]]:
        """The objects of those targets that are list views, by identifier."""
        views = [each for each in targets if each.type == LIST_VIEW]
        if not views:
            return {}
        async with self._metadata.reading() as transaction:
            found = {view.id: await _objects(transaction, login, view) for view in views}
        return {view: objects for view, objects in found.items() if objects is not None}

    async def change(
        self, login: str, view: Reference, add: Sequence[Reference] = (), remove: Iterable[Reference] | None = None
    ) -> None:
        """Adds objects to a list view and removes others, or all of them. Raises VimFault if it is not a list view."""
        async with self._metadata.transaction(durable=False) as transaction:
            before = await _objects(transaction, login, view)
            if before is None:
                raise not_found(view)
            gone = set(before if remove is None else remove)
            objects = list(dict.fromkeys([*(each for each in before if each not in gone), *add]))
            if len(objects) > MOST_LISTED:
                raise invalid_argument("add", messages.TOO_MANY_OBJECTS(argument="add", most=MOST_LISTED))
            await self._put(transaction, login, view, objects)

    async def forget(self, login: str, view: Reference) -> None:
        """Forgets how a list view was changed."""
        async with self._metadata.transaction(durable=False) as transaction:
            await transaction.tokens.forget_user(_owner(login, view))

    async def _put(self, transaction: Transaction, login: str, view: Reference, objects: Sequence[Reference]) -> None:
        await transaction.tokens.forget_user(_owner(login, view))
        text = msgspec.json.encode([(each.type, each.id) for each in objects]).decode()
        await transaction.tokens.add(_row(login, view), text, self._clock.now() + _KEPT)


async def _objects(transaction: Transaction, login: str, view: Reference) -> list[Reference] | None:
    text = await transaction.tokens.find(_row(login, view))
    if text is None:
        return listed_in(view)
    return [Reference(kind, identifier) for kind, identifier in msgspec.json.decode(text, type=list[tuple[str, str]])]


def _owner(login: str, view: Reference) -> str:
    return f"{login} {view.id[:_NAME_LENGTH]}"


def _row(login: str, view: Reference) -> Token:
    return Token(_owner(login, view), _OPERATION, "objects")
