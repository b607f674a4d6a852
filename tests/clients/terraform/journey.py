"""Applies, plans, imports, changes and destroys with Terraform, and notes what became of each step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from certificates import make
from clients.content import written
from clients.publishing import publishing
from clients.servers import NAME, PASSWORD, Address, serving
from clients.terraform.running import IGNORING, PUBLICATION_PASSWORD, Terraform, installed
from processes import eventually

_TAG = json.dumps({"category_name": "system", "tag_name": "linux"})
IMPORTED = ("library.images", "library.published", "library.mirror", "library_item.package", "library_item.archive")
_ITEMS = ("package", "archive", "fetched_package", "fetched_archive", "fetched_image")


def journey(directory: Path) -> dict[str, Any]:
    """The steps by name."""
    installed()
    files = written(directory / "files").directory
    certificate = make(directory / "certificate.pem").path
    settings = {
        "tls_certificate": str(certificate),
        "tls_key": str(certificate),
        "outbound_ca_bundle": str(certificate),
        "outbound_allow": '["127.0.0.1"]',
        "autocomplete_pulls_seconds": "2",
    }
    with serving(directory, **settings) as found, publishing(files) as source:
        address = Address(found.url, certificate)
        return _Journey(address, directory, files, source).made()


class _Journey:
    def __init__(self, address: Address, directory: Path, files: Path, source: str) -> None:
        self._directory = directory
        self._made = Terraform(address, directory / "made", files, source)
        self._taken = Terraform(address, directory / "imported", files, source)
        self._http = httpx.Client(base_url=address.url, verify=False, timeout=60)
        login = self._http.post("/api/session", auth=(NAME, PASSWORD))
        self._http.headers["vmware-api-session-id"] = login.json()

    def made(self) -> dict[str, Any]:
        steps: dict[str, Any] = {}
        steps |= self._applies()
        steps |= self._imports()
        steps |= self._changes()
        steps |= self._fails()
        steps |= self._destroys()
        return steps | {"calls": [*self._made.calls(), *self._taken.calls()]}

    def _applies(self) -> dict[str, Any]:
        steps: dict[str, Any] = {"init": vars(self._made.init()), "apply": vars(self._made.apply())}
        assert steps["apply"]["ok"], steps
        state = self._made.state()
        ids = {name: state[f"vsphere_content_library_item.{name}"]["id"] for name in _ITEMS}
        published = state["vsphere_content_library.published"]["publication"][0]["publish_url"]
        mirror = state["vsphere_content_library.mirror"]["id"]
        return steps | {
            "state": state,
            "sizes": {name: self._sizes(item) for name, item in ids.items()},
            "published without a password": httpx.get(published, verify=False).status_code,
            "published": httpx.get(published, verify=False, auth=("vcsp", PUBLICATION_PASSWORD)).json()["name"],
            "mirrored": eventually(lambda: self._items(mirror) == ["archive"]),
            "second plan": self._made.plan(),
        }

    def _imports(self) -> dict[str, Any]:
        """A second directory takes over what the first one has made."""
        self._taken.init()
        state = self._made.state()
        ended = [self._taken.imported(f"vsphere_content_{each}", state[f"vsphere_content_{each}"]["id"]) for each in IMPORTED]
        ended += [
            self._taken.imported("vsphere_tag_category.system", "system"),
            self._taken.imported("vsphere_tag.linux", _TAG),
        ]
        steps: dict[str, Any] = {"imports": [vars(each) for each in ended], "plan after import": self._taken.plan()}
        self._taken.also(IGNORING)
        return steps | {"plan that ignores": self._taken.plan()}

    def _changes(self) -> dict[str, Any]:
        """What others have removed is made again; a new description replaces the library."""
        item = self._made.state()["vsphere_content_library_item.package"]["id"]
        self._http.delete(f"/api/content/library/item/{item}").raise_for_status()
        lost = self._made.plan()
        self._made.variables["description"] = "another one"
        changed = self._made.plan()["vsphere_content_library.images"]
        del self._made.variables["description"]
        return {"plan after a loss": lost, "plan of a change": changed, "apply after a loss": vars(self._made.apply())}

    def _fails(self) -> dict[str, Any]:
        """Version 2.0.2 reads a local ISO as if it were an OVF package; there are no hosts."""
        self._made.variables["local_iso"] = True
        steps = {"a local ISO": vars(self._made.apply()), "a local ISO again": vars(self._made.apply())}
        del self._made.variables["local_iso"]
        self._made.variables["resource_pool"] = True
        steps["a resource pool"] = vars(self._made.apply())
        del self._made.variables["resource_pool"]
        return steps

    def _destroys(self) -> dict[str, Any]:
        ended = self._made.run("destroy", "-input=false", "-auto-approve")
        return {"destroy": vars(ended), "left": self._http.get("/api/content/library").json()}

    def _sizes(self, item: str) -> dict[str, int]:
        files = self._http.get(f"/api/content/library/item/{item}/file").json()
        return {each["name"]: each["size"] for each in files}

    def _items(self, library: str) -> list[str]:
        items = self._http.get("/api/content/library/item", params={"library_id": library}).json()
        return [self._http.get(f"/api/content/library/item/{item}").json()["name"] for item in items]
