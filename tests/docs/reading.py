"""Pages as tests read them: headings, links, and blocks of code."""

from __future__ import annotations

import re
from pathlib import Path

from generator.markdown import anchor

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The blocks of code, each with its language."""
    return _BLOCK.findall(text_of(page))


def prose(page: Path) -> str:
    return _BLOCK.sub("", text_of(page))


def headings(page: Path) -> list[str]:
    return [heading for _, heading in _HEADING.findall(prose(page))]


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in headings(page)}


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def section(page: Path, heading: str) -> str:
    """What stands under a heading of the second level."""
    parts = re.split(r"^## (.+)$", text_of(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
