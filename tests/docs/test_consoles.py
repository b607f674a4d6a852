"""What the guide shows of a terminal and of a client, tried against a server: libraries as files, publishing, subscribing.

Left out are lines that need what is not here: a bucket, somebody else's publisher, systemd, govc, Terraform, a vCenter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import processes
from docs.reading import DOCS, blocks
from processes import CONTENTLIB, Running, serving
from vcsp.test_own_publisher import PASSWORD, Publishing
from whole import SESSION

GUIDE = DOCS / "guide"
DATA, WEB = "/var/lib/contentlib", "/srv/www"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("consoles")


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Running]:
    with serving(place, "--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        answer = client.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
        client.headers["vmware-api-session-id"] = answer.json()["value"]
        yield client


@pytest.fixture(scope="module")
def library(http: httpx.Client) -> Publishing:
    """The library of the guide, with some items."""
    made = Publishing(http, name="lab-images")
    made.item("debian", "iso", {"debian.iso": b"debian" * 1000})
    made.item("ubuntu", "iso", {"ubuntu.iso": b"ubuntu" * 1000})
    return made


def raised(library: Publishing, version: int) -> None:
    """Changes the library until it is at a version."""
    url = library.rest("GET", f"/local-library/id:{library.library}")["publish_info"]["publish_url"]
    for n in range(version):
        if httpx.get(url, auth=("vcsp", "secret"), timeout=60).json()["version"] == str(version):
            return
        change = {"update_spec": {"description": f"change {n} on the way to {version}"}}
        library.rest("PATCH", f"/local-library/id:{library.library}", change)
    raise AssertionError("the version went by")


def commands(page: Path) -> list[tuple[str, str]]:
    """The commands of a page that can be run here, each with what it is said to print."""
    shown = "".join(text for language, text in blocks(page) if language == "console")
    found = re.findall(r"^\$ (contentlib .*)\n((?:(?!\$ ).*\n)*)", shown, re.MULTILINE)
    return [(line, said) for line, said in found if not re.search(r"s3://|https://", line)]


def pattern(said: str) -> str:
    """What is printed, whatever the numbers and names are."""
    return ".+".join(re.sub(r"\d+", r"\\d+", re.escape(part)) for part in re.split(r"[0-9a-f]{8}-…", said))


def test_the_lines_about_files_do_what_they_are_said_to_do(place: Path, library: Publishing) -> None:
    raised(library, 12)
    found = commands(GUIDE / "static.md")
    assert [line.split()[1] for line, _ in found] == ["publish-static", "bundle", "bundle", "bundle", "adopt"]
    for line, said in found:
        if "--since 12" in line:
            library.item("fedora", "iso", {"fedora.iso": b"fedora"})
            raised(library, 15)
        there = "adopted" if " adopt " in line else "there" if " import " in line else "data"
        command = line.replace(DATA, str(place / there)).replace(WEB, str(place / "www"))
        ended = processes.run(["sh", "-c", command], place, PATH=f"{CONTENTLIB.parent}:{processes.ENVIRONMENT['PATH']}")
        assert (ended.returncode, ended.stderr) == (0, ""), command
        printed = ended.stdout.replace(str(place / "www"), WEB)
        assert not said or re.fullmatch(pattern(said), printed), (said, printed)
        assert not said or versions(said) == versions(printed)


def versions(said: str) -> list[str]:
    return re.findall(r"version (\d+(?: to \d+)?)", said)


def requests(page: Path) -> list[tuple[str, str, Any]]:
    """The requests that a page shows: method, path, body."""
    texts = [text for language, text in blocks(page) if language == "http"]
    heads = [text.partition("\n\n") for text in texts]
    return [(*head.split(" ", 1), json.loads(body)) for head, _, body in heads]


def test_a_library_is_published_as_the_page_for_vcenter_says(http: httpx.Client) -> None:
    ((method, path, body),) = requests(GUIDE / "clients" / "vcenter.md")
    made = Publishing(http, name="for a vCenter")
    answer = http.request(method, path.replace("LIBRARY", made.library), json=with_current_password(body))
    assert answer.status_code == 200, answer.text
    url = made.rest("GET", f"/local-library/id:{made.library}")["publish_info"]["publish_url"]
    for auth, status in ((None, 401), (("vcsp", "secret"), 200), (("", "secret"), 200)):
        assert httpx.get(url, auth=auth, timeout=60).status_code == status


def with_current_password(body: Any) -> Any:
    """The library of the test has a password already."""
    body["update_spec"]["publish_info"]["current_password"] = "secret"
    return body


def test_a_library_is_subscribed_to_as_the_guide_says(http: httpx.Client, library: Publishing) -> None:
    ((method, path, body),) = requests(GUIDE / "subscribe.md")
    info = body["create_spec"]["subscription_info"]
    url = library.rest("GET", f"/local-library/id:{library.library}")["publish_info"]["publish_url"]
    assert re.sub(r"//.*?/", "//images.example/", url).replace(library.library, "ID") == re.sub(
        r"lib/[0-9a-f-]+/", "lib/ID/", info["subscription_url"]
    ).replace("https:", "http:")
    info["subscription_url"] = url
    answer = http.request(method, path, json=body)
    assert answer.status_code == 200, answer.text

    def synced() -> bool:
        return "last_sync_time" in library.rest("GET", f"/subscribed-library/id:{answer.json()['value']}")

    assert processes.eventually(synced)
    names = {
        library.rest("GET", f"/library/item/id:{each}")["name"]
        for each in library.rest("GET", f"/library/item?library_id={answer.json()['value']}")
    }
    assert {"debian", "ubuntu"} <= names
