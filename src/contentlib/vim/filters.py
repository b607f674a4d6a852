"""Keeps the filters of property collectors, so that every process knows them.

They are kept with the client tokens, under the login session and the collector, and are forgotten after an hour.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from lxml import etree

from contentlib.library.clock import Clock
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Token
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.safe_xml import parse
from contentlib.vim import messages
from contentlib.vim.collector import filter_of
from contentlib.vim.faults import invalid_argument, not_found
from contentlib.vim.values import Reference

_MOST = 8
_LONGEST = 8192
_KEPT = 3_600_000
_OPERATION = "vim25.CreateFilter"
COLLECTOR = "PropertyCollector"
_FILTER = "PropertyFilter"


class CollectorFilters:
    """The filters of the collectors of login sessions."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def add(self, login: str, collector: Reference, spec: etree._Element) -> Reference:
        """Adds a filter to a collector. Raises VimFault if it is malformed or too long, or if the collector has too many."""
        filter_of(spec)
        text = etree.tostring(spec, method="c14n", exclusive=True).decode("utf-8")
        async with self._metadata.transaction(durable=False) as transaction:
            number = len([each async for each in _all(transaction, login, collector)])
            if number >= _MOST or len(text) > _LONGEST:
                raise invalid_argument("spec", messages.FILTER_TOO_LARGE(argument="spec", most=_MOST, length=_LONGEST))
            await transaction.tokens.add(_row(login, collector, number), text, self._clock.now() + _KEPT)
        return Reference(_FILTER, f"{collector.id}/{number}")

    async def all(self, login: str, collector: Reference) -> dict[Reference, etree._Element]:
        """The filters of a collector."""
        async with self._metadata.reading() as transaction:
            texts = [each async for each in _all(transaction, login, collector)]
        return {Reference(_FILTER, f"{collector.id}/{n}"): parse(each.encode()) for n, each in enumerate(texts)}

    async def remove(self, login: str, target: Reference) -> None:
        """Removes a filter. Raises VimFault if there is none; the numbers of later filters decrease."""
        name, _, number = target.id.rpartition("/")
        collector = Reference(COLLECTOR, name)
        async with self._metadata.transaction(durable=False) as transaction:
            texts = [each async for each in _all(transaction, login, collector)]
            if number not in map(str, range(len(texts))):
                raise not_found(target)
            del texts[int(number)]
            await transaction.tokens.forget_user(_owner(login, collector))
            for n, each in enumerate(texts):
                await transaction.tokens.add(_row(login, collector, n), each, self._clock.now() + _KEPT)

    async def clear(self, login: str, collector: Reference) -> None:
        """Removes all filters of a collector."""
        async with self._metadata.transaction(durable=False) as transaction:
            await transaction.tokens.forget_user(_owner(login, collector))


def new_collector() -> Reference:
    """A collector without filters. Nothing of it is stored."""
    return Reference(COLLECTOR, f"session-{new_identifier()}")


def _owner(login: str, collector: Reference) -> str:
    return f"{login} {collector.id[:80]}"


def _row(login: str, collector: Reference, number: int) -> Token:
    return Token(_owner(login, collector), _OPERATION, str(number))


async def _all(transaction: Transaction, login: str, collector: Reference) -> AsyncIterator[str]:
    for number in range(_MOST):
        text = await transaction.tokens.find(_row(login, collector, number))
        if text is None:
            return
        yield text
