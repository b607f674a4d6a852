"""Tests when a process that others do not hear of counts as ended."""

from __future__ import annotations

from contentlib.metadata.postgresql.silence import Silence


class _Watch:
    """One that looks at counters, and its time."""

    def __init__(self) -> None:
        self.time = 100.0
        self.silence = Silence(10.0, lambda: self.time)

    def look(self, seconds: float, **counters: int) -> set[str]:
        """Who is silent when the counters are looked at so much later."""
        self.time += seconds
        self.silence.look(counters)
        return self.silence.silent()


def test_a_counter_that_stands_still_for_longer_than_the_lease_is_that_of_an_ended_process() -> None:
    watch = _Watch()
    seen = [watch.look(2.0, still=1, going=beat) for beat in range(6)]
    assert seen == [set()] * 6
    assert watch.look(0.5, still=1, going=6) == {"still"}
    assert watch.look(1.0, still=2, going=7) == set()


def test_a_counter_that_went_back_is_that_of_a_process_that_runs() -> None:
    watch = _Watch()
    for _ in range(5):
        watch.look(2.0, one=7)
    assert watch.look(4.0, one=1) == set()


def test_time_in_which_nobody_looked_does_not_count() -> None:
    watch = _Watch()
    watch.look(1.0, one=1)
    assert watch.look(600.0, one=1) == set()
    assert [watch.look(4.0, one=1) for _ in range(3)] == [set(), set(), {"one"}]


def test_a_process_that_is_forgotten_is_not_silent() -> None:
    watch = _Watch()
    for _ in range(3):
        watch.look(4.0, one=1)
    assert watch.look(4.0, one=1) == {"one"}
    assert watch.look(4.0) == set()
