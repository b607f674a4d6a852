"""The state machine of file transfers."""

from __future__ import annotations

import pytest

from contentlib.library.errors import NotActive
from contentlib.library.model import Source, TransferStatus, UpdateFile
from contentlib.library.sessions.transfer_states import TRANSITIONS, fire, first

EVENTS = sorted({event for status, event in TRANSITIONS if status is not None})
BEGINNINGS = sorted({event for status, event in TRANSITIONS if status is None})


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", TransferStatus)
def test_an_event_leads_where_the_table_says_or_is_refused(status: TransferStatus, event: str) -> None:
    file = UpdateFile("f1", "s1", "a", Source.PUSH, status, received=5)
    after = TRANSITIONS.get((status, event))
    if after is None:
        with pytest.raises(NotActive, match=f"file a is {status} and cannot be {event}"):
            fire(file, event)
    else:
        assert fire(file, event) == UpdateFile("f1", "s1", "a", Source.PUSH, after, received=5)


@pytest.mark.parametrize("event", BEGINNINGS)
def test_a_file_begins_with_no_event_that_changes_one(event: str) -> None:
    assert event not in EVENTS
    with pytest.raises(NotActive):
        fire(UpdateFile("f1", "s1", "a", Source.PUSH, first(event)), event)


def test_bytes_that_never_began_to_come_are_neither_paused_nor_completed() -> None:
    waiting = TransferStatus.WAITING_FOR_TRANSFER
    assert {event for status, event in TRANSITIONS if status is waiting} == {"begun", "failed"}


def test_a_complete_file_is_only_sent_again_or_lost() -> None:
    assert {event for status, event in TRANSITIONS if status is TransferStatus.READY} == {"begun", "completed", "failed"}


def test_only_a_file_whose_bytes_are_coming_is_interrupted() -> None:
    assert {status for status, event in TRANSITIONS if event == "interrupted"} == {TransferStatus.TRANSFERRING}
