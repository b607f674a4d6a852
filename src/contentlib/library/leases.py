"""Defines states, leases and progress of update and download sessions. The state machine is a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from msgspec.structs import replace

from contentlib.library import messages
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, Invalid, NotActive
from contentlib.library.model import Session, State, Touches

TRANSITIONS: Mapping[tuple[State, str], State] = {
    (State.ACTIVE, "completed"): State.DONE,
    (State.ACTIVE, "failed"): State.ERROR,
    (State.ACTIVE, "canceled"): State.CANCELED,
    (State.ACTIVE, "expired"): State.CANCELED,
    (State.ACTIVE, "kept alive"): State.ACTIVE,
    (State.ACTIVE, "changed"): State.ACTIVE,
    (State.DONE, "continued"): State.ACTIVE,
}
"""(state, event) -> state; what is not here is refused and changes nothing."""


AnySession = TypeVar("AnySession", bound=Session)


def fire(kind: str, session: AnySession, event: str, now: int, fault: Fault | None = None) -> AnySession:
    """The session after the event; NotActive, naming both, when the event is illegal in its state."""
    state = TRANSITIONS.get((session.state, event))
    if state is None:
        raise NotActive(kind, session.id, session.state, event)
    if state is State.ACTIVE:
        return replace(session, state=state, touched=now, ended=None)
    return replace(session, state=state, touched=now, ended=now, fault=fault)


def advance(session: AnySession, progress: int | None, field: str) -> AnySession:
    """The session with the client's progress, 0 to 100, which never falls."""
    if progress is None:
        return session
    if not 0 <= progress <= 100:
        raise Invalid(messages.OUT_OF_RANGE(field=field, least=0, most=100, given=progress))
    return replace(session, progress=max(session.progress, progress))


class Leases:
    """Records activity in this process until `take` hands it over to be stored.

    A session expires when nothing has touched it for `milliseconds`. Calls and bytes touch it and its login session. `slack` is
    how much later it is ended, in milliseconds, because another process may have recorded a touch that is not stored yet.
    """

    def __init__(self, clock: Clock, milliseconds: int, slack: int = 0) -> None:
        self._clock = clock
        self.milliseconds = milliseconds
        self._slack = slack
        self._sessions: dict[str, int] = {}
        self._logins: dict[str, int] = {}
        self._progress: dict[str, int] = {}
        self._held: list[Session] = []

    @contextmanager
    def held(self, session: Session) -> Iterator[None]:
        """Keeps a session alive while its own call is at work on it, which may take longer than a lease."""
        self._held.append(session)
        try:
            yield
        finally:
            self._held.remove(session)
            self.touch(session)

    def touch(self, session: Session) -> None:
        """Something happened on a session."""
        now = self._clock.now()
        self._sessions[session.id] = now
        self._logins[session.login] = now

    def touch_login(self, login: str) -> None:
        """Something happened on a login session."""
        self._logins[login] = self._clock.now()

    def renew_login(self, login: str, stored: int, idle: int) -> bool:
        """Touches a login session, unless nothing has touched it for longer than `idle` milliseconds."""
        now = self._clock.now()
        if self.last_login(login, stored) + idle < now:
            return False
        self._logins[login] = now
        return True

    def note_progress(self, file_id: str, size: int) -> None:
        """Bytes of a file have arrived; `size` is how many in all."""
        self._progress[file_id] = size

    def progress(self, file_id: str, stored: int) -> int:
        """Number of received bytes of a file."""
        return self._progress.get(file_id, stored)

    def last(self, session: Session) -> int:
        """When the session was last touched."""
        if self._held and any(held.id == session.id for held in self._held):
            return self._clock.now()
        return max(session.touched, self._sessions.get(session.id, 0))

    def last_login(self, login: str, stored: int) -> int:
        """When the login session was last touched."""
        return max(stored, self._logins.get(login, 0))

    def expiration(self, session: Session) -> int:
        """The time until which the session is guaranteed to live; of an ended one, the time of its end."""
        if session.state is not State.ACTIVE:
            return session.ended or session.touched
        return self.last(session) + self.milliseconds

    def expired(self, session: Session) -> bool:
        """Whether an active session has been idle for longer than its lease."""
        lasts = self.milliseconds + self._slack
        return session.state is State.ACTIVE and self.last(session) + lasts < self._clock.now()

    def touched_lately(self, session_id: str) -> bool:
        """Whether the session was touched in this process within its lease: then it is not expired, whatever is stored."""
        return self._sessions.get(session_id, -self.milliseconds - 1) + self.milliseconds >= self._clock.now()

    def take(self) -> Touches:
        """All that was touched since the last call."""
        for session in self._held:
            self.touch(session)
        touches = Touches(self._sessions, self._logins, self._progress)
        self._sessions, self._logins, self._progress = {}, {}, {}
        return touches

    def give_back(self, touches: Touches) -> None:
        """Restores touches that could not be stored, unless newer ones exist."""
        self._sessions = touches.sessions | self._sessions
        self._logins = touches.logins | self._logins
        self._progress = touches.progress | self._progress


class Ended(Protocol):
    """Hears that a session is over."""

    def __call__(self, session_id: str, /) -> None:
        """Stops what is still running for the session."""
