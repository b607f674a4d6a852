"""Checks whether a file can be fetched: sends the request, but does not read the body."""

from __future__ import annotations

from contentlib.library.model import SourceEndpoint
from contentlib.library.sessions.pulls import Probed, ProbeStatus
from contentlib.outbound import messages
from contentlib.outbound.client import Outbound
from contentlib.outbound.problems import Problem, ProblemKind, RequestFailed
from contentlib.outbound.sources import Sources, is_local

_STATUS = {
    ProblemKind.URL: ProbeStatus.INVALID_URL,
    ProblemKind.POLICY: ProbeStatus.UNKNOWN_ERROR,
    ProblemKind.HOST_NOT_FOUND: ProbeStatus.HOST_NOT_FOUND,
    ProblemKind.CONNECTION: ProbeStatus.UNKNOWN_ERROR,
    ProblemKind.TIMED_OUT: ProbeStatus.TIMED_OUT,
    ProblemKind.CERTIFICATE: ProbeStatus.CERTIFICATE_ERROR,
    ProblemKind.STATUS: ProbeStatus.UNKNOWN_ERROR,
}
_HTTP_STATUS = {
    401: ProbeStatus.INVALID_CREDENTIALS,
    403: ProbeStatus.INVALID_CREDENTIALS,
    404: ProbeStatus.RESOURCE_NOT_FOUND,
    407: ProbeStatus.INVALID_CREDENTIALS,
    408: ProbeStatus.TIMED_OUT,
    410: ProbeStatus.RESOURCE_NOT_FOUND,
    504: ProbeStatus.TIMED_OUT,
}
_NO_FILE = Probed(ProbeStatus.RESOURCE_NOT_FOUND, messages.PROBE_NO_FILE())


class Probes:
    """Probes files."""

    def __init__(self, client: Outbound, sources: Sources) -> None:
        self._client = client
        self._sources = sources

    async def probe(self, endpoint: SourceEndpoint) -> Probed:
        """Probes a file."""
        why = await self._sources.check(endpoint.uri)
        if why is not None:
            return Probed(ProbeStatus.INVALID_URL, messages.PROBE_BAD_URL(problem=why))
        if is_local(endpoint.uri):
            return await self._look(endpoint.uri)
        try:
            async with self._client.get(endpoint.uri, thumbprint=endpoint.thumbprint, certificate=endpoint.certificate):
                return Probed(ProbeStatus.SUCCESS)
        except RequestFailed as error:
            return probed(error.problem)

    async def _look(self, uri: str) -> Probed:
        try:
            there = await self._sources.run(lambda: self._sources.has(uri))
        except TimeoutError as error:
            return Probed(ProbeStatus.TIMED_OUT, messages.PROBE_SLOW(problem=str(error)))
        return Probed(ProbeStatus.SUCCESS) if there else _NO_FILE


def probed(problem: Problem) -> Probed:
    """Converts a problem to a probe result."""
    status = _HTTP_STATUS.get(problem.status or 0, _STATUS[problem.kind])
    fault = messages.PROBE_FAILED(kind=problem.kind.value, problem=problem.text)
    return Probed(status, fault, problem.thumbprint, problem.certificate)
