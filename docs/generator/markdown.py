"""Markdown: tables, links and the anchors that headings get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars and ends of lines in the cells are kept out of its way."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def anchor(heading: str) -> str:
    """The anchor that a heading gets."""
    return _NOT_IN_ANCHORS.sub("", heading.strip().lower()).replace(" ", "-")


def code(text: str) -> str:
    """A text as code."""
    return f"`{text}`"


def page(*blocks: str) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def one_line(text: str | None) -> str:
    """A docstring as one paragraph a blank line apart."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
