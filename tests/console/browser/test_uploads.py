"""Uploads go on from the right byte: after a pause, a lost line, a killed server, and a reload of the page."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from console.browser.person import NAME, PASSWORD, Person
from console.browser.stock import Api
from packages import archive, package
from processes import CONTENTLIB, Running, eventually, start
from signing import make, signed

MIB = 1 << 20
SIZE = 24 * MIB
SLOW = 2 * MIB


class Uploading:
    """A person who uploads a large file over a slow line."""

    def __init__(self, person: Person, image: Path) -> None:
        self.person = person
        self.image = image
        self._line = person.window.new_cdp_session(person.page)

    def begin(self, url: str) -> None:
        """Starts the upload; returns when the server has a part of the file."""
        api = Api(url)
        library = api.library(f"Images {self.image.parent.name}")
        self.person.log_in()
        self.person.goes(f"library/{library}")
        self.person.sees("No items yet")
        self.runs_at(SLOW)
        self.person.chooses(self.image)
        self.waits_for(2 * MIB)
        assert eventually(lambda: api.stored(library) > 0)
        api.close()

    def runs_at(self, bytes_per_second: int) -> None:
        """Sets the speed of the line; -1 is without a limit."""
        limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
        self._line.send("Network.emulateNetworkConditions", limits)

    def waits_for(self, sent: int) -> None:
        """Waits until so many bytes have gone."""
        bar = self.tray.get_by_role("progressbar")
        assert eventually(lambda: bar.count() == 1 and bar.evaluate("each => each.value") >= sent)

    @property
    def tray(self) -> Locator:
        """Where the console shows uploads."""
        return self.person.page.get_by_role("region", name="Uploads")

    def ends(self) -> None:
        """Waits for the end of the upload; its checksum is that of the file."""
        self.runs_at(-1)
        expect(self.tray).to_contain_text(hashlib.sha256(self.image.read_bytes()).hexdigest())

    def firsts(self) -> list[int]:
        """The bytes at which the requests of the upload began."""
        sent = [request for request in self.person.requests if request.method == "PUT"]
        return [int(request.headers["content-range"].split()[1].split("-")[0]) for request in sent]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "appliance.img"
    file.write_bytes(os.urandom(SIZE))
    return file


@pytest.fixture
def uploading(person: Person, image: Path) -> Uploading:
    made = Uploading(person, image)
    made.begin(person.url)
    return made


def test_a_paused_upload_goes_on_where_it_was(uploading: Uploading) -> None:
    uploading.person.presses("Pause: appliance")
    uploading.person.sees("Paused")
    uploading.person.presses("Resume: appliance")
    uploading.ends()
    first, second = uploading.firsts()
    assert first == 0 < second < SIZE


def test_an_upload_goes_on_after_a_reload_with_the_same_file(uploading: Uploading) -> None:
    page = uploading.person.page
    uploading.person.presses("Pause: appliance")
    page.reload()
    uploading.person.sees("Choose the file appliance.img again.")
    with page.expect_file_chooser() as chooser:
        uploading.person.presses("Resume: appliance")
    chooser.value.set_files(uploading.image)
    uploading.ends()
    first, second = uploading.firsts()
    assert first == 0 < second < SIZE


def test_a_reload_goes_on_only_with_the_same_file(uploading: Uploading, tmp_path: Path) -> None:
    page, other = uploading.person.page, tmp_path / "other" / "appliance.img"
    other.parent.mkdir()
    other.write_bytes(os.urandom(SIZE + 1))
    uploading.person.presses("Pause: appliance")
    page.reload()
    uploading.person.sees("Choose the file appliance.img again.")
    with page.expect_file_chooser() as chooser:
        uploading.person.presses("Resume: appliance")
    chooser.value.set_files(other)
    uploading.person.sees("This is another file.")
    assert uploading.firsts() == [0]


def test_an_upload_that_was_complete_before_a_reload_is_complete(uploading: Uploading) -> None:
    page, held = uploading.person.page, "**/update-session/*/file"
    api = Api(uploading.person.url)
    (item,) = api.items(page.url.rpartition("/")[2])
    page.route(held, lambda route: None if route.request.method == "GET" else route.continue_())  # no answer to the last call
    uploading.runs_at(-1)
    assert eventually(lambda: uploading.image.name in api.files(item))
    page.reload()
    page.unroute(held)
    expect(page.locator("cl-tray .upload.done")).to_have_count(1)
    expect(uploading.tray).to_contain_text(hashlib.sha256(uploading.image.read_bytes()).hexdigest())
    api.close()


def test_an_upload_is_not_forgotten_while_the_server_is_busy(uploading: Uploading) -> None:
    page, calls = uploading.person.page, "**/update-session/*"
    uploading.person.presses("Pause: appliance")
    page.route(calls, lambda route: route.fulfill(status=503, body="busy"))
    page.reload()
    uploading.person.sees("Choose the file appliance.img again.")
    page.unroute(calls)
    with page.expect_file_chooser() as chooser:
        uploading.person.presses("Resume: appliance")
    chooser.value.set_files(uploading.image)
    uploading.ends()


def test_leaving_the_page_asks_while_an_upload_runs(uploading: Uploading) -> None:
    page = uploading.person.page
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    uploading.ends()


def test_an_upload_survives_a_killed_server(chromium: Browser, built: None, image: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def serve() -> Running:
        command = [str(CONTENTLIB), "serve", "--data-dir", str(tmp_path / "data"), "--listen", f"127.0.0.1:{port}", "--no-tls"]
        return start(command, tmp_path, CONTENTLIB_ADMIN_PASSWORD=PASSWORD)

    server = serve()
    try:
        with Person(chromium, server.url, NAME, PASSWORD) as person:
            uploading = Uploading(person, image)
            uploading.begin(server.url)
            server.kill()
            person.sees("Connection lost, trying again")
            server = serve()
            uploading.ends()
            assert uploading.firsts()[0] == 0 < uploading.firsts()[-1] < SIZE
    finally:
        server.kill()


def written(directory: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Files in a folder."""
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return [directory / name for name in files]


def test_the_files_of_an_ovf_become_one_item_and_others_their_own(person: Person, tmp_path: Path) -> None:
    api = Api(person.url)
    library = api.library("Packages")
    person.log_in()
    person.goes(f"library/{library}")
    person.sees("No items yet")
    person.drops(*written(tmp_path, {**package(), "readme.txt": b"read me"}))
    expect(person.page.locator("cl-tray .upload.done")).to_have_count(2)
    items = {api.done("GET", f"/api/content/library/item/{each}")["name"]: each for each in api.items(library)}
    assert items.keys() == {"tiny", "readme"}
    assert api.files(items["tiny"]) == {name: hashlib.sha256(content).hexdigest() for name, content in package().items()}
    api.close()


def test_a_file_of_a_name_that_is_taken_can_become_a_new_version(person: Person, tmp_path: Path) -> None:
    api = Api(person.url)
    library = api.library("Versions")
    item = api.item(library, "notes")
    api.store(item, "notes.txt", b"first")
    person.log_in()
    person.goes(f"library/{library}")
    person.sees("notes")
    person.drops(*written(tmp_path, {"notes.txt": b"second"}))
    person.presses("Add as a new version")
    expect(person.page.locator("cl-tray .upload.done")).to_have_count(1)
    assert api.files(item) == {"notes.txt": hashlib.sha256(b"second").hexdigest()}
    api.close()


def test_an_ova_is_unpacked(person: Person, tmp_path: Path) -> None:
    api = Api(person.url)
    library = api.library("Archives")
    person.log_in()
    person.goes(f"library/{library}")
    person.sees("No items yet")
    person.chooses(*written(tmp_path, {"tiny.ova": archive(package())}))
    expect(person.page.locator("cl-tray .upload.done")).to_have_count(1)
    (item,) = api.items(library)
    assert api.files(item).keys() == package().keys()
    api.close()


def test_a_refused_file_says_why(person: Person, tmp_path: Path) -> None:
    api = Api(person.url)
    library, other = api.library("Broken"), api.library("Self-signed")
    person.log_in()
    person.goes(f"library/{library}")
    person.sees("No items yet")
    person.drops(*written(tmp_path, {**package(), "disk1.vmdk": b"another disk"}))
    expect(person.page.locator("cl-tray .upload.failed .problem")).to_contain_text("disk1.vmdk")
    person.goes(f"library/{other}")
    person.sees_title("Self-signed")
    person.drops(*written(tmp_path, signed(make(tmp_path / "signer"))))
    person.presses("Accept the warnings")
    expect(person.page.get_by_role("dialog")).to_contain_text("is self-signed and not trusted")
    person.answers("Accept")
    expect(person.page.locator("cl-tray .upload.done")).to_have_count(1)
    (item,) = api.items(other)
    assert "tiny.cert" in api.files(item)
    api.close()
