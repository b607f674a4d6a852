"""Processes that find each other by their locks."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contentlib.library.signals import unheard
from contentlib.nodes.local import LocalNodes
from following import until
from nodes.hearing import Heard

_OTHER = Path(__file__).with_name("other_node.py")


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


async def test_a_process_that_is_killed_has_ended_at_once(directory: Path) -> None:
    nodes, heard = LocalNodes(directory), Heard()
    await nodes.start(heard.hear, unheard)
    with other(directory) as process:
        await until(lambda: bool(heard))
        ((_, identifier),) = heard
        assert await nodes.running() == {nodes.here, identifier}
        process.kill()
        process.wait()
        assert await nodes.running() == {nodes.here}
        assert await nodes.ended() == {identifier}
    await nodes.stop()


async def test_a_process_that_reads_nothing_holds_up_nobody(directory: Path) -> None:
    busy, ringing, heard = LocalNodes(directory), LocalNodes(directory), Heard()
    await busy.start(heard.hear, unheard)
    await ringing.start(Heard().hear, unheard)
    for _ in range(10_000):  # more than the pipe takes; the loop has no turn to read
        ringing.ring("session_ended", "x" * 100)
    await until(lambda: bool(heard))
    assert set(heard) == {("session_ended", "x" * 100)}
    await busy.stop()
    await ringing.stop()


async def test_what_is_no_event_is_ignored(directory: Path) -> None:
    nodes, heard = LocalNodes(directory), Heard()
    await nodes.start(heard.hear, unheard)
    told = json.loads((directory / nodes.here).read_bytes())
    with open(f"/proc/{told['process']}/fd/{told['descriptor']}", "wb", buffering=0) as file:  # noqa: ASYNC230, PTH123 - no file
        file.write(b'{"not": "an event"}\nnor this\n[]\n["half')
        await asyncio.sleep(0.01)
        file.write(b' an event", "whole"]\n')
    await until(lambda: bool(heard))
    assert heard == [("half an event", "whole")]
    nodes.ring("too long", "x" * 5000)
    await nodes.stop()


async def test_nothing_is_written_to_a_process_that_has_the_number_of_an_ended_one(directory: Path, tmp_path: Path) -> None:
    ended, ringing = LocalNodes(directory), LocalNodes(directory)
    await ended.start(Heard().hear, unheard)
    await ringing.start(Heard().hear, unheard)
    told = json.loads((directory / ended.here).read_bytes())
    await ended.stop()
    with (tmp_path / "of another").open("w+b") as other:
        os.dup2(other.fileno(), told["descriptor"])
        ringing.ring("session_ended", "a session")
        os.close(told["descriptor"])
        assert other.read() == b""
    await ringing.stop()


async def test_no_lock_is_held_by_a_program_that_the_process_starts(directory: Path) -> None:
    nodes = LocalNodes(directory)
    await nodes.start(Heard().hear, unheard)
    with subprocess.Popen(["sleep", "60"], close_fds=False) as started:  # noqa: ASYNC220 - it starts at once
        await nodes.stop()
        assert await nodes.running() == set()
        started.kill()


async def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        await LocalNodes(tmp_path / "file").start(Heard().hear, unheard)
    assert await LocalNodes(tmp_path / "missing").running() == set()
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - its name is all that counts
