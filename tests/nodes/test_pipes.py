"""Processes that find each other by their pipes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contentlib.nodes.pipes import PipeNodes
from following import until

_OTHER = Path(__file__).with_name("other_node.py")


class Heard(list[tuple[str, ...]]):
    """What one process has heard of the others."""

    def hear(self, event: str, arguments: object) -> None:
        """Keeps it."""
        assert isinstance(arguments, list)
        self.append((event, *arguments))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "nodes"


@contextmanager
def other(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which rings once it runs."""
    command = [sys.executable, str(_OTHER), str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        yield process


async def test_a_process_runs_from_its_start_to_its_end(directory: Path) -> None:
    one, two = PipeNodes(directory), PipeNodes(directory)
    assert one.running() == set()
    one.start(Heard().hear)
    two.start(Heard().hear)
    assert one.running() == two.running() == {one.here, two.here}
    two.stop()
    assert one.running() == {one.here}
    assert one.ended() == {two.here}
    one.forget([two.here])
    assert one.ended() == set()
    one.stop()


async def test_a_process_that_is_killed_has_ended_at_once(directory: Path) -> None:
    nodes, heard = PipeNodes(directory), Heard()
    nodes.start(heard.hear)
    with other(directory) as process:
        await until(lambda: bool(heard))
        ((_, identifier),) = heard
        assert nodes.running() == {nodes.here, identifier}
        process.kill()
        process.wait()
        assert nodes.running() == {nodes.here}
        assert nodes.ended() == {identifier}
    nodes.stop()


async def test_all_others_hear_of_an_event(directory: Path) -> None:
    nodes = [PipeNodes(directory) for _ in range(3)]
    heard = [Heard() for _ in nodes]
    for each, hears in zip(nodes, heard, strict=True):
        each.start(hears.hear)
    nodes[0].ring("session_ended", "a session")
    nodes[0].ring("task_submitted")
    await until(lambda: len(heard[1]) == len(heard[2]) == 2)
    assert heard[1] == heard[2] == [("session_ended", "a session"), ("task_submitted",)]
    assert heard[0] == []
    for each in nodes:
        each.stop()


async def test_a_process_that_reads_nothing_holds_up_nobody(directory: Path) -> None:
    busy, ringing, heard = PipeNodes(directory), PipeNodes(directory), Heard()
    busy.start(heard.hear)
    ringing.start(Heard().hear)
    for _ in range(10_000):  # more than the pipe takes; the loop has no turn to read
        ringing.ring("session_ended", "x" * 100)
    await until(lambda: bool(heard))
    assert set(heard) == {("session_ended", "x" * 100)}
    busy.stop()
    ringing.stop()


async def test_what_is_no_event_is_ignored(directory: Path) -> None:
    nodes, heard = PipeNodes(directory), Heard()
    nodes.start(heard.hear)
    with (directory / nodes.here).open("wb", buffering=0) as file:
        file.write(b'{"not": "an event"}\nnor this\n[]\n["half')
        await asyncio.sleep(0.01)
        file.write(b' an event", "whole"]\n')
    await until(lambda: bool(heard))
    assert heard == [("half an event", "whole")]
    nodes.ring("too long", "x" * 5000)
    nodes.stop()


async def test_no_pipe_is_open_in_a_program_that_the_process_starts(directory: Path) -> None:
    nodes = PipeNodes(directory)
    nodes.start(Heard().hear)
    with subprocess.Popen(["sleep", "60"], close_fds=False) as started:  # noqa: ASYNC220 - it starts at once
        nodes.stop()
        assert nodes.running() == set()
        started.kill()


async def test_a_directory_without_pipes_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        PipeNodes(tmp_path / "file").start(Heard().hear)
    assert PipeNodes(tmp_path / "missing").running() == set()
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - its name is all that counts
