"""Imports, exports, copies and mirrors over bad lines, full disks and killed servers, of files with names that are unusual."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from client.commands import Ended, Terminal
from client.making import content, written
from clients.cutting import cutting
from contentlib.client.profiles import Profile, Profiles
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS, serve, start
from whole import NAME, PASSWORD

MIB = 1 << 20
UNUSUAL = ("ünïcode (1) 100% #?&+.iso", " leading and trailing ", "-rf", "a'b\"c`$(d)", "日本語.iso", 255 * "x")


@pytest.fixture
def name(terminal: Terminal) -> str:
    """A new library."""
    made = f"images {uuid.uuid4()}"
    terminal.done("library", "create", made)
    return made


def through(terminal: Terminal, profile: Profile, url: str) -> str:
    """The name of a profile that reaches the server by another address."""
    Profiles(terminal.home / "config" / "contentlib" / "profiles.json").put("cut", Profile(url, session=profile.session))
    return "cut"


def read(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def limited(terminal: Terminal, most: int, *arguments: object) -> Ended:
    """A command of a user who cannot write a file of more bytes, as on a disk that is full."""
    ended = subprocess.run(
        [CONTENTLIB, *map(str, arguments)],
        env=ENVIRONMENT | {"XDG_CONFIG_HOME": str(terminal.home / "config"), "XDG_CACHE_HOME": str(terminal.home / "cache")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_many_files_arrive_over_a_line_that_breaks_all_the_time(
    terminal: Terminal, profile: Profile, name: str, folder: Path, tmp_path: Path
) -> None:
    sizes = random.Random(18)
    files = {f"{n:02}/disk.img": content(sizes.randrange(MIB, 3 * MIB), str(n)) for n in range(20)}
    written(folder, files)
    draws = random.Random(81)
    with cutting(profile.url, up=lambda: draws.randrange(2000, 2 * MIB), down=lambda: draws.randrange(2000, 100_000)) as url:
        told = terminal.done("import", folder, name, "--profile", through(terminal, profile, url))
    assert [line.split()[0] for line in told.splitlines()] == 20 * ["created"]
    with cutting(profile.url, down=lambda: draws.randrange(2000, 2 * MIB)) as url:
        terminal.done("export", name, tmp_path / "out", "--profile", through(terminal, profile, url))
    assert read(tmp_path / "out") == files


def test_files_with_unusual_names_arrive_whole(terminal: Terminal, name: str, folder: Path, tmp_path: Path) -> None:
    files = {f"one item/{each}": content(5000 + len(each), each) for each in UNUSUAL}
    written(folder, files)
    terminal.done("import", folder, name)
    terminal.done("export", f"{name}/one item", tmp_path / "out" / "one item")
    assert read(tmp_path / "out") == files


def test_a_copy_has_the_files_that_an_import_leaves_out(terminal: Terminal, name: str, tmp_path: Path) -> None:
    """Such names come from other clients and publishers. What is being read must not be written over a file of the item."""
    files = {each: content(300_000 + n, each) for n, each in enumerate(["a", "a.part", "a.part.part", ".hidden"])}
    made = stored(terminal, name, files)
    terminal.done("export", f"{name}/{made}", tmp_path / "out")
    assert read(tmp_path / "out") == files
    terminal.done("cp", f"{name}/{made}", f"{name}/copy")
    terminal.done("export", f"{name}/copy", tmp_path / "copied")
    assert read(tmp_path / "copied") == files


def stored(terminal: Terminal, library: str, files: dict[str, bytes]) -> str:
    """An item with files, made without the help of the command line."""

    def call(operation: str, arguments: object) -> str:
        return str(json.loads(terminal.done("call", operation, json.dumps(arguments)) or "null"))

    library_id = json.loads(terminal.done("call", "content.library.find", json.dumps({"spec": {"name": library}})))[0]
    item = call("content.library.item.create", {"create_spec": {"library_id": library_id, "name": "made"}})
    service = "content.library.item.update_session"
    session = call(f"{service}.create", {"create_spec": {"library_item_id": item}})
    for each, data in files.items():
        spec = {"name": each, "source_type": "PUSH", "size": len(data)}
        added = terminal.done(
            "call", "content.library.item.updatesession.file.add", json.dumps({"update_session_id": session, "file_spec": spec})
        )
        httpx.put(json.loads(added)["upload_endpoint"]["uri"], content=data, timeout=60).raise_for_status()
    terminal.done("call", f"{service}.complete", json.dumps({"update_session_id": session}))
    return "made"


def test_an_empty_file_makes_the_round_trip(terminal: Terminal, name: str, folder: Path, tmp_path: Path) -> None:
    written(folder, {"empty.iso": b"", "pair/empty": b"", "pair/full": b"1"})
    terminal.done("mirror", folder, name)
    terminal.done("mirror", tmp_path / "down", name, "--down")
    assert read(tmp_path / "down") == {"empty/empty.iso": b"", "pair/empty": b"", "pair/full": b"1"}


def test_nothing_is_left_out_without_a_word(terminal: Terminal, name: str, folder: Path) -> None:
    written(folder, {"a.iso": b"a", "tools/deep/er": b"1"})
    ended = terminal.run("import", folder, name)
    assert (ended.code, f"folder {folder}/tools has folder 'deep' in it" in ended.err) == (1, True)
    (folder / "tools" / "deep" / "er").unlink()
    (folder / "gone.iso").symlink_to("nowhere")
    ended = terminal.run("import", folder, name)
    assert (ended.code, "gone.iso" in ended.err) == (1, True)
    (folder / "gone.iso").unlink()
    (folder / "linked.iso").symlink_to("a.iso")
    Path(os.fsdecode(os.fsencode(folder) + b"/n\xffme.iso")).write_bytes(b"b")
    ended = terminal.run("import", folder, name)
    assert (ended.code, r"b'n\xffme' is not valid UTF-8; rename it" in ended.err) == (1, True)
    Path(os.fsdecode(os.fsencode(folder) + b"/n\xffme.iso")).unlink()
    terminal.done("import", folder, name)
    assert [line.split()[0] for line in terminal.done("item", "ls", name).splitlines()] == ["a", "linked"]


def test_a_file_that_changes_while_it_is_sent_is_not_stored_half_and_half(
    terminal: Terminal, profile: Profile, name: str, folder: Path
) -> None:
    written(folder, {"a.iso": content(4 * MIB), "b.iso": b"b"})
    changed: list[int] = []

    def change() -> int:
        changed.append(1)
        if len(changed) == 8:
            written(folder, {"a.iso": content(4 * MIB, "other")})
        return 700_000

    with cutting(profile.url, up=change) as url:
        ended = terminal.run("import", folder, name, "--profile", through(terminal, profile, url), "--json")
    done = {each["name"]: each.get("result", each.get("error")) for each in json.loads(ended.out)}
    assert (ended.code, done["b"], "a.iso" in done["a"]) == (1, "created", True), done
    assert "updated a" in terminal.done("import", folder, name)
    terminal.done("export", f"{name}/a", folder / "out")
    assert read(folder / "out") == {"a.iso": content(4 * MIB, "other")}


def test_an_export_to_a_full_disk_continues_when_there_is_space(
    terminal: Terminal, name: str, folder: Path, tmp_path: Path
) -> None:
    files = {"image/a": content(100), "image/b": content(2 * MIB)}
    terminal.done("import", written(folder, files), name)
    ended = limited(terminal, MIB, "export", f"{name}/image", tmp_path / "out")
    assert (ended.code, ended.err.count("\n"), "File too large" in ended.err) == (1, 1, True), ended.err
    assert not (tmp_path / "out" / "b").exists()
    terminal.done("export", f"{name}/image", tmp_path / "out")
    assert read(tmp_path / "out") == {"a": content(100), "b": content(2 * MIB)}


def test_a_copy_over_a_full_disk_says_so_and_goes_on_later(terminal: Terminal, name: str, folder: Path) -> None:
    terminal.done("import", written(folder, {"a.iso": content(2 * MIB)}), name)
    ended = limited(terminal, MIB, "cp", f"{name}/a", f"{name}/copy")
    assert (ended.code, "File too large" in ended.err, ended.err.count("\n")) == (1, True, 1), ended.err
    terminal.done("cp", f"{name}/a", f"{name}/copy")
    terminal.done("export", f"{name}/copy", folder / "out")
    assert read(folder / "out") == {"a.iso": content(2 * MIB)}


def test_a_part_that_is_a_link_is_not_followed(terminal: Terminal, name: str, folder: Path, tmp_path: Path) -> None:
    terminal.done("import", written(folder, {"a.iso": content(5000)}), name)
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "out" / "a.iso.part").symlink_to(tmp_path / "precious")
    assert terminal.run("export", f"{name}/a", tmp_path / "out").code == 1
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_a_mirror_deletes_no_item_that_it_has_just_made(terminal: Terminal, name: str, folder: Path) -> None:
    written(folder, {"ﬁle.iso": b"1", "STRASSE.iso": b"2", "I\u0307stanbul.iso": b"3", "e\u0301.iso": b"4"})
    for _ in range(2):
        terminal.done("mirror", folder, name, "--delete", "--yes")
        assert len(terminal.done("item", "ls", name).splitlines()) == 4


def test_transfers_survive_a_server_that_is_killed_and_started_again(tmp_path: Path, folder: Path) -> None:
    terminal, servers = Terminal(tmp_path), [serve(tmp_path, "--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD)]
    files = {f"{n}/disk.img": content(6 * MIB, str(n)) for n in range(6)}
    written(folder, files)
    address, connections = servers[0].url, Counter[str]()

    def killing(when: str) -> Callable[[], int]:
        """The server is gone when the eighth connection is made, while others are in use, and is there again."""

        def most() -> int:
            connections[when] += 1
            if connections[when] == 8:
                servers[-1].kill()
                options = ("--data-dir", str(tmp_path / "data"), "--listen", urlsplit(address).netloc, "--no-tls")
                servers.append(start([str(CONTENTLIB), "serve", *options], tmp_path))
                assert servers[-1].url == address
            return 2 * MIB

        return most

    try:
        with cutting(address, up=killing("import")) as url:
            terminal.run("login", url, "--user", NAME, "--password-file", "-", stdin=PASSWORD)
            terminal.done("library", "create", "images")
            terminal.done("import", folder, "images")
        profiles = Profiles(tmp_path / "config" / "contentlib" / "profiles.json")
        with cutting(address, down=killing("export")) as url:
            profiles.put("default", msgspec.structs.replace(profiles.get("default"), url=url))
            terminal.done("export", "images", tmp_path / "out")
        assert (read(tmp_path / "out"), len(servers)) == (files, 3)
    finally:
        servers[-1].kill()


def test_an_interrupted_import_is_continued_by_the_same_command(
    terminal: Terminal, profile: Profile, name: str, folder: Path
) -> None:
    written(folder, {"image.iso": content(8 * MIB)})
    running: list[subprocess.Popen[str]] = []
    connections = Counter[str]()

    def interrupting() -> int:
        """Interrupts the command from its eighth connection on, when the file is being sent, until it has heard."""
        connections["all"] += 1
        if connections["all"] >= 8:
            running[0].send_signal(signal.SIGINT)
        return MIB

    with cutting(profile.url, up=interrupting) as url:
        command = [str(each) for each in (CONTENTLIB, "import", folder, name, "--profile", through(terminal, profile, url))]
        environment = ENVIRONMENT | {"XDG_CONFIG_HOME": str(terminal.home / "config")}
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        out, err = running[0].communicate(timeout=PATIENCE_SECONDS)
    assert (running[0].returncode, out) == (130, "")
    assert err == "contentlib: interrupted; run the same command again to continue\n"
    item = json.loads(terminal.done("item", "show", f"{name}/image", "--json"))["item"]["id"]
    sessions = ("call", "content.library.item.update_session.list", json.dumps({"library_item_id": item}))
    before = json.loads(terminal.done(*sessions))
    assert len(before) == 1
    terminal.done("import", folder, name)
    assert json.loads(terminal.done(*sessions)) == before
    terminal.done("export", f"{name}/image", folder / "out")
    assert read(folder / "out") == {"image.iso": content(8 * MIB)}
