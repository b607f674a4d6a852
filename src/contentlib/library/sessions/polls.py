"""Measures how long the client of an update session has only polled its state."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from contentlib.library.clock import Clock
from contentlib.library.model import UpdateSession

_LEAST = 3
_LONGEST_PAUSE = 30_000  # Terraform's provider asks every 10 seconds


class _Poll(msgspec.Struct, frozen=True):
    """Requests for the state of a session since its last `act`, each soon after the one before; times in milliseconds."""

    act: int | None
    first: int
    last: int
    count: int = 1


class Polls:
    """Requests for the state of update sessions, as this process has seen them.

    A client is polling when it asks again and again, by the login that made the session, and does nothing else.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._polls: dict[str, _Poll] = {}

    def note(self, session: UpdateSession, login: str) -> None:
        """Notes a request for the state of a session that has files that the server fetches; others are ignored."""
        if session.pulled is None or session.ended is not None or login != session.login:
            return
        now, poll = self._clock.now(), self._polls.get(session.id)
        if poll is None or poll.act != session.pulled or poll.last + _LONGEST_PAUSE < now:
            self._polls[session.id] = _Poll(session.pulled, now, now)
        else:
            self._polls[session.id] = _Poll(poll.act, poll.first, now, poll.count + 1)

    def time(self, session: UpdateSession) -> int | None:
        """For how long the client has been polling; None when it is not."""
        poll = self._polls.get(session.id)
        if poll is None or poll.act != session.pulled or poll.count < _LEAST:
            return None
        return poll.last - poll.first if poll.last + _LONGEST_PAUSE >= self._clock.now() else None

    def keep(self, sessions: Iterable[UpdateSession]) -> None:
        """Forgets all sessions but these."""
        kept = {session.id for session in sessions}
        self._polls = {session_id: poll for session_id, poll in self._polls.items() if session_id in kept}
