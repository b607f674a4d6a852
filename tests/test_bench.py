from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bench.page import table, told
from bench.results import Goal, Row, compare, per_second

_ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("goal", "reached", "met"),
    [
        (Goal(1.0), 1.0, "yes"),
        (Goal(1.0), 0.99, "**no**"),
        (Goal(1.0, first=0.4), 0.5, "first goal only"),
        (Goal(1.0, first=0.4), 0.39, "**no**"),
        (Goal(64, " MiB", at_most=True), 64, "yes"),
        (Goal(64, " MiB", at_most=True), 65, "**no**"),
    ],
)
def test_a_row_says_whether_its_goal_is_met(goal: Goal, reached: float, met: str) -> None:
    assert goal.met(reached) == met


def test_the_pair_with_the_middle_ratio_is_shown() -> None:
    ours, other = iter([100.0, 10.0, 50.0]), iter([100.0, 100.0, 100.0])
    row = compare("GET", "another", Goal(0.4), per_second, lambda: next(ours), lambda: next(other))
    assert (row.ours, row.other, row.reached) == ("50/s", "100/s", 0.5)


def test_both_are_measured_in_turn() -> None:
    order: list[str] = []

    def measured(name: str) -> float:
        order.append(name)
        return 1.0

    compare("GET", "another", Goal(1.0), per_second, lambda: measured("ours"), lambda: measured("other"))
    assert order == ["ours", "other"] * 3


def test_the_table_is_markdown_in_columns() -> None:
    lines = table([Row("GET", "5/s", "another", "10/s", 0.5, Goal(0.4), "20/s")]).splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == ["GET", "5/s", "another", "10/s", "0.5", "≥ 0.4", "yes", "20/s"]
    assert len({len(line) for line in lines}) == 1


def test_a_busy_machine_is_told() -> None:
    assert "not to be relied on" in told(3.0)
    assert "quiet" in told(0.1)


def test_a_row_that_does_not_exist_is_refused_before_anything_is_installed() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "nonsense"], cwd=_ROOT, capture_output=True, text=True)
    assert (done.returncode, "there is no row nonsense" in done.stderr) == (2, True)
