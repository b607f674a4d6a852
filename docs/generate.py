"""Writes the generated pages and the generated parts of pages; `--check` only tells which of them are stale."""

from __future__ import annotations

import sys
from pathlib import Path

from generator import pages, parts

DOCS = Path(__file__).parent


def generated(docs: Path) -> dict[Path, str]:
    """The text that each page should have, by its path."""
    found = {docs / "api" / name: text for name, text in pages.pages().items()}
    for page in sorted(docs.rglob("*.md")):
        if page not in found:
            text = page.read_text("utf-8")
            filled = parts.filled(text)
            if filled != text:
                found[page] = filled
    return found


def stale(docs: Path) -> list[Path]:
    """The pages that are not as they should be, and pages of the API that nothing generates."""
    wanted = generated(docs)
    wrong = [page for page, text in wanted.items() if not page.exists() or page.read_text("utf-8") != text]
    return sorted(wrong + [page for page in (docs / "api").glob("*.md") if page not in wanted])


def write(docs: Path) -> None:
    """Makes all pages what they should be."""
    wanted = generated(docs)
    for page in stale(docs):
        if page in wanted:
            page.parent.mkdir(exist_ok=True)
            page.write_text(wanted[page], "utf-8")
        else:
            page.unlink()


def main() -> None:
    """Writes, or checks."""
    if sys.argv[1:] != ["--check"]:
        write(DOCS)
    elif found := stale(DOCS):
        names = ", ".join(str(page.relative_to(DOCS.parent)) for page in found)
        sys.exit(f"stale: {names}; `make docs` writes them again")


if __name__ == "__main__":
    main()
