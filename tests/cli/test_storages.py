"""The content of a storage is moved to another one, with a server and without, and the storage is removed."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import object_stores
import processes
from cli.test_postgresql import Client
from contentlib.library.identifiers import new_identifier
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS, Running, serve
from publisher import Publisher, publishing
from whole import PASSWORD

_CONTENT = "/rest/com/vmware/content"
_MIB = 1 << 20
DATA = bytes(range(256)) * (3 * _MIB // 256)
OPEN = {"update_spec": {"publish_info": {"published": True, "authentication_method": "NONE"}}}
SENT, PULLED = DATA + b"sent", DATA + b"pulled"
LAST = "now remove the [[storage]] section of old from the settings of each server, restart it, and then delete "


class Site:
    """A data directory with storages, a server on it, and commands beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.storages: list[dict[str, Any]] = [
            {"id": each, "name": f"the {each}", "path": str(directory / each)} for each in ("old", "new")
        ]

    def variables(self) -> dict[str, str]:
        """The settings."""
        storages = json.dumps(self.storages)
        allowed = {"CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.0/8"]', "CONTENTLIB_ADMIN_PASSWORD": PASSWORD}
        return {"CONTENTLIB_STORAGE": storages, "CONTENTLIB_WORKERS": "1", **allowed}

    @contextmanager
    def serving(self) -> Iterator[Client]:
        """A server, until the block ends."""
        server: Running = serve(self.directory, "--no-tls", **self.variables())
        try:
            client = Client(server.url)
            yield client
            client.close()
        finally:
            server.kill()

    def command(self, *arguments: str) -> list[str]:
        return [str(CONTENTLIB), *arguments, "--data-dir", str(self.directory / "data")]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return processes.run(self.command(*arguments), self.directory, **self.variables())

    def migrate(self, old: str = "old", new: str = "new", *options: str) -> subprocess.CompletedProcess[str]:
        return self.run("migrate", "--storage", old, "--to", new, *options)

    @contextmanager
    def migrating(self) -> Iterator[subprocess.Popen[str]]:
        """The command, which runs."""
        command, pipe = self.command("migrate", "--storage", "the old", "--to", "new"), subprocess.PIPE
        environment = ENVIRONMENT | self.variables()
        with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def needed(self) -> dict[str, bool]:
        """Whether storages are needed, as the list of them tells."""
        return {each["id"]: each["needed"] for each in json.loads(self.run("storages", "--json").stdout)}

    def blobs(self, storage: str) -> list[bytes]:
        """The content of a directory."""
        return sorted(each.read_bytes() for each in (self.directory / storage / "blobs").glob("*/*") if not each.is_symlink())


def _line(process: subprocess.Popen[str], part: str) -> str:
    """The next line of errors with some text in it."""
    assert process.stderr is not None
    while part not in (line := process.stderr.readline()):
        assert line, f"the command ended without {part!r}"
    return line


def _pulled(client: Client, item: str, publisher: Publisher) -> str:
    """A session that fetches a file."""
    session = client.update(item)
    spec = {
        "name": "pulled.iso",
        "source_type": "PULL",
        "source_endpoint": {"uri": f"http://127.0.0.1:{publisher.port}/pulled.iso"},
    }
    answer = client.send("POST", f"{_CONTENT}/library/item/updatesession/file/id:{session}?~action=add", {"file_spec": spec})
    assert answer.status_code == 200, answer.text
    return session


def _complete(client: Client, session: str) -> None:
    answer = client.send("POST", f"{_CONTENT}/library/item/update-session/id:{session}?~action=complete")
    assert answer.status_code == 200, answer.text


def _published(client: Client, library: str) -> list[bytes]:
    """The content that subscribers see."""
    root = f"/cls/vcsp/lib/{library}/"
    items = client.send("GET", f"{root}items.json").json()["items"]
    return sorted(client.send("GET", root + file["hrefs"][0]).content for item in items for file in item["files"])


async def test_a_storage_is_cleared_while_files_come_and_is_removed(tmp_path: Path) -> None:
    async with publishing() as publisher:
        publisher.files["/pulled.iso"] = PULLED
        publisher.stops["/pulled.iso"] = _MIB
        release = partial(asyncio.get_running_loop().call_soon_threadsafe, publisher.release)
        await asyncio.to_thread(_clear_and_remove, Site(tmp_path), publisher, release)


def _clear_and_remove(site: Site, publisher: Publisher, release: Callable[[], object]) -> None:
    with site.serving() as client:
        library = client.library("Images")
        client.filled(client.item(library), DATA)
        client.send("PATCH", f"{_CONTENT}/local-library/id:{library}", OPEN)
        sent, pulled = client.update(client.item(library, "sent")), _pulled(client, client.item(library, "pulled"), publisher)
        with client.half_sent(client.add(sent, "sent.iso", len(SENT)), SENT) as send_rest, site.migrating() as command:
            assert sent in (told := _line(command, "waiting for update sessions that receive files there")) or pulled in told
            assert _published(client, library) == [DATA]
            assert send_rest() == 200
            _complete(client, sent)
            release()
            _complete(client, pulled)
            output, errors = command.communicate(timeout=PATIENCE_SECONDS)
            assert command.returncode == 0, errors
        assert output.splitlines()[-1] == f"{LAST}{site.directory / 'old'}"
        late = client.library("Late")
        client.filled(client.item(late), b"late")
        assert site.needed() == {"old": True, "new": True}
        assert site.migrate().returncode == 0
        assert site.needed() == {"old": False, "new": True}
    shutil.rmtree(site.directory / "old")
    del site.storages[0]
    with site.serving() as client:
        assert _published(client, library) == sorted([DATA, SENT, PULLED])
        found = client.send("GET", f"{_CONTENT}/library/id:{late}").json()["value"]
        assert found["storage_backings"] == [{"type": "DATASTORE", "datastore_id": "new"}]


def _filled(site: Site) -> str:
    """The library of a server that has ended."""
    with site.serving() as client:
        library = client.library("Images")
        for number in range(3):
            client.filled(client.item(library, f"item {number}"), DATA + bytes([number]))
        client.send("PATCH", f"{_CONTENT}/local-library/id:{library}", OPEN)
    return library


def test_without_a_server_the_command_moves_the_content_and_continues_after_a_kill(tmp_path: Path) -> None:
    site = Site(tmp_path)
    library = _filled(site)
    before = site.blobs("old")
    old = site.storages.pop(0)
    listed = site.run("storages")
    assert listed.returncode == 1
    assert "storage old is needed but not in the settings; add its [[storage]] section again" in listed.stderr
    site.storages.insert(0, old)
    dry = site.migrate("old", "new", "--dry-run")
    assert dry.stdout.splitlines()[-1] == "9.0 MiB of 1 libraries would be moved from storage old"
    site.storages[1]["reserve"] = str(10**17)
    full = site.migrate()
    assert (full.returncode, full.stdout) == (1, "")
    assert "storage new has room for 0 bytes, 9437187 bytes are to be moved" in full.stderr
    del site.storages[1]["reserve"]
    away = (site.directory / "new").rename(site.directory / "away")
    gone = site.migrate()
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "storage new" in gone.stderr
    away.rename(site.directory / "new")
    assert (site.blobs("old"), site.blobs("new")) == (before, [])
    *_, last = sorted((site.directory / "old" / "blobs").glob("*/*"))
    aside = last.rename(site.directory / "aside")
    last.symlink_to(last)  # it cannot be opened, so the command does not end
    with site.migrating() as command:
        _line(command, "trying again")
    aside.rename(last)
    moved = site.migrate("old", "new", "--json")
    assert moved.returncode == 0, moved.stderr
    assert json.loads(moved.stdout) | {"seconds": 0, "bytes": 0} == {
        "source": "old",
        "target": "new",
        "libraries": [library],
        "bytes": 0,
        "seconds": 0,
        "failures": {},
        "sessions": [],
        "removable": True,
    }
    assert site.blobs("new") == before
    assert site.needed() == {"old": False, "new": True}
    shutil.rmtree(site.directory / "old")
    del site.storages[0]
    with site.serving() as client:
        assert _published(client, library) == before


def test_content_moves_to_a_bucket_and_back(tmp_path: Path) -> None:
    site, address = Site(tmp_path), object_stores.seaweedfs().address("commands", new_identifier())
    site.storages[1] = {
        "id": "new",
        "name": "bucket",
        "url": address.url,
        "endpoint": address.endpoint,
        "path_style": True,
        "credentials": str(address.credentials),
    }
    library = _filled(site)
    before = site.blobs("old")
    for old, new in (("old", "bucket"), ("bucket", "old")):
        moved = site.migrate(old, new)
        assert moved.returncode == 0, moved.stderr
        with site.serving() as client:
            assert _published(client, library) == before
    assert site.needed() == {"old": True, "new": False}


def test_what_cannot_be_moved_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert "has no database" in site.migrate().stderr
    for options, told in (
        (("--storage", "old"), "--storage and --to must be given together"),
        (("--storage", "old", "--to", "new", "--undo"), "--storage cannot be combined with --undo"),
        (("--storage", "old", "--to", "third"), "unknown storage 'third'; the settings have: old (the old), new (the new)"),
        (("--storage", "old", "--to", "the old"), "--storage and --to are both storage old"),
    ):
        refused = site.run("migrate", *options)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert told in refused.stderr
