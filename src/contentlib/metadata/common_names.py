"""Finds the next name that has all of some words, by leaps from one word's names to the other's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from contentlib.metadata import tables
from contentlib.metadata.statement import Connection, Statement

_WORDS = tables.search_words
_MOST_LEAPS, _MOST_BEGINNINGS = 300, 4
_of_word = _WORDS.c.word == bindparam("word")
_NEXT = Statement(select(func.min(_WORDS.c.name)).where(_of_word, _WORDS.c.name >= bindparam("name")))
_PREVIOUS = Statement(select(func.max(_WORDS.c.name)).where(_of_word, _WORDS.c.name <= bindparam("name")))
LAST_NAME = chr(0x10FFFF)


class CommonNames:
    """The names of things that have all of some words, where each of these has a few spellings that begin alike."""

    def __init__(self, connection: Connection, words: Sequence[Sequence[str]], *, descending: bool) -> None:
        self._connection = connection
        self._words = [each for each in words if len(each) <= _MOST_BEGINNINGS]
        self._statement, self._nearest = (_PREVIOUS, max) if descending else (_NEXT, min)
        self._first = LAST_NAME if descending else ""

    async def beyond(self, name: str | None) -> str | None:
        """The next name from this one on, or a name before it after many leaps; None if there is none.

        With fewer than two words, it is the name itself.
        """
        place = self._first if name is None else name
        agreed, leaps = 0, 0
        while len(self._words) > 1 and agreed < len(self._words) and leaps < _MOST_LEAPS:
            found = await self._next(self._words[leaps % len(self._words)], place)
            if found is None:
                return None
            agreed, place, leaps = (agreed + 1 if found == place else 1), found, leaps + 1
        return place

    async def _next(self, spellings: Sequence[str], name: str) -> str | None:
        """The next name of a thing with one of these words."""
        names = []
        for word in spellings:
            row = await self._connection.row(self._statement, {"word": word, "name": name})
            if row is not None and row[0] is not None:
                names.append(row[0])
        return self._nearest(names) if names else None
