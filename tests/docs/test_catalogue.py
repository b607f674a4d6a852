"""What holds of every message that callers read: it is declared once, used, and plain English."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from contentlib.messages import Message
from generator.catalogue import SOURCES, declarations, messages, uses

LONGEST = 160
AVOID = (
    r"\bis no\b",
    r"\bis none\b",
    r"\bare no\b",
    r", [A-Z\w, ]+ are$",
    r"\bsays?\b",
    r"\bstands?\b",
    r"\bis told\b",
    r"\banother one\b",
    r"\bnot possible here\b",
    r"\bwhoever\b",
    r"\bnobody\b",
    r"\bsomebody\b",
    r"\bthe little of\b",
    r"\bas it comes\b",
    r"\bis there\b",
    r"\bis not there\b",
    r"\bthere is no\b",
    r"\bgoes? on\b",
    r"\bwants?\b",
    r"\bmeanwhile\b",
    r"\bexpected were\b",
    r"\bits log tells\b",
    r"\bwhat (?:comes|there is)\b",
    r"\bdoes not go\b",
)
DECLARES = re.compile(r"^from contentlib\.(library\.errors|messages) import .*\b(Fault|Message)\b", re.MULTILINE)
CAPITALS = ("Authorization", "Content-Range", "Content-Encoding", "OVA", "SHA", "URL", "XML")
"""Names that begin a sentence as they are written."""
NAMES = {id(message): name for module in declarations().values() for name, message in module.items()}


def _name(message: Message) -> str:
    return f"{message.id}-{NAMES[id(message)]}"


every_message = pytest.mark.parametrize("message", messages(), ids=_name)


@every_message
def test_a_message_is_plain_english(message: Message) -> None:
    sentence = message.template
    assert [pattern for pattern in AVOID if re.search(pattern, f"{sentence} {message.remedy}", re.IGNORECASE)] == []
    assert len(sentence) <= LONGEST
    assert not sentence.endswith((".", "!"))
    assert not sentence[:1].isupper() or sentence.startswith(CAPITALS)


@every_message
def test_a_remedy_is_sentences(message: Message) -> None:
    remedy = message.remedy
    assert not remedy or (not remedy[0].islower() and remedy.endswith(".")), "begins with a capital letter, ends with a period"


def test_a_message_is_declared_once() -> None:
    assert [key for key, count in Counter((each.id, each.template) for each in messages()).items() if count > 1] == []


def test_every_message_is_used() -> None:
    used = {id(use.message) for use in uses()}
    assert sorted(name for key, name in NAMES.items() if key not in used) == []


def test_every_use_gives_the_arguments_of_the_message() -> None:
    calls = [use for use in uses() if use.given is not None]
    assert len(calls) > 200
    wrong = [(use.module, use.line) for use in calls if sorted(use.given or ()) != sorted(use.message.arguments)]
    assert wrong == []


def test_messages_are_declared_in_the_catalogues_alone() -> None:
    """A fault that is made elsewhere takes its sentence from a declaration: an operation's summary, or another fault."""
    found = [
        (path.relative_to(SOURCES).as_posix(), called)
        for path in SOURCES.rglob("*.py")
        if re.search(
            r"^from contentlib\.(library\.errors|messages) import .*\b(Fault|Message)\b", text := path.read_text("utf-8"), re.M
        )
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)) in ("Message", "Fault")
    ]
    assert {each for each in found if not each[0].endswith("messages.py")} == {("jobs/operations.py", "Fault")}
