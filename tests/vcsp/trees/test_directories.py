"""Trees in directories: nothing that is no file is waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.library.regular import NotRegular
from contentlib.vcsp.trees.directories import DirectoryTree


@pytest.fixture
def tree(tmp_path: Path) -> DirectoryTree:
    """A tree in the test's directory."""
    return DirectoryTree(tmp_path, FilesystemBlobs({"here": tmp_path / "storage"}), link=True)


def test_a_pipe_in_the_place_of_a_document_is_not_waited_for(tree: DirectoryTree, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lib.json")
    with pytest.raises(NotRegular, match="it is a pipe, not a regular file"):
        tree.read("lib.json")


def test_a_pipe_where_a_document_is_written_aside_is_replaced(tree: DirectoryTree, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".part")
    tree.write("lib.json", b"{}")
    assert tree.read("lib.json") == b"{}"
