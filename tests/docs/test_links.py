from __future__ import annotations

from pathlib import Path

import pytest

from docs.reading import PAGES, ROOT, anchors, links


def broken(page: Path, link: str) -> bool:
    name, _, fragment = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or ROOT not in (target, *target.parents):
        return True
    return bool(fragment) and fragment not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links(page) if "://" not in link and broken(page, link)] == []


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    readme = ROOT / "README.md"
    assert broken(readme, "docs/none.md")
    assert broken(readme, "#none")
    assert broken(readme, "../elsewhere.md")
    assert not broken(readme, "#quick-start")
