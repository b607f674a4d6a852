"""Tests how texts are split into the words by which they are found."""

from __future__ import annotations

import pytest

from contentlib.library.words import LONGEST_WORD, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ubuntu-24.04_LTS.iso", ["ubuntu", "24", "04", "lts", "iso"]),
        ("Élan ELAN e\u0301lan", ["elan"]),
        ("Straße", ["strasse"]),
        ("ﬁle", ["file"]),
        ("日本 語", ["日本", "語"]),
        ("", []),
        (" ...\n", []),
        ("a\ud800b", ["a", "b"]),
    ],
)
def test_words_have_no_case_accents_or_punctuation(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_long_word_is_compared_by_its_beginning() -> None:
    assert words_of("x" * 1000) == ["x" * LONGEST_WORD]


def test_a_long_run_of_accents_is_not_normalized() -> None:
    assert words_of("é" + "\u0301" * 1_000_000) == ["é"]


def test_words_of_several_texts_are_told_once() -> None:
    assert words_of("a b", "b c") == ["a", "b", "c"]
