"""Where files may be fetched from."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from contentlib.library.regular import NotRegular, open_beneath, open_regular
from contentlib.outbound.sources import NotBelow, Sources, host_of


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://ann:secret@Files.example:8443/a.iso", "files.example"),
        ("http://[::1]/a.iso", "::1"),
        ("http://[::1/a.iso", None),
        ("file:///srv/a.iso", None),
        ("ds:///vmfs/volumes/nfs/a.iso", None),
    ],
)
def test_an_address_names_a_host_unless_its_file_is_here(uri: str, host: str | None) -> None:
    assert host_of(uri) == host


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory that may be imported from, with all that may be in one."""
    made = tmp_path / "images"
    (made / "folder").mkdir(parents=True)
    (made / "folder" / "a.iso").write_bytes(b"all of it")
    (tmp_path / "secret").write_bytes(b"not for you")
    os.mkfifo(made / "pipe")
    (made / "zero").symlink_to("/dev/zero")
    (made / "out").symlink_to(tmp_path / "secret")
    (made / "up").symlink_to(tmp_path)
    (made / "inner").symlink_to("folder")
    (made / "circle").symlink_to("circle")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(made / "door"))
    return made


@pytest.mark.parametrize("path", ["folder/a.iso", "inner/a.iso", "./folder/../folder/a.iso", "folder/%61.iso"])
def test_a_file_below_a_root_is_opened_by_any_path_that_stays_there(root: Path, path: str) -> None:
    with Sources([root]).open(f"{root.as_uri()}/{path}") as file:
        assert file.readall() == b"all of it"


@pytest.mark.parametrize("path", ["out", "up/secret", "zero", "../secret", "%2e%2e/secret", "circle"])
def test_what_leads_out_of_a_root_is_not_below_it(root: Path, path: str) -> None:
    with pytest.raises(NotBelow):
        Sources([root]).open(f"{root.as_uri()}/{path}")


@pytest.mark.parametrize(
    ("path", "told"), [("pipe", "a pipe"), ("door", "a socket"), ("folder", "a directory"), ("", "a directory")]
)
def test_what_is_no_file_is_refused_without_waiting_for_it(root: Path, path: str, told: str) -> None:
    sources = Sources([root])
    with pytest.raises(OSError, match=f"it is {told}, not a regular file"):
        sources.open(f"{root.as_uri()}/{path}")
    assert not sources.has(f"{root.as_uri()}/{path}")


@pytest.mark.parametrize("path", ["inner/a.iso", "out", "up/secret"])
def test_a_link_that_is_put_there_after_the_path_was_looked_at_is_not_followed(root: Path, path: str) -> None:
    with pytest.raises(OSError, match=r"Not a directory|Too many levels|symbolic link"):
        open_beneath(root, root / path)


def test_a_pipe_that_is_put_there_after_the_file_was_looked_at_is_not_waited_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_file = (root / "folder" / "a.iso").stat()
    with monkeypatch.context() as looked:
        looked.setattr(os, "stat", lambda *_, **__: a_file)
        with pytest.raises(NotRegular, match="it is a pipe"):
            open_regular(root / "pipe")


async def test_a_disk_that_does_not_answer_is_given_up(root: Path) -> None:
    sources, held = Sources([root], seconds=0.01), threading.Event()
    with pytest.raises(TimeoutError, match=r"did not respond within 0\.01 seconds"):
        await sources.run(held.wait)
    held.set()
