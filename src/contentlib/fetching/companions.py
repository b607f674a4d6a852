"""Finds files that accompany a fetched descriptor without being referenced: its manifest and certificate file.

Only the publisher knows whether they exist. If it refuses the request, they do not; if it does not answer, they might, and the
package is not accepted without them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from contentlib.library.model import Source, SourceEndpoint
from contentlib.library.packages import ovf
from contentlib.library.sessions.update_files import NewFile
from contentlib.outbound.client import Outbound
from contentlib.outbound.problems import Problem, ProblemKind, RequestFailed
from contentlib.outbound.sources import Sources, is_local


class Companions:
    """Finds accompanying files."""

    def __init__(self, client: Outbound, sources: Sources) -> None:
        self._client = client
        self._sources = sources

    async def of(self, name: str, endpoint: SourceEndpoint, known: Container[str]) -> list[NewFile]:
        """Returns the manifest and, if there is one, the certificate file. Known files are not requested.

        Raises Failed if their existence cannot be determined.
        """
        found = []
        for file in _beside(name, endpoint):
            if file.name not in known and not await self._is_there(file.endpoint):
                break
            found.append(file)
        return found

    async def _is_there(self, endpoint: SourceEndpoint | None) -> bool:
        if endpoint is None:
            return False
        if is_local(endpoint.uri):
            return await self._has(endpoint.uri)
        try:
            async with self._client.get(
                endpoint.uri, thumbprint=endpoint.thumbprint, certificate=endpoint.certificate
            ) as answer:
                return "html" not in answer.headers.get("content-type", "").lower()  # an error page with status 200
        except RequestFailed as error:
            if error.problem.kind is ProblemKind.STATUS and not error.problem.again:
                return False
            raise

    async def _has(self, uri: str) -> bool:
        try:
            return await self._sources.run(lambda: self._sources.has(uri))
        except TimeoutError as error:
            raise RequestFailed(Problem(ProblemKind.TIMED_OUT, f"{uri}: {error}", again=True)) from error


def _beside(name: str, endpoint: SourceEndpoint) -> Iterator[NewFile]:
    """Returns the URLs with the descriptor's name and other extensions; none if its URL does not end like a descriptor's."""
    address = endpoint.uri.partition("#")[0].partition("?")[0]
    if not (ovf.is_descriptor(address) and ovf.is_descriptor(name)):
        return
    stem, title = (each[: -len(ovf.DESCRIPTOR)] for each in (address, name))
    for kind in (ovf.MANIFEST, ovf.CERTIFICATE):
        place = SourceEndpoint(stem + kind, endpoint.thumbprint, endpoint.certificate)
        yield NewFile(title + kind, Source.PULL, endpoint=place)
