"""Recognizes the methods and managed object types of vSphere's Web Services, to tell them from mistakes."""

from __future__ import annotations

from functools import cache
from importlib import resources

_FILE = "upstream_methods.txt"


def is_method(name: str) -> bool:
    """Whether a managed object of a vCenter has a method of that name."""
    return name in _known()[1]


def is_type(name: str) -> bool:
    """Whether a vCenter has managed objects of that type."""
    return name in _known()[0]


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    lines = [line.split() for line in resources.files(__package__).joinpath(_FILE).read_text("utf-8").splitlines()]
    return frozenset(kind for kind, *_ in lines), frozenset(name for _, *names in lines for name in names)
