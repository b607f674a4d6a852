from __future__ import annotations

import json
import shutil
from pathlib import Path

import generate
from contentlib.vapi.declare import Operation
from docs.reading import DOCS, PAGES, text_of
from generator import examples, parts
from generator.declared import operations, services
from whole import Whole


def test_no_generated_page_is_stale() -> None:
    assert generate.stale(DOCS) == []


def test_generating_makes_right_what_is_stale_and_nothing_else(tmp_path: Path) -> None:
    docs = Path(shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("*.py", "__pycache__")))
    generate.write(docs)
    gone, library, configure = docs / "api" / "gone.md", docs / "api" / "library.md", docs / "guide" / "configure.md"
    right = text_of(library), text_of(configure)
    gone.write_text("the page of a service that is gone")
    library.write_text("old")
    configure.write_text(right[1].replace("`lease_seconds`", "`lease`"))
    assert generate.stale(docs) == [gone, library, configure]
    generate.write(docs)
    assert generate.stale(docs) == []
    assert not gone.exists()
    assert (text_of(library), text_of(configure)) == right


def test_every_generated_part_is_on_a_page() -> None:
    assert sorted(name for page in PAGES for name in parts.names(text_of(page))) == sorted(parts.PARTS)


async def test_every_example_is_understood(app: Whole) -> None:
    wrong = {}
    for operation in [operation for service in services() for operation in operations(service)]:
        if operation.service == "com.vmware.cis.session":  # the one before may have ended the session
            await app.login()
        ids = await said(app, operation)
        if any(each.startswith("contentlib.wire.") for each in ids):
            wrong[operation.id] = ids
    assert wrong == {}


async def said(app: Whole, operation: Operation) -> list[str]:
    """The ids of the messages that the example of an operation is answered with; the things in it do not exist."""
    method, address, body = examples.request(operation)
    answer = await app.send(method, address, None if body is None else json.loads(body))
    assert answer.status_code in (200, 400, 401, 404), operation.id
    if answer.status_code == 200:
        return []
    return [message["id"] for message in answer.json()["value"]["messages"]]
