"""Suggests the intended address for an unknown one, at a cost that does not depend on the request."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

_SEGMENTS = 16
_LONGEST = 48  # characters of a segment; no segment of ours is longer
_MISSES = 2  # segments of an address that may be wrong
_CUTOFF = 0.7
_END = ""
_VENDOR = ["com", "vmware"]

Tree = dict[str, "Tree"]


class Hints:
    """Known addresses, with `{name}` where anything may stand."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._tree: Tree = {}
        for address in addresses:
            node = self._tree
            for segment in address.strip("/").split("/"):
                node = node.setdefault("{}" if "{" in segment else segment, {})
            node[_END] = {}

    def nearest(self, path: str) -> str | None:
        """The address that is nearest to a path; None where none is near."""
        segments = path[: _SEGMENTS * _LONGEST].strip("/").split("/")
        if len(segments) > _SEGMENTS or any(len(each) > _LONGEST for each in segments):
            return None
        found = (self._found(variant) for variant in _variants(segments))
        return next((each for each in found if each is not None), None)

    def _found(self, segments: list[str]) -> str | None:
        node, found, misses = self._tree, [], 0
        for segment in segments:
            name = _near(segment, node)
            misses += name is not None and name != segment
            if misses > _MISSES or (name is None and "{}" not in node):
                return None
            node = node["{}" if name is None else name]
            found.append(segment if name is None else name)
        return "/" + "/".join(found) if _END in node else None


def _variants(segments: list[str]) -> Iterator[list[str]]:
    """The address, and the same in the manner of the other form: /rest names the vendor, /api does not."""
    yield segments
    if segments[0] == "rest" and segments[1:3] != _VENDOR:
        yield ["rest", *_VENDOR, *segments[1:]]
    elif segments[1:3] == _VENDOR:
        yield [segments[0], *segments[3:]]


def _near(segment: str, node: Tree) -> str | None:
    if segment in node:
        return segment
    plain = segment.lower().replace("_", "-")
    if "{}" in node:  # anything may stand here: only another spelling of a name is taken for it
        return plain if plain in node else None
    names = [name for name in node if name]
    return next(iter(difflib.get_close_matches(plain, names, 1, _CUTOFF)), None)
