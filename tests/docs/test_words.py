"""Keeps the prose of the project in plain English: no phrases of a kind that readers have to translate."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from contentlib import settings
from docs.reading import DOCS, PAGES, ROOT, prose, text_of
from generator.program import each_command

SOURCE = ROOT / "src" / "contentlib"
GENERATED = re.compile(r"<!-- generated: \w+ -->.*?<!-- end -->", re.DOTALL)
CODE = re.compile(r"`[^`]*`")
HAND_WRITTEN = [page for page in PAGES if page.parent != DOCS / "api" and page.name not in ("conformance.md", "performance.md")]
MODULES = sorted(SOURCE.rglob("*.py"))

BANNED = [
    r"whoever|whomever|nobody|somebody|anybody",
    r"(?:is|are|was|were) told",
    r"says? (?:that|nothing)",
    r"stands? (?:in|beside|at|for) (?:the|a|an|both|its|their)",
    r"the little of",
    r"as (?:it|they) comes?",
    r"another one than|(?:is|are) another one",
    r"(?:is|are) not possible here",
    r"what (?:comes|came|goes|there is|is there|has come|is said|was said|lies)",
    r"(?<!there )(?:is|are) none(?! of)",
    r"(?<!there )is no (?!longer|more|need|way)\w+",
    r"goes on|go on with",
    r"to the one who",
    r"(?:must|can|may) not be had",
    r"lets? go of",
    r"again and again",
    r"is (?:it )?well",
    r"where (?:there )?is (?:but )?(?:one|none)",
]
STYLE = re.compile("|".join(rf"\b(?:{each})\b" for each in BANNED), re.IGNORECASE)
VERB_FIRST = re.compile(r"(?!Statements)[A-Z][a-z]+s,? [^ ]")


def found(text: str) -> list[str]:
    return [match[0] for match in STYLE.finditer(" ".join(CODE.sub("CODE", text).split()))]


def header(module: Path) -> str:
    return ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_in_plain_english(page: Path) -> None:
    assert found(GENERATED.sub("", prose(page))) == []


def test_settings_are_described_in_plain_english() -> None:
    assert {row[0]: found(row[3]) for row in settings.rows() if found(row[3])} == {}


def test_commands_are_described_in_plain_english() -> None:
    texts = {
        name: f"{command.help} {[getattr(each, 'help', '') for each in command.params]}" for name, command in each_command()
    }
    assert {name: found(text) for name, text in texts.items() if found(text)} == {}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(SOURCE)))
def test_a_module_header_says_what_the_module_does(module: Path) -> None:
    text = header(module)
    assert VERB_FIRST.match(text), f"the first word should be a verb, as in 'Checks an OVF package': {text[:80]!r}"
    assert len(text.split("\n")[0]) <= 124
    assert found(text) == []


@pytest.mark.parametrize("sentence", ["is told at the start", "the name is no text", "takes it as it comes", "What there is"])
def test_a_banned_phrase_is_noticed(sentence: str) -> None:
    assert found(f"A sentence that {sentence}.") != []


def test_code_and_the_usual_words_are_left_alone() -> None:
    assert found("There is no such file. It is no longer `is no text`. Unknown name; must be ASCII.") == []


def test_the_glossary_is_linked_where_newcomers_begin() -> None:
    for page in (ROOT / "CONTRIBUTING.md", DOCS / "design" / "rooms.md"):
        assert "glossary.md" in text_of(page)
