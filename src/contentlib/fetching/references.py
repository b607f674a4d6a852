"""Fetches the files that a fetched descriptor references, from the same location."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

from contentlib.library.errors import Invalid
from contentlib.library.model import Source, SourceEndpoint
from contentlib.library.names import check_file_name
from contentlib.library.packages import ovf
from contentlib.library.sessions.update_files import NewFile

_MOST = 1000
_KEPT = "%!$&'()*+,;=:@~"
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def references_of(name: str, text: bytes, endpoint: SourceEndpoint) -> list[NewFile]:
    """The files that a descriptor references; none where it cannot be read, which completing the session tells.

    Only names are followed, never paths: what is fetched lies beside the descriptor. Of a file in pieces without a size nobody
    knows how many there are: it is left to the client, whom completing the session tells that it is missing.
    """
    try:
        descriptor = ovf.read_descriptor(name, text)
    except ovf.BadPackage:
        return []
    return list(islice(_files(descriptor, endpoint), _MOST))


def _files(descriptor: ovf.Descriptor, endpoint: SourceEndpoint) -> Iterator[NewFile]:
    for reference in descriptor.references:
        names = [] if reference.count() is None else reference.names()
        for name in names:
            try:
                check_file_name("reference", name)
            except Invalid:
                continue  # completing the session tells that it is missing
            beside = SourceEndpoint(_beside(endpoint.uri, name), endpoint.thumbprint, endpoint.certificate)
            yield NewFile(name, Source.PULL, reference.size if len(names) == 1 else None, endpoint=beside)


def _beside(uri: str, name: str) -> str:
    """The address of a file in the same place; a name that is percent-encoded already stays so."""
    place = uri.partition("#")[0].partition("?")[0].rpartition("/")[0]
    return f"{place}/{quote(_BARE_PERCENT.sub('%25', name), safe=_KEPT)}"
