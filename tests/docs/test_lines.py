"""The lines of the guide are run as they stand: blocks marked `sh`, all of a page one after the other.

What cannot be run here, because it installs, serves or needs a machine of its own, is marked `console`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import processes
from clients.coverage import Recorder
from docs.reading import DOCS, PAGES, ROOT, blocks, text_of
from processes import CONTENTLIB, Running

PASSWORD = "correct horse"
HEARD = "curl sent "
"""What stands before each request in what curl says beside its output."""
WITH_LINES = [page for page in PAGES if any(language == "sh" for language, _ in blocks(page))]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "data"


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Running]:
    """A server as `make serve` starts it."""
    running = serve(data)
    yield running
    stop(running)


def serve(data: Path) -> Running:
    command = [str(CONTENTLIB), "serve", "--data-dir", str(data), "--listen", "127.0.0.1:0"]
    return processes.start(command, data.parent, CONTENTLIB_ADMIN_PASSWORD=PASSWORD)


def stop(server: Running) -> None:
    server.process.terminate()
    server.ended()
    server.output.close()


@dataclass(frozen=True)
class Ran:
    """What became of the lines of a page, and where they ran."""

    ended: subprocess.CompletedProcess[str]
    directory: Path


@pytest.fixture(scope="module")
def ran(server: Running, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Ran]:
    """All pages' lines, run in the order of the pages against one server, each in a directory of its own."""
    variables = {
        "SERVER": server.url,
        "CA": str(data / "tls" / "certificate.pem"),
        "DATA": str(data),
        "PASSWORD": PASSWORD,
        "MIB": "3",
        "CURL_HOME": str(data.parent),
        "PATH": f"{CONTENTLIB.parent}:{processes.ENVIRONMENT['PATH']}",
    }
    (data.parent / ".curlrc").write_text(f'write-out = "%{{stderr}}{HEARD}%{{method}} %{{url_effective}} %{{http_code}}\\n"\n')
    found = {}
    for page in WITH_LINES:
        directory = tmp_path_factory.mktemp("lines")
        script = directory / "lines.sh"
        script.write_text("set -e\n" + "\n".join(text for language, text in blocks(page) if language == "sh"))
        found[page] = Ran(processes.run(["sh", str(script)], directory, **variables), directory)
    return found


@pytest.mark.parametrize("page", WITH_LINES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_lines_of_a_page_run(page: Path, ran: dict[Path, Ran]) -> None:
    assert ran[page].ended.returncode == 0, ran[page].ended.stdout + ran[page].ended.stderr


@pytest.mark.parametrize("name", ["README.md", "docs/guide/first-steps.md"])
def test_the_bytes_that_come_out_are_those_that_went_in(name: str, ran: dict[Path, Ran]) -> None:
    page = ran[ROOT / name]
    sums = re.findall(r"^([0-9a-f]{64})  (\w+\.iso)$", page.ended.stdout, re.MULTILINE)
    assert [file for _, file in sums] == ["image.iso", "copy.iso"]
    assert sums[0][0] == sums[1][0]
    assert (page.directory / "copy.iso").stat().st_size == 3 << 20
    assert (page.directory / "copy.iso").read_bytes() == (page.directory / "image.iso").read_bytes()


def test_the_program_with_the_sdk_runs(server: Running, data: Path, tmp_path: Path) -> None:
    text = "\n".join(text for language, text in blocks(DOCS / "guide" / "clients.md") if language == "python")
    variables = {"SERVER": server.url, "CA": str(data / "tls" / "certificate.pem"), "PASSWORD": PASSWORD}
    ended = processes.run([sys.executable, "-c", text], tmp_path, **variables)
    assert (ended.returncode, ended.stdout) == (0, "the bytes of an image\n1 object has the tag\n"), ended.stderr


def test_a_backup_made_by_the_lines_serves_what_it_was_made_of(ran: dict[Path, Ran]) -> None:
    restored = serve(ran[DOCS / "guide" / "operate.md"].directory / "backup")
    try:
        with httpx.Client(base_url=restored.url, verify=False, timeout=60) as client:
            login = client.post("/rest/com/vmware/cis/session", auth=("administrator@vsphere.local", PASSWORD))
            token = {"vmware-api-session-id": login.json()["value"]}
            (item,) = client.post("/api/content/library/item?action=find", headers=token, json={"name": "image"}).json()
            (file,) = client.get(f"/api/content/library/item/{item}/file", headers=token).json()
            content = client.get(file["file_download_endpoint"], headers=token).content
    finally:
        stop(restored)
    assert content == (ran[ROOT / "README.md"].directory / "image.iso").read_bytes()


def test_the_record_is_what_curl_called(ran: dict[Path, Ran], server: Running, request: pytest.FixtureRequest) -> None:
    said = "".join(each.ended.stderr for each in ran.values())
    sent = re.findall(rf"^{HEARD}(\w+) {server.url}(\S+) [23]\d\d$", said, re.MULTILINE)
    assert sent
    Recorder.of(request.config).agree("curl", [" ".join(each) for each in sent])


def test_every_block_of_shell_is_run_or_says_that_it_is_not() -> None:
    named = {language for page in PAGES for language, _ in blocks(page)}
    assert named <= {"sh", "python", "console", "haproxy", "http", "ini", "mermaid", "nginx", "text", "toml", "yaml"}


def test_every_metric_is_described(server: Running) -> None:
    answer = httpx.get(f"{server.url}/metrics", verify=False, timeout=60)
    names = [line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE ")]
    told = text_of(DOCS / "guide" / "operate.md")
    assert len(names) > 10
    assert [name for name in names if not any(f"`{each}`" in told for each in spellings(name))] == []


def spellings(name: str) -> list[str]:
    """A metric may be described by its own name; of the times since when there is a figure, by the figure's."""
    base = name.removesuffix("_created")
    return [name] if base == name else [base, f"{base}_total"]
