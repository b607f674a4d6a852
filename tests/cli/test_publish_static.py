"""`contentlib publish-static`, as a process, beside a server and without one."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

import processes
from backends import stored
from processes import CONTENTLIB, ENVIRONMENT
from trees import document, items, read_tree, state
from whole import Whole

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.fixture
def publish(data_dir: Path, tmp_path: Path) -> Command:
    """Runs the command."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [CONTENTLIB, "publish-static", *arguments, "--data-dir", data_dir]
        return processes.run([str(each) for each in command], tmp_path)

    return run


async def published(publish: Command, *arguments: object) -> str:
    """What the command says when all goes well; the server goes on meanwhile."""
    answer = await asyncio.to_thread(publish, *arguments)
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return answer.stdout


async def live(app: Whole, library: str, href: str) -> dict[str, object]:
    """A document as the server publishes it."""
    answer = await app.client.get(f"/cls/vcsp/lib/{library}/{href}")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_tree_holds_what_the_server_publishes(app: Whole, publish: Command, tree: Path) -> None:
    library = await app.library("lab", publish_info={"published": True, "authentication_method": "NONE"})
    await app.fill(await app.item("Debian", library), netinst_iso=b"x" * 70)
    await app.fill(await app.item("two", library), a_iso=b"a", b_iso=b"b")
    await app.item("draft", library)
    said = await published(publish, "lab", tree)
    assert said == f"{tree}: library 'lab', version 6: 3 files and 5 documents written, 0 removed\n"
    assert read_tree(tree) == {"Debian": {"netinst.iso": b"x" * 70}, "two": {"a.iso": b"a", "b.iso": b"b"}, "draft": {}}
    assert document(tree) == await live(app, library, "lib.json")
    served = (await live(app, library, "items.json"))["items"]
    assert isinstance(served, list)
    for here, there in zip(items(tree).values(), served, strict=True):
        for each in (here, there):
            del each["selfHref"]
            for file in each["files"]:
                del file["hrefs"]
        assert here == there


async def test_a_second_run_without_a_change_writes_nothing(app: Whole, publish: Command, tree: Path) -> None:
    library = await app.library()
    await app.fill(await app.item("a", library), a_iso=b"a")
    await published(publish, library, tree)
    before = state(tree)
    assert "0 files and 0 documents written, 0 removed" in await published(publish, library, tree)
    assert state(tree) == before


async def test_only_what_changed_is_written(app: Whole, publish: Command, tree: Path) -> None:
    library = await app.library()
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a", b_iso=b"b")
    await app.fill(await app.item("b", library), c_iso=b"c")
    await published(publish, library, tree, "--copy")
    before = state(tree)
    await app.fill(item, a_iso=b"A")
    assert "1 files and 3 documents written, 2 removed" in await published(publish, library, tree, "--copy")
    assert read_tree(tree) == {"a": {"a.iso": b"A", "b.iso": b"b"}, "b": {"c.iso": b"c"}}
    after = state(tree)
    a, b = items(tree)["a"], items(tree)["b"]
    hrefs = {file["name"]: file["hrefs"][0] for file in (*a["files"], *b["files"])}
    for href in (hrefs["b.iso"], hrefs["c.iso"], b["selfHref"]):
        assert after[href] == before[href]


async def test_what_was_deleted_goes_and_what_is_not_ours_stays(app: Whole, publish: Command, tree: Path) -> None:
    library = await app.library()
    gone = await app.item("gone", library)
    await app.fill(gone, a_iso=b"a")
    await app.fill(await app.item("kept", library), b_iso=b"b")
    await published(publish, library, tree)
    (tree / "index.html").write_text("mine")
    (tree / "notes").mkdir()
    (tree / "notes" / "item.json").write_text("mine too")
    await app.rest("DELETE", f"/library/item/id:{gone}")
    await published(publish, library, tree)
    assert read_tree(tree) == {"kept": {"b.iso": b"b"}}
    assert not (tree / gone).exists()
    assert (tree / "index.html").exists()
    assert (tree / "notes" / "item.json").exists()


async def test_bytes_are_linked_or_copied_as_it_is_asked(app: Whole, publish: Command, tree: Path, tmp_path: Path) -> None:
    library = await app.library()
    await app.fill(await app.item("a", library), a_iso=b"a")
    for options, links in ((["--link"], 2), (["--copy"], 1)):
        shutil.rmtree(tree, ignore_errors=True)
        await published(publish, library, tree, *options)
        (found,) = tree.glob("*/*/a.iso")
        assert found.stat().st_nlink == links


@pytest.mark.parametrize("option", ["--link", "--copy"])
async def test_bytes_that_were_damaged_are_not_published(app: Whole, publish: Command, tree: Path, option: str) -> None:
    library = await app.library()
    await app.fill(await app.item("a", library), a_iso=b"good")
    (blob,) = stored(app.settings)
    blob.damage(b"evil")
    answer = await asyncio.to_thread(publish, library, tree, option)
    assert answer.returncode == 1
    assert answer.stderr.startswith("contentlib: content of file 'a.iso' is damaged: SHA256 checksum is ")
    assert not (tree / "lib.json").exists()


async def test_a_tree_of_another_library_is_left_alone(app: Whole, publish: Command, tree: Path) -> None:
    library, other = await app.library("one"), await app.library("other")
    await published(publish, library, tree)
    before = state(tree)
    answer = await asyncio.to_thread(publish, "other", tree)
    assert answer.returncode == 1
    assert answer.stderr == f"contentlib: {tree} contains library 'one' ({library}), not 'other' ({other})\n"
    (tree / "lib.json").write_text("<html>")
    answer = await asyncio.to_thread(publish, library, tree)
    assert answer.stderr.startswith(f"contentlib: lib.json in {tree} is an HTML page, not JSON")
    assert state(tree).keys() == before.keys()


async def test_versions_in_a_tree_never_fall(app: Whole, publish: Command, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checklist 13: a server that was restored from a backup is told so, and what to do."""
    library = await app.library()
    await published(publish, library, tree)
    lib = tree / "lib.json"
    lib.write_text(lib.read_text().replace('"version":"1"', '"version":"12"'))
    answer = await asyncio.to_thread(publish, library, tree)
    assert answer.returncode == 1
    assert "contains version 12 of library 'lab', which is at 1 here" in answer.stderr
    monkeypatch.setitem(ENVIRONMENT, "CONTENTLIB_PUBLISHED_VERSION_FLOOR", "100")
    await published(publish, library, tree)
    assert document(tree)["version"] == "101"


async def test_what_is_not_there_is_named(app: Whole, publish: Command, tree: Path) -> None:
    answer = await asyncio.to_thread(publish, "nothing", tree)
    assert (answer.returncode, answer.stderr) == (1, "contentlib: library 'nothing' does not exist\n")
    first, second = await app.library("same"), await app.library("another")
    with closing(sqlite3.connect(app.settings.database_file)) as rows, rows:  # as they may be since before names were unique
        rows.execute("UPDATE libraries SET name = 'same', folded_name = 'same' WHERE id = ?", [second])
    answer = await asyncio.to_thread(publish, "same", tree)
    assert answer.stderr.startswith("contentlib: 2 libraries are named 'same'; use an id: ")
    assert {first, second} == set(answer.stderr.strip().split(": ")[-1].split(", "))


class Bucket:
    """A bucket on a server that speaks S3, and what somebody finds there who knows plain HTTP only."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._client = httpx.Client(base_url=endpoint, timeout=60)
        everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::images/*"}
        assert self._client.put("/images").status_code == 200
        assert self._client.put("/images?policy", json={"Version": "2012-10-17", "Statement": [everybody]}).is_success

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "key",
            "AWS_REGION": "us-east-1",
        }

    def get(self, href: str) -> httpx.Response:
        return self._client.get(httpx.URL(f"{self._endpoint}/images/{href}"))

    def listed(self) -> dict[str, str]:
        """Every key, and when it was written."""
        text = self._client.get("/images?list-type=2").text
        return dict(re.findall(r"<Key>(.+?)</Key><LastModified>(.+?)</LastModified>", text))

    def read(self, prefix: str) -> dict[str, dict[str, bytes]]:
        lib = self.get(f"{prefix}lib.json").json()
        items = self.get(prefix + lib["itemsHref"]).json()["items"]
        assert [self.get(prefix + item["selfHref"]).json() for item in items] == items
        found: dict[str, dict[str, bytes]] = {}
        for item in items:
            files = found.setdefault(item["name"], {})
            for file in item["files"]:
                answer = self.get(prefix + file["hrefs"][0])
                assert (answer.status_code, len(answer.content)) == (200, file["size"])
                files[file["name"]] = answer.content
        return found


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    server = processes.start([str(CONTENTLIB.with_name("moto_server")), "-H", "127.0.0.1", "-p", "0"], tmp_path)
    yield Bucket(server.value(" * Running on "))
    server.process.kill()
    server.process.wait()
    server.output.close()


@pytest.mark.parametrize("prefix", ["", "some/where/"])
async def test_a_bucket_holds_what_a_directory_would(
    app: Whole, publish: Command, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    for name, value in bucket.variables.items():
        monkeypatch.setitem(ENVIRONMENT, name, value)
    target = f"s3://images/{prefix}"
    library = await app.library()
    gone, changed = await app.item("gone", library), await app.item("changed", library)
    await app.fill(gone, a_iso=b"a")
    session = await app.session(changed)
    odd = ["with space.iso", "a+b.iso", "100%.iso", "hash#1.iso", "é日.iso", "a;b=c&d.iso"]
    for name in odd:
        await app.push(session, name, name.encode())
    await app.push(session, "large.iso", b"x" * 12_000_000)
    await app.complete(session)
    content = {name: name.encode() for name in odd} | {"large.iso": b"x" * 12_000_000}
    await published(publish, library, target)
    assert bucket.read(prefix) == {"gone": {"a.iso": b"a"}, "changed": content}
    assert bucket.get(f"{prefix}lib.json").headers["content-type"] == "application/json"
    before = bucket.listed()
    assert "0 files and 0 documents written, 0 removed" in await published(publish, library, target)
    await app.rest("DELETE", f"/library/item/id:{gone}")
    await app.fill(changed, large_iso=b"small")
    assert "1 files and 3 documents written, 4 removed" in await published(publish, library, target)
    assert bucket.read(prefix) == {"changed": content | {"large.iso": b"small"}}
    assert not [key for key in bucket.listed() if gone in key]
    assert len(before) == 2 + 2 * 2 + len(odd)


async def test_a_bucket_that_cannot_be_written_is_named(
    app: Whole, publish: Command, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bucket.variables.items():
        monkeypatch.setitem(ENVIRONMENT, name, value)
    answer = await asyncio.to_thread(publish, await app.library(), "s3://nobody/x")
    assert answer.returncode == 1
    assert answer.stderr.startswith("contentlib: s3://nobody/x ")
    answer = await asyncio.to_thread(publish, "lab", "s3:///x")
    assert answer.stderr == "contentlib: s3:///x has no bucket; use s3://BUCKET or s3://BUCKET/PREFIX\n"


def test_a_directory_without_a_database_is_named(tmp_path: Path) -> None:
    answer = processes.run([str(CONTENTLIB), "publish-static", "lab", "tree", "--data-dir", "nowhere"], tmp_path)
    assert (answer.returncode, answer.stderr) == (1, "contentlib: database nowhere/contentlib.db does not exist\n")
    assert not list(tmp_path.iterdir())


async def test_a_killed_run_leaves_a_whole_tree(app: Whole, data_dir: Path, publish: Command, tree: Path) -> None:
    library = await app.library()
    found = [await app.item(f"item-{n}", library) for n in range(12)]
    for item in found:
        await app.fill(item, a_iso=b"0" * 1000, b_iso=b"same")
    await published(publish, library, tree, "--copy")
    chance = random.Random(7)
    for round_ in range(1, 6):
        before = read_tree(tree)
        for item in found:
            await app.fill(item, a_iso=b"%d" % round_ * (1000 + round_))
        command = [str(CONTENTLIB), "publish-static", library, str(tree), "--data-dir", str(data_dir), "--copy"]
        await asyncio.to_thread(_kill_while_it_writes, command, tree, chance.uniform(0, 0.03))
        after = read_tree(tree)
        assert after == before or {files["a.iso"] for files in after.values()} == {b"%d" % round_ * (1000 + round_)}
    await published(publish, library, tree, "--copy")
    assert {files["a.iso"] for files in read_tree(tree).values()} == {b"5" * 1005}
    assert not list(tree.rglob(".part"))


def _kill_while_it_writes(command: list[str], tree: Path, pause: float) -> None:
    """Kills a command some moments after it has begun to change a tree."""
    before = state(tree)
    running = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and state(tree).keys() == before.keys():
        time.sleep(0.001)
    time.sleep(pause)
    running.kill()
    running.wait()
