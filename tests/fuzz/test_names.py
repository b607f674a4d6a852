"""Names that want to be paths, or are no text: refused with a sentence, in every place and every wire form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash.servers import STORAGES
from fuzz.forms import FILE, FORMS, ITEM, LIBRARY, Call, refusal
from storages import LASTING

_MARK = "evil-d41d8cd9"
_CONTENT = "/rest/com/vmware/content"

NO_NAMES = {
    "empty": "",
    "NUL": f"{_MARK}\0",
    "NUL alone": "\0",
    "control character": f"{_MARK}\x1b[2J",
    "line end": f"{_MARK}\r\nx-injected: 1",
    "control character of Latin-1": f"{_MARK}\x9b",
    "half of a pair": f"{_MARK}\ud800",
    "no character": f"{_MARK}\uffff",
    "300 characters": "x" * 300,
    "40000 characters": "x" * 40_000,
}
PATHS = {
    "parent": "..",
    "self": ".",
    "path": f"a/{_MARK}",
    "path to a parent": f"../../{_MARK}",
    "absolute path": f"/tmp/{_MARK}",
    "path of Windows": f"..\\..\\{_MARK}",
    "path with NUL": f"../{_MARK}\0.iso",
    "300 bytes": "é" * 150,
}

forms = pytest.mark.parametrize("call", FORMS.values(), ids=FORMS.keys())


@pytest.fixture(scope="module")
def ids(http: httpx.Client) -> dict[str, str]:
    """A library, and an update session on an item of it."""
    library = _made(http, "/local-library", {"name": "lab"})
    item = _made(http, "/library/item", {"name": "tiny", "library_id": library})
    return {"library": library, "item": item, "session": _made(http, "/library/item/update-session", {"library_item_id": item})}


@pytest.fixture(autouse=True, scope="module")
def nothing_outside(outside: Path, ids: dict[str, str]) -> Iterator[None]:
    """At the end nothing bears a name that a client gave, on the storages or around them."""
    before = _around(outside)
    yield
    assert _around(outside) == before
    found = [path for path in outside.rglob("*") if _MARK in path.name]
    assert not found
    for storage in STORAGES:
        assert {path.name for path in (outside / storage).iterdir()} == {"blobs", "staging", "items", "strays", *LASTING}
    assert not Path("/tmp", _MARK).exists()


def _around(directory: Path) -> set[str]:
    return {path.name for each in (directory, directory.parent) for path in each.iterdir()}


def _made(http: httpx.Client, target: str, spec: dict[str, str]) -> str:
    answer = http.post(_CONTENT + target, json={"create_spec": spec})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["value"])


def _rest(http: httpx.Client, target: str, body: object) -> tuple[int, Any]:
    kind = {"content-type": "application/json"}
    answer = http.post(_CONTENT + target, content=_json(body), headers=kind)
    return answer.status_code, answer.json()["value"] if answer.content else None


def _json(body: object) -> bytes:
    """In ASCII, because half of a pair has no other form."""
    return b"" if body is None else json.dumps(body).encode()


def told(call: Call, sentence: str | None) -> None:
    """The refusal says what is wrong, and does not repeat 40,000 characters."""
    assert sentence, call.__name__
    assert len(sentence) < 5000
    assert sentence.isprintable()


@forms
@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES.keys())
def test_no_library_has_such_a_name(http: httpx.Client, ids: dict[str, str], call: Call, name: str) -> None:
    told(call, refusal(call(http, LIBRARY, {}, {"name": name})))


@forms
@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES.keys())
def test_no_item_has_such_a_name(http: httpx.Client, ids: dict[str, str], call: Call, name: str) -> None:
    told(call, refusal(call(http, ITEM, {}, {"name": name, "library_id": ids["library"]})))


@forms
@pytest.mark.parametrize("name", [*NO_NAMES.values(), *PATHS.values()], ids=[*NO_NAMES, *PATHS])
def test_no_file_has_such_a_name(http: httpx.Client, ids: dict[str, str], call: Call, name: str) -> None:
    spec = {"name": name, "source_type": "PUSH"}
    told(call, refusal(call(http, FILE, {"update_session_id": ids["session"]}, spec)))


@forms
@pytest.mark.parametrize("name", ["..", f"../../{_MARK}", f"/tmp/{_MARK}", f"a\\{_MARK}"])
def test_libraries_and_items_may_look_like_paths_and_are_none(
    http: httpx.Client, ids: dict[str, str], call: Call, name: str
) -> None:
    assert refusal(call(http, LIBRARY, {}, {"name": name})) is None
    spec = {"name": f"{name} {call.__name__}", "library_id": ids["library"]}
    answer = call(http, ITEM, {}, spec)
    assert refusal(answer) is None
    status, found = _rest(http, "/library/item?~action=find", {"spec": {"name": spec["name"]}})
    assert (status, len(found)) == (200, 1)
    status, session = _rest(http, "/library/item/update-session", {"create_spec": {"library_item_id": found[0]}})
    body = {"file_spec": {"name": "file", "source_type": "PUSH"}}
    _, file = _rest(http, f"/library/item/updatesession/file/id:{session}?~action=add", body)
    assert http.put(file["upload_endpoint"]["uri"], content=b"bytes").status_code == 200
    assert _rest(http, f"/library/item/update-session/id:{session}?~action=complete", None)[0] == 200


@pytest.mark.parametrize("name", [*NO_NAMES.values(), *PATHS.values()], ids=[*NO_NAMES, *PATHS])
def test_asking_for_a_file_of_such_a_name_finds_none(http: httpx.Client, ids: dict[str, str], name: str) -> None:
    asked = [
        (f"/library/item/file/id:{ids['item']}?~action=get", {"name": name}),
        (f"/library/item/storage/id:{ids['item']}?~action=get", {"file_name": name}),
        (f"/library/item/updatesession/file/id:{ids['session']}?~action=get", {"file_name": name}),
        (f"/library/item/updatesession/file/id:{ids['session']}?~action=remove", {"file_name": name}),
    ]
    for target, body in asked:
        status, value = _rest(http, target, body)
        assert status in (400, 404), (target, status, value)
        assert value["error_type"] in ("INVALID_ARGUMENT", "INVALID_REQUEST", "NOT_FOUND"), value


@pytest.mark.parametrize("identifier", [*NO_NAMES.values(), *PATHS.values()], ids=[*NO_NAMES, *PATHS])
def test_identifiers_that_are_paths_lead_nowhere(http: httpx.Client, identifier: str) -> None:
    for service in ("/local-library", "/library/item", "/library/item/update-session", "/library/item/download-session"):
        status, value = _rest(http, f"{service}?~action=get", {_ID[service]: identifier})
        assert status in (400, 404), (service, status, value)
        status, value = _rest(http, f"{service}?~action=delete", {_ID[service]: identifier})
        assert status in (400, 404), (service, status, value)


_ID = {
    "/local-library": "library_id",
    "/library/item": "library_item_id",
    "/library/item/update-session": "update_session_id",
    "/library/item/download-session": "download_session_id",
}


@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.text(st.characters(), max_size=90), form=st.sampled_from([*FORMS]), place=st.sampled_from([LIBRARY, ITEM, FILE]))
def test_a_name_is_taken_as_it_is_or_refused(http: httpx.Client, ids: dict[str, str], name: str, form: str, place: Any) -> None:
    more = {LIBRARY: {}, ITEM: {"library_id": ids["library"]}, FILE: {"source_type": "PUSH"}}[place]
    keys = {"update_session_id": ids["session"]} if place is FILE else {}
    answer = FORMS[form](http, place, keys, {"name": name, **more})
    if place is ITEM and "already_exists" in f"{answer.headers.get('vapi-error')} {answer.text}".lower():
        return
    if refusal(answer) is None and place is FILE:
        listed = http.get(f"{_CONTENT}/library/item/updatesession/file?update_session_id={ids['session']}").json()["value"]
        assert name in {file["name"] for file in listed}
