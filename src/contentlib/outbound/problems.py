"""What can go wrong with a request of the server's own: a kind, a sentence, and whether trying again makes sense."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from http import HTTPStatus

from contentlib.messages import Fault
from contentlib.outbound import messages

_PHRASES = {each.value: each.phrase for each in HTTPStatus}
_AGAIN_STATUS = {408, 425, 429}


class Kind(enum.Enum):
    """What went wrong."""

    URL = "url"
    POLICY = "policy"
    HOST_NOT_FOUND = "host_not_found"
    CONNECTION = "connection"
    TIMED_OUT = "timed_out"
    CERTIFICATE = "certificate"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong; `again` where it may pass. `thumbprint` (SHA-1) and `certificate` (PEM) are those that were met."""

    kind: Kind
    text: str
    again: bool = False
    status: int | None = None
    thumbprint: str | None = None
    certificate: str | None = None


class Failed(Exception):
    """A request got no usable answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def url(told: str, why: str) -> Failed:
    """The address is none that can be asked."""
    return Failed(Problem(Kind.URL, messages.BAD_URL(url=told, problem=why).text))


def bad_pin(told: str, field: str, why: str) -> Failed:
    """The thumbprint or certificate that was set for an address is unusable."""
    return Failed(Problem(Kind.URL, messages.BAD_PIN(url=told, field=field, problem=why).text))


def policy(why: Fault) -> Failed:
    """The server does not go there."""
    return Failed(Problem(Kind.POLICY, why.text))


def host_not_found(host: str, why: str) -> Failed:
    """The name has no address, at least now."""
    return Failed(Problem(Kind.HOST_NOT_FOUND, messages.HOST_NOT_FOUND(host=host, reason=why).text, again=True))


def connection(told: str, why: str) -> Failed:
    """There is no connection, or it broke."""
    return Failed(Problem(Kind.CONNECTION, messages.CONNECTION(url=told, reason=why).text, again=True))


def timed_out(told: str, seconds: float) -> Failed:
    """Nothing was heard for too long."""
    return Failed(Problem(Kind.TIMED_OUT, messages.TIMED_OUT(url=told, seconds=f"{seconds:g}").text, again=True))


def status(told: str, code: int) -> Failed:
    """The answer is not the bytes that were asked for; nothing is told of what it says itself."""
    again = code >= 500 or code in _AGAIN_STATUS
    said = f"{code} {_PHRASES[code]}" if code in _PHRASES else str(code)
    return Failed(Problem(Kind.STATUS, messages.STATUS(url=told, status=said).text, again=again, status=code))
