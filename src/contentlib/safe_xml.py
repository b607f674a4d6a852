"""Parses untrusted XML: no DOCTYPE, no entities, no network access, limited depth and size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lxml import etree

_MOST_TAGS = 200_000
_MOST_ATTRIBUTES = 200_000
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARED = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"'](?P<name>[A-Za-z0-9._-]+)")
_ENCODING = re.compile(
    rb"utf-?(8|16|32)|us-ascii|ascii|iso-?8859|iso-10646|latin|windows-|cp125|gb|big5|shift|euc|koi8|iso-2022", re.IGNORECASE
)
_PROLOG = 1 << 16
_BROKEN = (etree.XMLSyntaxError, ValueError, LookupError)
_PLACE = re.compile(r" \(<string>, line \d+\)$")


class UnsafeXml(Exception):
    """Text that is not XML, or uses unsupported XML features. The message says which."""


class DocumentType(UnsafeXml):
    """The text has a document type declaration."""


class _RootReached(Exception):
    """The prolog has been read."""


class _Prolog:
    """Checks everything before the root element, in any encoding, before it is interpreted."""

    def __init__(self) -> None:
        self.has_document_type = False

    def doctype(self, *_names: str | None) -> None:
        """Ends the reading: a declaration."""
        self.has_document_type = True
        raise _RootReached

    def start(self, _name: str, _attributes: Mapping[str, str]) -> None:
        """Ends the reading: the root element."""
        raise _RootReached

    def close(self) -> None:
        """Ends the reading: neither of them."""


def parse(text: bytes) -> etree._Element:
    """The root element, without comments and processing instructions."""
    encoding = _unsupported(text)
    _check_prolog(text if encoding is None else text[:_PROLOG])
    if encoding is not None:
        raise UnsafeXml(f"unsupported XML encoding {encoding!r}; use UTF-8")
    try:
        return etree.fromstring(text, _parser())
    except _BROKEN as error:
        raise _broken(error) from error


def _check_prolog(text: bytes) -> None:
    """Rejects a DOCTYPE, and documents that would take hundreds of times their size in memory.

    Tags and attributes are counted before parsing, in every encoding that represents their characters like ASCII.
    """
    start = _start(text)
    if start and not start.startswith(b"<"):
        raise UnsafeXml("XML does not begin with '<'")
    if start.startswith(b"<?xml") and b">" not in start:
        raise UnsafeXml("XML declaration is not closed")
    if text.count(b"<") > _MOST_TAGS or text.count(b"=") > _MOST_ATTRIBUTES:
        raise UnsafeXml(f"XML has more than {_MOST_TAGS} tags or {_MOST_ATTRIBUTES} attributes")
    prolog = _Prolog()
    try:
        with suppress(_RootReached):
            etree.fromstring(text, _parser(prolog))
    except _BROKEN as error:
        if not prolog.has_document_type:
            raise _broken(error) from error
    if prolog.has_document_type:
        raise DocumentType("XML with a DOCTYPE is not accepted")


def _broken(error: Exception) -> UnsafeXml:
    return UnsafeXml(f"XML is not well-formed: {_PLACE.sub('', ' '.join(str(error).split()))}")


def _unsupported(text: bytes) -> str | None:
    """Returns the declared encoding if it may represent characters differently from ASCII."""
    declared = _DECLARED.match(_start(text))
    return None if declared is None or _ENCODING.match(declared["name"]) else declared["name"].decode()[:40]


def _start(text: bytes) -> bytes:
    """Returns the text before the end of the first tag, without byte order marks and zeros."""
    start = text[: text.find(b">", 0, _PROLOG) + 1 or _PROLOG]
    for mark in _MARKS:
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip()


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _parser(target: Any = None) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
