"""XML from strangers: no document types, no entities, no network, bounded depth and size."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lxml import etree


class UnsafeXml(Exception):
    """The text is not XML, or is XML of a kind that is not taken; the sentence says which."""


class DocumentType(UnsafeXml):
    """The text has a document type declaration."""


class _RootReached(Exception):
    """The prolog has been read."""


class _Prolog:
    """Looks at what stands before the root element, in whatever encoding, before anything in it is acted on."""

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
    prolog = _Prolog()
    try:
        with suppress(_RootReached):
            etree.fromstring(text, _parser(prolog))
        if prolog.has_document_type:
            raise DocumentType("the body has a document type declaration, which is not taken")
        return etree.fromstring(text, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise UnsafeXml(f"the body is not XML: {' '.join(str(error).split())}") from error


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
