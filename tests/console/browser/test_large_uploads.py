"""A large upload survives a killed server and a reload; the memory of the tab and of the server stays flat.

`CONTENTLIB_UPLOAD_MIB` is the size of the file, 192 by default. Run it with 10240 and `-s` to measure.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from console.browser.line import Line
from console.browser.person import NAME, PASSWORD, Person
from console.browser.stock import Api
from processes import CONTENTLIB, Running, eventually, start

MIB = 1 << 20
SIZE = int(os.environ.get("CONTENTLIB_UPLOAD_MIB", "192")) * MIB
MOST_GROWTH = 96 * MIB
"""Less than the file, and more than buffers and a collection of garbage need."""
_PIECE = 8 * MIB


def resident(process: int) -> int:
    """The bytes of memory that belong to a process alone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))


def family(root: int) -> list[int]:
    """A process and all that it has started."""
    try:
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except OSError:
        return []
    return [root, *(each for child in children for each in family(int(child)))]


class Watch:
    """The most memory that groups of processes have had."""

    def __init__(self) -> None:
        self.groups: dict[str, Callable[[], list[int]]] = {}
        self.first: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def look(self) -> None:
        """Measures the groups."""
        for name, members in list(self.groups.items()):
            found = max(map(resident, members()), default=0)
            self.first.setdefault(name, found)
            self.most[name] = max(self.most.get(name, 0), found)

    def growth(self, name: str) -> int:
        """By how many bytes the largest process of a group has grown."""
        return self.most[name] - self.first[name]

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Measures again and again until the block ends."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.2):
                self.look()

        thread = threading.Thread(target=look)
        self.look()
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A file that is too large for memory."""
    file, piece = tmp_path / "large.img", os.urandom(_PIECE)
    with file.open("wb") as target:
        for number in range(SIZE // _PIECE):
            target.write(number.to_bytes(8, "big") + piece[8:])
    return file


def renderers() -> list[int]:
    """The processes of the pages of this test's browser."""
    found = []
    for process in family(os.getpid()):
        try:
            if b"--type=renderer" in Path(f"/proc/{process}/cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


def test_a_large_upload_survives_a_killed_server_and_a_reload(
    chromium: Browser, built: None, image: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def serve() -> Running:
        options = ("--listen", f"127.0.0.1:{port}", "--no-tls", "--workers", "1")
        command = [str(CONTENTLIB), "serve", "--data-dir", str(tmp_path / "data"), *options]
        started = start(command, tmp_path, CONTENTLIB_ADMIN_PASSWORD=PASSWORD)
        assert started.url
        return started

    server, watch, line, part = serve(), Watch(), Line(port), SIZE // 5
    try:
        library = Api(server.url).library("Large")
        with Person(chromium, line.url, NAME, PASSWORD) as person:
            person.log_in()
            person.goes(f"library/{library}")
            person.sees("No items yet")
            tray = person.page.get_by_role("region", name="Uploads")

            def waits_for(sent: int) -> None:
                bar = tray.get_by_role("progressbar")
                assert eventually(lambda: bar.count() == 1 and bar.evaluate("each => each.value") >= sent)

            watch.groups["tab"] = renderers
            watch.groups["server"] = lambda: family(server.process.pid)
            with watch.looking():
                line.allow(part)
                person.chooses(image)
                waits_for(part // 2)
                server.kill()
                line.cut()
                person.sees("Connection lost, trying again")
                server = serve()
                line.allow(part)
                waits_for(part * 5 // 4)
                person.presses("Pause: large")
                person.page.reload()
                person.sees("Choose the file large.img again.")
                line.allow(2 * SIZE)
                with person.page.expect_file_chooser() as chooser:
                    person.presses("Resume: large")
                chooser.value.set_files(image)
                began = time.monotonic()
                expect(tray).to_contain_text(_digest(image), timeout=1_800_000)
                sys.stdout.write(f"the last part took {time.monotonic() - began:.1f} s\n")
            firsts = puts(person)
        for name, most in watch.most.items():
            sys.stdout.write(f"{name}: {watch.growth(name) / MIB:.0f} MiB more than at first, at most {most / MIB:.0f} MiB\n")
        sys.stdout.write(f"requests began at {firsts} of {SIZE} bytes\n")
        assert len(firsts) >= 3
        assert firsts == sorted(firsts)
        assert firsts[-1] >= part // 2
        assert watch.growth("tab") < MOST_GROWTH
        assert watch.growth("server") < MOST_GROWTH
    finally:
        line.close()
        server.kill()


def puts(person: Person) -> list[int]:
    """The bytes at which the requests of the upload began."""
    sent = [request.headers["content-range"] for request in person.requests if request.method == "PUT"]
    return [int(each.split()[1].split("-")[0]) for each in sent]


def _digest(image: Path) -> str:
    with image.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
