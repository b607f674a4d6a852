"""How long the client of an update session does nothing but ask for its state."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.model import State, UpdateSession
from contentlib.library.sessions.polls import Polls
from library.world import HandSetClock

SESSION = UpdateSession(
    id="s", user="ann", login="login", item="i", content_version=1, created=0, touched=0, storage="datastore-1", pulled=1
)


class Asking:
    """A client that asks for the state of a session, with pauses in seconds."""

    def __init__(self) -> None:
        self.clock = HandSetClock()
        self.polls = Polls(self.clock)

    def ask(self, *pauses: int, session: UpdateSession = SESSION, login: str = "login") -> int | None:
        for pause in pauses:
            self.clock.time += pause * 1000
            self.polls.note(session, login)
        return self.polls.time(session)


def test_a_client_that_asks_three_times_is_polling() -> None:
    assert Asking().ask(1, 10) is None
    assert Asking().ask(1, 10, 10) == 20_000


def test_a_client_that_falls_silent_is_not_polling_any_more() -> None:
    asking = Asking()
    asking.ask(1, 10, 10)
    asking.clock.time += 31_000
    assert asking.polls.time(SESSION) is None
    assert asking.ask(0) is None
    assert asking.ask(1, 1) == 2_000


def test_a_client_that_does_anything_else_begins_anew() -> None:
    asking = Asking()
    asking.ask(1, 10, 10)
    acted = replace(SESSION, pulled=2)
    assert asking.polls.time(acted) is None
    assert asking.ask(1, 1, session=acted) is None


def test_another_login_does_not_poll_for_it() -> None:
    assert Asking().ask(1, 1, 1, login="another") is None


def test_a_session_without_fetched_files_or_one_that_has_ended_is_not_watched() -> None:
    assert Asking().ask(1, 1, 1, session=replace(SESSION, pulled=None)) is None
    assert Asking().ask(1, 1, 1, session=replace(SESSION, state=State.DONE, ended=1)) is None


def test_sessions_that_are_over_are_forgotten() -> None:
    asking = Asking()
    asking.ask(1, 1, 1)
    asking.polls.keep([SESSION])
    assert asking.polls.time(SESSION) == 2_000
    asking.polls.keep([])
    assert asking.polls.time(SESSION) is None
