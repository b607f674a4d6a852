"""What a killed server leaves on a storage is found by the sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentlib.blobs.filesystem import FilesystemBlobs
from storages import claimed


def test_a_description_that_was_not_finished_is_listed_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    store = claimed(FilesystemBlobs({"datastore-1": tmp_path}))
    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        store.describe("datastore-1", "item", "version", b"{}")
    assert list(store.described("datastore-1")) == [("item", "version")]
    store.undescribe("datastore-1", "item", "version")
    assert list((tmp_path / "items").iterdir()) == []
