from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from contentlib.cli import lock


def test_a_directory_is_locked_once_and_the_message_names_it_and_its_server(tmp_path: Path) -> None:
    held = lock.hold(tmp_path)
    with pytest.raises(RuntimeError, match=f"data directory {tmp_path} is in use by another server, process {os.getpid()}$"):
        lock.hold(tmp_path)
    os.close(held)


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    os.close(lock.hold(tmp_path))
    os.close(lock.hold(tmp_path))


def test_a_living_holder_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 60.0)
    held = lock.hold(tmp_path)
    begun = time.monotonic()
    with pytest.raises(RuntimeError):
        lock.hold(tmp_path)
    assert time.monotonic() - begun < 30
    os.close(held)
