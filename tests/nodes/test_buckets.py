"""Numbers that several processes change: none is lost, and a process that is killed keeps none locked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contentlib.access.pacing import CallPace
from contentlib.nodes.buckets import SharedNumbers
from contentlib.vapi.errors import ServiceUnavailable

SYNC = "com.vmware.content.subscribed_library.sync"
_ADDER = """if True:
    import os, sys
    from pathlib import Path
    from contentlib.nodes.buckets import SharedNumbers
    numbers = SharedNumbers(Path(sys.argv[1]))
    for _ in range(2000):
        numbers.change(b"k" * 16, lambda number: number + 1)
    numbers.change(b"k" * 16, lambda number: os.abort() if sys.argv[2] == "killed" else number)
"""


def _of(path: Path, key: bytes) -> float:
    found = []

    def same(number: float) -> float:
        found.append(number)
        return number

    numbers = SharedNumbers(path)
    numbers.change(key, same)
    numbers.close()
    return found[0]


def test_no_change_of_several_processes_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ADDER, str(tmp_path / "numbers")]
    ended = ["killed", "not", "not"]
    processes = [subprocess.Popen([*command, each], stderr=subprocess.DEVNULL) for each in ended]
    assert [process.wait() != 0 for process in processes] == [each == "killed" for each in ended]
    assert _of(tmp_path / "numbers", b"k" * 16) == 6000.0


def test_a_key_that_is_new_replaces_the_smallest_number_of_its_set(tmp_path: Path) -> None:
    numbers = SharedNumbers(tmp_path / "numbers")
    keys = [b"same" + bytes([each]) * 12 for each in range(1, 10)]
    for number, key in enumerate(keys):
        numbers.change(key, lambda _, number=number: number + 5.0)  # type: ignore[misc] # a default of a lambda has no type
    assert [_of(tmp_path / "numbers", key) for key in keys[1:]] == [float(each) for each in range(6, 14)]


def test_an_error_keeps_the_number(tmp_path: Path) -> None:
    numbers = SharedNumbers(tmp_path / "numbers")
    numbers.change(b"k" * 16, lambda _: 3.0)
    with pytest.raises(ZeroDivisionError):
        numbers.change(b"k" * 16, lambda _: 1 / 0)
    assert _of(tmp_path / "numbers", b"k" * 16) == 3.0


def test_the_bucket_of_a_user_is_that_of_all_workers(tmp_path: Path) -> None:
    first, second = (CallPace(lambda: 3, lambda: 1000.0, SharedNumbers(tmp_path / "numbers"), b"secret" * 2) for _ in range(2))
    for pace in (first, second, first):
        pace.check("ann", SYNC)
    for pace in (first, second):
        with pytest.raises(ServiceUnavailable, match="try again in 20 seconds"):
            pace.check("ann", SYNC)
        pace.check("bob", SYNC)
