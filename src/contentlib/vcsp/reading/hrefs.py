"""Resolves references in the documents of a library: relative, absolute or full URLs, encoded or not."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit

_LEGAL = ":/?[]@!$&'()*+,;=%"  # what may be in an encoded reference; a fragment never means anything here
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WHOLE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN = re.compile(r"(?:[\w~-][\w.~-]*/)*[\w~-][\w.~-]*", re.ASCII)
_REMOTE = ("http", "https")
_LOCAL = ("file", "ds")


def root_of(uri: str) -> str:
    """Returns the directory of `lib.json`. A URL whose last segment is no JSON file is the directory, as in Cloud Director."""
    address = _address(uri)
    return (address.rpartition("/")[0] if is_document(uri) else address.rstrip("/")) + "/"


def is_document(uri: str) -> bool:
    """Whether an address names a JSON file."""
    return _address(uri).lower().endswith(".json")


def _address(uri: str) -> str:
    return uri.partition("#")[0].partition("?")[0]


def resolve(root: str, href: str, name: str = "") -> str | None:
    """Returns the full URL, or None if it is missing or of a scheme that the library must not use.

    A library on the network can only refer to the network; one on this machine also to local files.
    """
    if _PLAIN.fullmatch(href):  # by far the most, and urllib takes its time
        return root + href
    own = urlsplit(root).scheme
    try:
        joined = _joined(root, encoded(href, name))
        scheme = urlsplit(joined).scheme
    except ValueError:  # no address, for urllib
        return None
    return joined if scheme in _REMOTE or (scheme == own and own in _LOCAL) else None


def encoded(href: str, name: str = "") -> str:
    """Returns a reference encoded for a request.

    Several generators do not encode the names of files and directories. A reference that ends with the exact name of its file
    was not encoded.
    """
    href = href.strip()
    if not _WHOLE.match(href):
        href = href.replace("\\", "/")
    end = name if name and href.endswith(name) else ""
    return _STRAY.sub("%25", quote(href.removesuffix(end), safe=_LEGAL)) + quote(end, safe="")


def last_segment(href: str) -> str:
    """The file's name that a reference ends with."""
    return unquote(href.partition("?")[0].rpartition("/")[2])


def _joined(root: str, href: str) -> str:
    """Joins URLs as in RFC 3986. urllib does not join references of unknown schemes."""
    scheme, colon, rest = root.partition(":")
    if scheme.lower() != "ds" or _WHOLE.match(href):
        return urljoin(root, href)
    return scheme + colon + urljoin("file:" + rest, href).removeprefix("file:")
