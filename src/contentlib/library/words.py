"""Splits texts into the words by which they are found: without regard to case, accents and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST_WORD = 64
"""The characters of a word that are compared."""
_LONGEST_PART = 255  # to normalize takes time quadratic in a run of accents
_WORD = re.compile(r"[^\W_]+")


def words_of(*texts: str) -> list[str]:
    """The words of some texts, in order, each once."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for part in _parts(texts) for word in _WORD.findall(_plain(part))))


def _parts(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from text.split()


def _plain(part: str) -> str:
    if part.isascii():
        return part.lower()
    if len(part) > _LONGEST_PART:
        return part.casefold()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", part).casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
