"""Tests flushes of many files at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from contentlib.library.flushing import flush_all


def test_all_files_are_flushed_also_without_more_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    files = [os.open(tmp_path / str(number), os.O_WRONLY | os.O_CREAT) for number in range(5)]

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(os, "fsync", flushed.append)
    flush_all(files)
    assert sorted(flushed) == sorted(files)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    flushed.clear()
    flush_all(files)
    assert flushed == files
    for each in files:
        os.close(each)
