"""Lists the processes of a server that runs, and of one that was killed."""

from __future__ import annotations

import re
from pathlib import Path

from processes import CONTENTLIB, run, serving
from whole import PASSWORD


def test_the_processes_of_a_server_are_listed_until_it_is_started_again(tmp_path: Path) -> None:
    command = [str(CONTENTLIB), "nodes", "--data-dir", "data"]
    refused = run(command, tmp_path)
    assert (refused.returncode, refused.stderr) == (1, f"contentlib: {_NONE}\n")
    with serving(tmp_path, "--no-tls", "--workers", "1", CONTENTLIB_ADMIN_PASSWORD=PASSWORD):
        _, *lines = run(command, tmp_path).stdout.splitlines()
        assert [re.split(r" {2,}", line)[3] for line in lines] == ["running"]
    _, *lines = run(command, tmp_path).stdout.splitlines()
    assert [re.split(r" {2,}", line)[3] for line in lines] == ["ended"]


_NONE = "data directory data has no database; start the server once to make it"
