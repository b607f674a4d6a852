from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from contentlib.console.front import Console
from contentlib.http.message import Request, Response
from scopes import request_of

SCRIPT = b"console.log(1)"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><html><head><script src=main-A1.js></script></head></html>")
    (tmp_path / "main-A1.js").write_bytes(SCRIPT)
    (tmp_path / "notes.txt").write_text("not for browsers")
    return tmp_path


async def answered(console: Console, path: str, method: str = "GET", **headers: str) -> Response:
    request: Request = await request_of(
        raw_path=path.encode(), method=method, headers=[(name.replace("_", "-"), value) for name, value in headers.items()]
    )
    return await console.handle(request)


async def test_the_page_is_checked_at_each_visit_and_its_scripts_are_kept(built: Path) -> None:
    console = Console(None, built)
    page, script = await answered(console, "/console"), await answered(console, "/console/main-A1.js")
    assert dict(page.headers)["cache-control"] == "no-cache"
    assert dict(script.headers)["cache-control"] == "public, max-age=31536000, immutable"
    assert (page.content_type, script.content_type) == ("text/html; charset=utf-8", "text/javascript; charset=utf-8")


@pytest.mark.parametrize(("public_url", "base"), [(None, "/console/"), ("https://example.test/images/", "/images/console/")])
async def test_addresses_in_the_page_are_below_the_public_url(built: Path, public_url: str | None, base: str) -> None:
    page = await answered(Console(public_url, built), "/console")
    assert f'<head><base href="{base}">'.encode() in page.body


async def test_a_page_that_has_not_changed_is_not_sent_again(built: Path) -> None:
    console = Console(None, built)
    tag = dict((await answered(console, "/console")).headers)["etag"]
    assert (await answered(console, "/console", if_none_match=tag)).status == 304
    assert (await answered(console, "/console", if_none_match='W/"other"')).status == 200


async def test_a_browser_that_reads_gzip_gets_it(built: Path) -> None:
    answer = await answered(Console(None, built), "/console/main-A1.js", accept_encoding="gzip, br")
    assert (gzip.decompress(answer.body), dict(answer.headers)["content-encoding"]) == (SCRIPT, "gzip")
    plain = await answered(Console(None, built), "/console/main-A1.js")
    assert (plain.body, dict(plain.headers).get("content-encoding")) == (SCRIPT, None)


async def test_nothing_but_its_own_scripts_runs_in_the_page(built: Path) -> None:
    policy = dict((await answered(Console(None, built), "/console")).headers)["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy and "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/console/notes.txt", "/console/old.js", "/console/..%2Ffront.py", "/console/../front.py"])
async def test_only_files_of_the_console_are_served(built: Path, path: str) -> None:
    answer = await answered(Console(None, built), path)
    assert (answer.status, dict(answer.headers)["cache-control"]) == (404, "no-cache")


async def test_the_console_is_only_read(built: Path) -> None:
    answer = await answered(Console(None, built), "/console", "POST")
    assert (answer.status, dict(answer.headers)["allow"]) == (405, "GET, HEAD")


async def test_without_built_files_one_sentence_says_so(tmp_path: Path) -> None:
    console = Console(None, tmp_path / "missing")
    answer = await answered(console, "/console")
    assert (console.built, answer.status, answer.body.decode()) == (False, 404, "this installation has no console\n")


@pytest.mark.parametrize(("path", "its_own"), [("/console", True), ("/console/a.js", True), ("/consoles", False), ("/", False)])
def test_its_paths_begin_with_its_name(tmp_path: Path, path: str, its_own: bool) -> None:
    assert Console(None, tmp_path).speaks(path) == its_own
