"""Uploads go on over a line that is cut again and again, that dies without a sign, and after all of it at once."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from console.browser.line import Line
from console.browser.person import NAME, PASSWORD, Person
from console.browser.stock import Api
from packages import archive, package
from processes import CONTENTLIB, Running, eventually, start

MIB = 1 << 20
SIZE = 16 * MIB


class Serving:
    """A server that can be killed and started again, behind a line."""

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._directory = directory
        self.running = self._start()
        self.line = Line(self._port)
        self.api = Api(self.running.url)

    def _start(self) -> Running:
        options = ("--listen", f"127.0.0.1:{self._port}", "--no-tls", "--workers", "1")
        command = [str(CONTENTLIB), "serve", "--data-dir", str(self._directory / "data"), *options]
        started = start(command, self._directory, CONTENTLIB_ADMIN_PASSWORD=PASSWORD)
        assert started.url
        return started

    def restart(self) -> None:
        """Kills the server and starts it again."""
        self.running.kill()
        self.running = self._start()

    def close(self) -> None:
        """Ends everything."""
        self.line.close()
        self.api.close()
        self.running.kill()


@pytest.fixture(scope="module")
def serving(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("server"))
    yield made
    made.close()


@pytest.fixture
def library(serving: Serving, tmp_path: Path) -> str:
    return serving.api.library(f"Images {tmp_path.name}")


@pytest.fixture
def visitor(chromium: Browser, serving: Serving, library: str) -> Iterator[Person]:
    """An administrator who sees an empty library, behind a line that lets nothing of uploads pass."""
    serving.line.heal()
    with Person(chromium, serving.line.url, NAME, PASSWORD) as person:
        person.log_in()
        person.goes(f"library/{library}")
        person.sees("No items yet")
        yield person


def image(directory: Path, name: str = "appliance.img", size: int = SIZE) -> Path:
    """A file that nothing compresses."""
    file = directory / name
    file.write_bytes(os.urandom(size))
    return file


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def firsts(person: Person) -> list[int]:
    """The bytes at which the requests of an upload began."""
    sent = [request.headers["content-range"] for request in person.requests if request.method == "PUT"]
    return [int(each.split()[1].split("-")[0]) for each in sent]


def has_done(person: Person, count: int) -> None:
    """Waits until so many uploads are complete."""
    expect(person.page.locator("cl-tray .upload.done")).to_have_count(count)


def test_a_line_may_break_again_and_again(serving: Serving, visitor: Person, tmp_path: Path) -> None:
    file = image(tmp_path)
    serving.line.breaks(after=5 * MIB)
    serving.line.allow(10 * SIZE)
    visitor.chooses(file)
    expect(visitor.page.get_by_role("region", name="Uploads")).to_contain_text(digest(file))
    began = firsts(visitor)
    assert len(began) >= 4
    assert began == sorted(began)
    assert SIZE - 5 * MIB <= began[-1] < SIZE


def test_a_line_that_died_without_a_sign_is_noticed(serving: Serving, visitor: Person, tmp_path: Path) -> None:
    file = image(tmp_path)
    serving.line.dies(after=SIZE - MIB)  # the browser has sent the rest too, as far as it knows
    serving.line.allow(10 * SIZE)
    visitor.chooses(file)
    expect(visitor.page.get_by_role("region", name="Uploads")).to_contain_text(digest(file))
    assert SIZE - 2 * MIB <= firsts(visitor)[-1] < SIZE


def test_a_file_that_was_changed_is_not_sent_any_further(
    serving: Serving, visitor: Person, library: str, tmp_path: Path
) -> None:
    file = image(tmp_path)
    serving.line.allow(2 * MIB)
    visitor.chooses(file)
    assert eventually(lambda: serving.api.stored(library) > 0)
    image(tmp_path, size=SIZE + 1)
    serving.line.cut()
    serving.line.allow(10 * SIZE)
    visitor.sees("The file appliance.img was changed or removed since it was chosen.")


def test_a_folder_with_an_ovf_an_ova_and_a_waiting_file_go_on_after_a_kill_and_a_reload(
    serving: Serving, visitor: Person, library: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    parts = package(os.urandom(8 * MIB))
    for name, content in parts.items():
        (folder / name).write_bytes(content)
    ova, plain = tmp_path / "packed.ova", image(tmp_path, "plain.img", MIB)
    packed = package(os.urandom(9 * MIB))
    ova.write_bytes(archive(packed))
    serving.line.allow(6 * MIB)
    visitor.drags(folder, ova, plain)
    assert eventually(lambda: serving.api.stored(library) >= 4 * MIB)
    serving.restart()
    serving.line.cut()
    visitor.page.on("dialog", lambda dialog: dialog.accept())
    visitor.page.reload()
    expect(visitor.page.locator("cl-tray .upload.paused")).to_have_count(3)
    visitor.chooses(*folder.iterdir(), ova, plain)
    serving.line.allow(100 * MIB)
    has_done(visitor, 3)
    items = {serving.api.done("GET", f"/api/content/library/item/{each}")["name"]: each for each in serving.api.items(library)}
    assert items.keys() == {"tiny", "packed", "plain"}
    for name, files in {"tiny": parts, "packed": packed}.items():
        assert serving.api.files(items[name]) == {each: hashlib.sha256(content).hexdigest() for each, content in files.items()}
    assert max(firsts(visitor)) > MIB  # not from the start
