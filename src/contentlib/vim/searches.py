"""Defines searches of datastores: what clients ask for, and which names it matches.

A search is not stored: the identifier of its task contains its definition, so every process knows every task. It is run when
the task is read, with the rights of the reader.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from fnmatch import translate

import msgspec

from contentlib.library.errors import Invalid
from contentlib.library.names import check_text
from contentlib.vim.values import Reference

TASK = "Task"
_PREFIX = "search-"
LONGEST_PATH = 1024
LONGEST_PATTERN = 255
MOST_PATTERNS = 16
FOLDER = "FolderFileInfo"
_KINDS = {
    ".flp": "FloppyImageFileInfo",
    ".img": "FloppyImageFileInfo",
    ".iso": "IsoImageFileInfo",
    ".log": "VmLogFileInfo",
    ".nvram": "VmNvramFileInfo",
    ".vmdk": "VmDiskFileInfo",
    ".vmsn": "VmSnapshotFileInfo",
    ".vmtx": "TemplateConfigFileInfo",
    ".vmx": "VmConfigFileInfo",
}


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A search. `kinds` are the types of files that it wants, all where it is empty; `details` are those of FileQueryFlags."""

    path: str
    patterns: tuple[str, ...]
    kinds: tuple[str, ...]
    details: tuple[str, ...]
    ignores_case: bool
    folders_first: bool
    recursive: bool
    started: int

    def reference(self) -> Reference:
        """The task of the search."""
        packed = base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")
        return Reference(TASK, f"{_PREFIX}{packed}")

    def fits(self) -> Callable[[str], bool]:
        """Tells which names match one of the patterns; all of them if there is none."""
        if not self.patterns or "*" in self.patterns:
            return lambda _name: True
        options = re.IGNORECASE if self.ignores_case else re.NOFLAG
        # of the wildcards of `translate`, brackets are none here; it backtracks over no star
        wanted = [re.compile(translate(each.replace("[", "[[]")), options) for each in self.patterns]
        return lambda name: any(each.match(name) for each in wanted)

    def wants(self, kind: str) -> bool:
        """Whether entries of a type are wanted."""
        return not self.kinds or kind in self.kinds


def search_in(task: Reference) -> Search | None:
    """The search of a task, or None. Clients can construct one."""
    packed = task.id.removeprefix(_PREFIX)
    if task.type != TASK or packed == task.id:
        return None
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), type=Search)
        check_text("path", found.path)
    except (binascii.Error, ValueError, msgspec.DecodeError, Invalid):
        return None
    return found if is_small(found) else None


def kind_of(name: str) -> str:
    """The type of a file, by the end of its name."""
    _, dot, end = name.rpartition(".")
    return _KINDS.get(dot + end.lower(), "FileInfo")


def is_small(search: Search) -> bool:
    """Whether no part of it is longer than any that is needed."""
    lists = (search.patterns, search.kinds, search.details)
    return len(search.path) <= LONGEST_PATH and all(
        len(each) <= MOST_PATTERNS and all(len(one) <= LONGEST_PATTERN for one in each) for each in lists
    )
