"""Things on a server for the console to show, made through the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from console.browser.person import NAME, PASSWORD

SESSIONS = "/api/content/library/item/update-session"
ITEM = "com.vmware.content.library.Item"


@dataclass(frozen=True)
class Stock:
    """A library and an item that are on the server."""

    library: str
    item: str


class Api:
    """Calls the API as the administrator."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60, verify=False)  # certificates of the tests' servers are their own
        token = self._client.post("/api/session", auth=(NAME, PASSWORD)).json()
        self._client.headers["vmware-api-session-id"] = token

    def done(self, method: str, path: str, body: object = None) -> Any:
        """The result of a call."""
        answer = self._client.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def library(self, name: str) -> str:
        """A new library."""
        backing = {"type": "DATASTORE", "datastore_id": "datastore-1"}
        return str(self.done("POST", "/api/content/local-library", {"name": name, "storage_backings": [backing]}))

    def item(self, library: str, name: str) -> str:
        """A new item without content."""
        return str(self.done("POST", "/api/content/library/item", {"library_id": library, "name": name}))

    def tag(self, category: str, name: str, item: str) -> None:
        """A new category for items, with a tag that an item has."""
        spec = {"name": category, "description": "", "cardinality": "MULTIPLE", "associable_types": [ITEM]}
        identifier = self.done("POST", "/api/cis/tagging/category", spec)
        given = {"name": name, "description": f"runs {name}", "category_id": identifier}
        tag = self.done("POST", "/api/cis/tagging/tag", given)
        self.done("POST", f"/api/cis/tagging/tag-association/{tag}?action=attach", {"object_id": {"type": ITEM, "id": item}})

    def store(self, item: str, name: str, content: bytes) -> None:
        """Adds a file to an item, or replaces it: a new version."""
        session = self.done("POST", SESSIONS, {"library_item_id": item})
        file = self.done("POST", f"{SESSIONS}/{session}/file", {"name": name, "source_type": "PUSH"})
        self._client.put(file["upload_endpoint"]["uri"], content=content).raise_for_status()
        self.done("POST", f"{SESSIONS}/{session}?action=complete")

    def offset(self, file: dict[str, Any]) -> int:
        """How many bytes of a file of an update session the server has."""
        return int(self._client.head(file["upload_endpoint"]["uri"]).headers.get("upload-offset", 0))

    def stored(self, library: str) -> int:
        """How many bytes of the uploads to a library the server has."""
        items, sessions = self.items(library), [f"{SESSIONS}/{each}" for each in self.done("GET", SESSIONS)]
        mine = [each for each in sessions if self.done("GET", each)["library_item_id"] in items]
        return sum(self.offset(file) for each in mine for file in self.done("GET", f"{each}/file"))

    def items(self, library: str) -> list[str]:
        """The identifiers of the items of a library."""
        return list(self.done("GET", f"/api/content/library/item?library_id={library}"))

    def files(self, item: str) -> dict[str, str]:
        """The SHA-256 of each file of an item, by its name."""
        found = self.done("GET", f"/api/content/library/item/{item}/file")
        return {each["name"]: each["checksum_info"]["checksum"] for each in found}

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()


def stocked(url: str) -> Stock:
    """A published library with an item of two versions, notes, labels and a tag; something in the trash, a group, a token.

    There are other libraries and items beside them, so that the tables look as they do at work.
    """
    api = Api(url)
    library = api.library("Images")
    published = {"publish_info": {"published": True, "authentication_method": "NONE"}}
    api.done("PATCH", f"/api/content/local-library/{library}", published)
    item = api.item(library, "photon-5.0")
    for content in (b"first", b"second"):
        api.store(item, "photon.img", content)
    labels = [{"key": "env", "value": "prod"}, {"key": "team", "value": "blue"}]
    api.done("PUT", f"/api/contentlib/library/item/{item}/labels", {"notes": "Ask Robin before deleting.", "labels": labels})
    api.done("PUT", f"/api/contentlib/library/{library}/labels", {"notes": "Reviewed each month.", "labels": labels[:1]})
    api.done("DELETE", f"/api/content/local-library/{api.library('Old lab')}")
    api.done("POST", "/api/contentlib/access/groups", {"name": "publishers"})
    api.done("POST", "/api/contentlib/access/tokens", {"name": "pipeline"})
    api.tag("system", "linux", item)
    _fill(api, library)
    api.close()
    return Stock(library, item)


OTHERS = {
    "Images": {
        "debian-12.10": ("iso", "prod"),
        "ubuntu-24.04": ("iso", "prod"),
        "windows-2025": ("iso", "test"),
        "rocky-9.5": ("iso", ""),
    },
    "Templates": {"k8s-node": ("ovf", "prod"), "jump-host": ("ovf", "test")},
    "Lab": {"esxi-nested": ("iso", "test")},
}
"""Other items, by their libraries: the type, and the value of a label."""


def _fill(api: Api, images: str) -> None:
    """Adds other libraries and items. Their files differ in size."""
    for number, (name, items) in enumerate(OTHERS.items()):
        library = images if name == "Images" else api.library(name)
        for index, (item, (kind, environment)) in enumerate(items.items()):
            spec = {"library_id": library, "name": item, "type": kind, "description": f"Golden image of {item}"}
            identifier = api.done("POST", "/api/content/library/item", spec)
            if environment:
                labels = {"labels": [{"key": "env", "value": environment}]}
                api.done("PUT", f"/api/contentlib/library/item/{identifier}/labels", labels)
            if kind == "iso":
                api.store(identifier, f"{item}.iso", bytes([number]) * (index + 1) * 700_000)
