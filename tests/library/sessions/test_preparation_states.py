"""The state machine of preparations."""

from __future__ import annotations

import pytest

from contentlib.library.errors import NotActive
from contentlib.library.model import Preparation, PrepareStatus
from contentlib.library.sessions.preparation_states import TRANSITIONS, fire

EVENTS = sorted({event for _, event in TRANSITIONS})


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", PrepareStatus)
def test_an_event_leads_where_the_table_says_or_is_refused(status: PrepareStatus, event: str) -> None:
    preparation = Preparation("s1", "a", status, task="t1")
    after = TRANSITIONS.get((status, event))
    if after is None:
        with pytest.raises(NotActive, match=f"file a is {status} and cannot be {event}"):
            fire(preparation, event)
    else:
        assert fire(preparation, event) == Preparation("s1", "a", after, task="t1")


def test_a_client_may_prepare_a_file_in_any_status() -> None:
    for event in ("requested", "checked", "damaged"):
        assert {status for status, each in TRANSITIONS if each == event} == set(PrepareStatus)


def test_what_a_task_does_is_told_of_a_requested_file_alone() -> None:
    for event in ("begun", "brought", "failed", "dropped"):
        assert {status for status, each in TRANSITIONS if each == event} == {PrepareStatus.PREPARE_REQUESTED}
