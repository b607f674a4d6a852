"""Users of a server with an API token: what an administrator makes for the tests of tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from clients.servers import NAME, PASSWORD, STORAGES, Address

_ACCESS = "/api/contentlib/access"
PUBLISHER, READER = "Content publisher", "Content user"


@dataclass(frozen=True)
class Site:
    """A library with an item, and the tokens of a publisher and of a reader of it, by role."""

    address: Address
    name: str
    library: str
    tokens: dict[str, str]


def done(server: Address, method: str, path: str, body: object = None) -> Any:
    """What the administrator is answered."""
    with httpx.Client(base_url=server.url, verify=False, timeout=60) as client:
        token = client.post("/api/session", auth=(NAME, PASSWORD)).json()
        answer = client.request(method, path, json=body, headers={"vmware-api-session-id": token})
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def secret(server: Address, library: str, name: str, role: str) -> str:
    """The token of a new user with a role on a library."""
    user = done(server, "POST", f"{_ACCESS}/users", {"name": name})
    spec = {"principal": user, "principal_type": "USER", "role": role, "library": library}
    done(server, "PUT", f"{_ACCESS}/permissions", spec)
    return str(done(server, "POST", f"{_ACCESS}/tokens", {"name": "nightly", "user": user})["secret"])


def user_of(role: str) -> str:
    """The name of the user with a role."""
    return role.replace(" ", "-").lower()


def site(server: Address, name: str = "shared") -> Site:
    """A new library with the item `disc`, and its users."""
    spec = {"name": name, "storage_backings": [{"type": "DATASTORE", "datastore_id": next(iter(STORAGES))}]}
    library = str(done(server, "POST", "/api/content/local-library", spec))
    item = done(server, "POST", "/api/content/library/item", {"library_id": library, "name": "disc", "type": "iso"})
    update = "/api/content/library/item/update-session"
    session = done(server, "POST", update, {"library_item_id": item})
    added = done(server, "POST", f"{update}/{session}/file", {"name": "disc.iso", "source_type": "PUSH"})
    assert httpx.put(added["upload_endpoint"]["uri"], content=b"content", verify=False, timeout=60).status_code == 200
    done(server, "POST", f"{update}/{session}?action=complete")
    return Site(server, name, library, {role: secret(server, library, user_of(role), role) for role in (PUBLISHER, READER)})
