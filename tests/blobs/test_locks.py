"""Tests the claims of uploads by locked files."""

from __future__ import annotations

import os
from pathlib import Path

from contentlib.blobs.locks import FileClaims, lock_file


def test_a_claim_ends_although_its_file_cannot_be_removed(tmp_path: Path) -> None:
    claim = FileClaims(tmp_path).claim("a", "b")
    file = tmp_path / "a~b"
    file.rename(tmp_path / "aside")
    file.mkdir()
    claim.release()
    os.close(lock_file(tmp_path / "aside"))
