from __future__ import annotations

import pytest

from contentlib.wire.hints import Hints
from wire.client import Client, said

KNOWN = [
    "/api",
    "/api/session",
    "/api/content/library",
    "/api/content/local-library/{library_id}",
    "/rest/com/vmware/content/library",
    "/rest/com/vmware/content/library/item",
    "/rest/com/vmware/content/local-library",
    "/rest/com/vmware/content/local-library/{id}",
]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/api/sesion", "/api/session"),
        ("/apis/session", "/api/session"),
        ("/api/content/libraries", "/api/content/library"),
        ("/api/content/local_library/7", "/api/content/local-library/7"),
        ("/api/com/vmware/content/library", "/api/content/library"),
        ("/rest/content/library/item", "/rest/com/vmware/content/library/item"),
        ("/rest/com/vmware/content/LocalLibrary/id:7", "/rest/com/vmware/content/local-library/id:7"),
        ("/rest/com/vmware/contents/libary", "/rest/com/vmware/content/library"),
        ("/api/x", None),
        ("/index.html", None),
        ("/api/content/library/item/more", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_near_miss_is_told_the_address(path: str, near: str | None) -> None:
    assert Hints(KNOWN).nearest(path) == near


@pytest.mark.parametrize("path", ["/" * 100_000, "/api/" + "s" * 100_000, "/api" + "/session" * 10_000])
def test_a_long_path_is_not_compared(path: str) -> None:
    assert Hints(KNOWN).nearest(path) is None


@pytest.mark.parametrize("prefix", ["/rest/com/vmware/sample", "/api/sample"])
async def test_an_address_that_does_not_exist_names_the_one_that_was_meant(prefix: str) -> None:
    response = await Client().send("GET", f"{prefix}/boxs")
    assert (response.status, said(response)) == (404, f"no such endpoint: '{prefix}/boxs'; did you mean {prefix}/box?")


async def test_an_action_under_the_name_of_the_other_form_is_told_its_own() -> None:
    response = await Client().send("POST", "/rest/com/vmware/sample/box/id:a?action=delete")
    told = "actions on /rest are named ~action: use /rest/com/vmware/sample/box/id:a?~action=delete"
    assert (response.status, said(response)) == (404, told)
