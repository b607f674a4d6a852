"""Describes errors of outbound requests: kind, message, and whether a retry makes sense."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from http import HTTPStatus

from contentlib.messages import Fault
from contentlib.outbound import messages

_PHRASES = {each.value: each.phrase for each in HTTPStatus}
_AGAIN_STATUS = {408, 425, 429}


class ProblemKind(enum.Enum):
    """Kind of a problem."""

    URL = "url"
    POLICY = "policy"
    HOST_NOT_FOUND = "host_not_found"
    CONNECTION = "connection"
    TIMED_OUT = "timed_out"
    CERTIFICATE = "certificate"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem. `again` is true if it is temporary. `thumbprint` (SHA-1) and `certificate` (PEM) are those presented."""

    kind: ProblemKind
    text: str
    again: bool = False
    status: int | None = None
    thumbprint: str | None = None
    certificate: str | None = None


class RequestFailed(Exception):
    """A request got no usable answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def url(told: str, why: str) -> RequestFailed:
    """The URL is invalid or unsupported."""
    return RequestFailed(Problem(ProblemKind.URL, messages.BAD_URL(url=told, problem=why).text))


def bad_pin(told: str, field: str, why: str) -> RequestFailed:
    """The thumbprint or certificate that was set for an address is unusable."""
    return RequestFailed(Problem(ProblemKind.URL, messages.BAD_PIN(url=told, field=field, problem=why).text))


def policy(why: Fault) -> RequestFailed:
    """The outbound policy blocks the target."""
    return RequestFailed(Problem(ProblemKind.POLICY, why.text))


def host_not_found(host: str, why: str) -> RequestFailed:
    """The name has no address, at least now."""
    return RequestFailed(Problem(ProblemKind.HOST_NOT_FOUND, messages.HOST_NOT_FOUND(host=host, reason=why).text, again=True))


def connection(told: str, why: str) -> RequestFailed:
    """The connection failed or broke."""
    return RequestFailed(Problem(ProblemKind.CONNECTION, messages.CONNECTION(url=told, reason=why).text, again=True))


def timed_out(told: str, seconds: float) -> RequestFailed:
    """Nothing was heard for too long."""
    return RequestFailed(Problem(ProblemKind.TIMED_OUT, messages.TIMED_OUT(url=told, seconds=f"{seconds:g}").text, again=True))


def status(told: str, code: int) -> RequestFailed:
    """The response is not the requested content. Its text is not repeated."""
    again = code >= 500 or code in _AGAIN_STATUS
    said = f"{code} {_PHRASES[code]}" if code in _PHRASES else str(code)
    return RequestFailed(Problem(ProblemKind.STATUS, messages.STATUS(url=told, status=said).text, again=again, status=code))
