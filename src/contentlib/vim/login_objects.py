"""Keeps the objects that clients make (filters, changed list views, task collectors), so that every process knows them.

The objects of a login session are a row among the client tokens, with the session's token in its key: they end with the
session. The row is renewed while it is read, and dropped some time after that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec

from contentlib.library.clock import Clock
from contentlib.library.model import Token
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.vim import messages
from contentlib.vim.faults import invalid_state
from contentlib.vim.values import Reference

MOST = 64
LONGEST = 1 << 18
"""Characters of all objects of a login session, with their names."""
_KEPT = 3_600_000
_OPERATION = "vim25.objects"


class _Row(msgspec.Struct, frozen=True):
    until: int
    objects: dict[str, str]


class LoginObjects:
    """The objects of login sessions: each a text, by its reference."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def of(self, login: str) -> Mapping[Reference, str]:
        """The objects of a login session, in the order of their creation."""
        async with self._metadata.reading() as transaction:
            row = await _row(transaction, login)
        if row is None:
            return {}
        if row.until < self._clock.now() + _KEPT // 2:
            async with self.changing(login):
                pass
        return _by_reference(row)

    @asynccontextmanager
    async def changing(self, login: str) -> AsyncIterator[dict[Reference, str]]:
        """The objects of a login session, to be changed. Raises VimFault if it would have too many."""
        async with self._metadata.transaction(durable=False) as transaction:
            row = await _row(transaction, login)
            objects = {} if row is None else _by_reference(row)
            yield objects
            named = {f"{each.type}:{each.id}": text for each, text in objects.items()}
            if row is not None and row.until >= self._clock.now() + _KEPT // 2 and named == row.objects:
                return
            if len(named) > MOST or sum(len(name) + len(text) for name, text in named.items()) > LONGEST:
                raise invalid_state(messages.TOO_MANY_OF_LOGIN(most=MOST, length=LONGEST))
            await transaction.tokens.forget_user(_key(login).user)
            if named:
                until = self._clock.now() + _KEPT
                await transaction.tokens.add(_key(login), msgspec.json.encode(_Row(until, named)).decode(), until)


async def _row(transaction: Transaction, login: str) -> _Row | None:
    text = await transaction.tokens.find(_key(login))
    return None if text is None else msgspec.json.decode(text, type=_Row)


def _by_reference(row: _Row) -> dict[Reference, str]:
    return {Reference(*name.split(":", 1)): text for name, text in row.objects.items()}


def _key(login: str) -> Token:
    return Token(f"login {login}", _OPERATION, "objects")
