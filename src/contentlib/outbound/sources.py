"""Where files may be fetched from: http and https and, below the roots that the operator names, files of this machine.

`file:///PATH` names a file by its path. `ds:///vmfs/volumes/NAME/PATH` names one below the root whose directory is called
NAME, as datastores are called in vSphere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from contentlib.library.pulls import LOCAL_SCHEMES, only_http, scheme_of

_VOLUMES = "/vmfs/volumes/"


class Sources:
    """Knows what may be fetched; `roots` are the directories below which files of this machine may be."""

    def __init__(self, roots: Sequence[Path] = ()) -> None:
        self._roots = [root.resolve() for root in roots]

    def check(self, uri: str) -> str | None:
        """Why an address is none to fetch from; None where it is one."""
        if scheme_of(uri) not in LOCAL_SCHEMES:
            return only_http(uri)
        if not self._roots:
            return f"has the scheme {scheme_of(uri)!r}, but there are no directories to import from (import_roots)"
        if self.path(uri) is None:
            return "names no file below a directory that may be imported from (import_roots)"
        return None

    def path(self, uri: str) -> Path | None:
        """The file of this machine that an address names; None where it names none below a root, links followed."""
        try:
            named = _path(uri) if scheme_of(uri) == "file" else self._of_datastore(_path(uri))
            found = None if named is None else named.resolve()
        except (ValueError, OSError, RuntimeError):  # no address, no path, or links that lead in a circle
            return None
        if found is None or not any(found.is_relative_to(root) for root in self._roots):
            return None
        return found

    def has(self, uri: str) -> bool:
        """Whether an address names a file that is there, below a root; OSError where that cannot be seen."""
        path = self.path(uri)
        return path is not None and path.is_file()

    def _of_datastore(self, path: Path) -> Path | None:
        text = path.as_posix()
        if not text.startswith(_VOLUMES):
            return None
        name, _, rest = text.removeprefix(_VOLUMES).partition("/")
        return next((root / rest for root in self._roots if root.name == name), None)


def is_local(uri: str) -> bool:
    """Whether an address names a file of this machine."""
    return scheme_of(uri) in LOCAL_SCHEMES


def host_of(uri: str) -> str | None:
    """The host that an address names; None where it names a file of this machine, or is no address."""
    try:
        return None if is_local(uri) else urlsplit(uri).hostname
    except ValueError:  # whoever asks it says so
        return None


def _path(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError("no path")
    return Path(unquote(parts.path, errors="strict"))
