"""What is played: each scenario against a server of its own, playbooks one after the other, most of them twice."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from clients.ansible import calls
from clients.ansible.running import run
from clients.content import written
from clients.cutting import cutting
from clients.roles import site, user_of
from clients.servers import STORAGES, Address, serving
from crash.servers import in_namespace
from packages import archive

Told = list[dict[str, Any]]
_SMALL = "datastore-8"
_EMPTY = {
    "vcspVersion": "2",
    "version": "1",
    "contentVersion": "1",
    "name": "empty",
    "id": "urn:uuid:5f0c3c0e-5d0b-4c55-9c0e-1d6b0f2a7a11",
    "itemsHref": "items.json",
}


def play(directory: Path) -> dict[str, Told]:
    """Plays everything, two scenarios at once."""
    with ThreadPoolExecutor(2) as pool:
        begun = {each.__name__.strip("_"): pool.submit(each, _made(directory / each.__name__)) for each in _SCENARIOS}
        return {name: future.result() for name, future in begun.items()}


def called(directory: Path) -> dict[str, list[str]]:
    """What each collection called in the scenarios in which each call succeeds at least once."""
    return {
        collection: sorted({call for each in played for call in calls.read(directory / each.__name__)})
        for collection, played in _SUCCEEDING.items()
    }


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _twice(*names: str) -> list[str]:
    return [name for name in names for _ in range(2)]


def _libraries(directory: Path) -> Told:
    changes = _twice("library", "library-described", "library-published")
    with serving(directory) as server:
        return run(server, directory, *changes, "library-password", "library-unpublished", *_twice("library-gone"))


def _items(directory: Path) -> Told:
    images = written(directory / "images").directory
    with serving(directory) as server:
        return run(server, directory, *_twice("items-sent"), "items-info", *_twice("items-gone"), images=str(images))


def _fetched(directory: Path) -> Told:
    images = written(directory / "images").directory
    with serving(directory, outbound_allow=json.dumps(["127.0.0.1"])) as server, _offered(images, server) as source:
        playbooks = (*_twice("items-fetched"), "items-fetched-faults", *_twice("guide"))
        return run(server, directory, *playbooks, images=str(images), source=source)


def _rest(directory: Path) -> Told:
    images = written(directory / "images").directory
    changes = _twice("rest-configuration", "rest-library", "rest-library-described")
    with serving(directory, outbound_allow=json.dumps(["127.0.0.1"])) as server:
        subscribed = (*_twice("rest-subscribed"), "rest-subscribed-gone")
        return run(server, directory, *changes, "rest-info", *subscribed, *_twice("rest-library-gone"), images=str(images))


def _subscribed(directory: Path) -> Told:
    images = written(directory / "images").directory
    with serving(directory, outbound_allow=json.dumps(["127.0.0.1"])) as server:
        playbooks = (*_twice("subscribed"), "subscribed-info", *_twice("subscribed-gone"))
        return run(server, directory, *playbooks, images=str(images), thumbprint=server.thumbprint)


def _community(directory: Path) -> Told:
    """The modules before those of vmware.vmware; what is followed is a tree on another server."""
    tree = _made(directory / "tree")
    (tree / "lib.json").write_text(json.dumps(_EMPTY))
    (tree / "items.json").write_text(json.dumps({"items": []}))
    with serving(directory, outbound_allow=json.dumps(["127.0.0.1"])) as server, _offered(tree, server) as source:
        told = {"source": source, "thumbprint": server.thumbprint}
        made = run(server, directory, *_twice("community"), description="one", **told)
        return made + run(server, directory, *_twice("community"), *_twice("community-gone"), description="other", **told)


def _tags(directory: Path) -> Told:
    with serving(directory) as server:
        told = {"description": "for all", "datastore": next(iter(STORAGES))}
        return run(server, directory, *_twice("tags"), "tags-gone", **told)


def _packages(directory: Path) -> Told:
    """What a deployment would need is read, and the deployment refused."""
    images = written(directory / "images").directory
    with serving(directory) as server:
        return run(server, directory, "packages", images=str(images))


def _faults(directory: Path) -> Told:
    content = written(directory / "images")
    disk = bytes(reversed(content.package["disk1.vmdk"]))
    (content.directory / "changed.ova").write_bytes(archive(content.package | {"disk1.vmdk": disk}))
    with serving(directory) as server:
        return run(server, directory, "faults", images=str(content.directory))


def _cut(directory: Path) -> Told:
    images = written(directory / "images").directory
    with serving(directory) as server, cutting(server.url, up=100_000) as url:
        return run(replace(server, url=url), directory, "connection-cut", images=str(images))


def _session(directory: Path) -> Told:
    """One session a user is enough to end a module's first login by its second, over SOAP."""
    with serving(directory, sessions_per_user="1") as server:
        return run(server, directory, "session-ended")


def _roles(directory: Path) -> Told:
    """The same with two roles, each with an API token in place of a password."""
    images = written(directory / "images").directory
    with serving(directory) as server:
        place = site(server)
        told: Told = []
        for role, token in place.tokens.items():
            known = {"contentlib_user": user_of(role), "contentlib_password": token, "library": place.library, "image": role}
            told += run(server, directory, "roles", images=str(images), **known)
        return told


def _disks(directory: Path) -> Told:
    images = written(directory / "images").directory
    trigger, disk = directory / "becomes-read-only", directory / _SMALL
    wait = 'until [ -e "$1" ]; do kill -0 $$ || exit; sleep 0.1; done; mount -o remount,ro "$0"; rm "$1"'
    within = in_namespace(disk, "192k", ["sh", "-c", f'({wait}) > /dev/null 2>&1 & shift; exec "$@"', str(disk), str(trigger)])
    with serving(directory, within=within) as server:
        told = {"images": str(images), "small_datastore": STORAGES[_SMALL], "becomes_read_only": str(trigger)}
        return run(server, directory, "disks", **told)


@contextmanager
def _offered(directory: Path, server: Address) -> Iterator[str]:
    """The address of a directory that is offered over HTTPS, with the server's certificate."""
    assert server.certificate is not None
    handler = partial(_Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as source:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server.certificate, server.certificate.with_name("key.pem"))
        source.socket = context.wrap_socket(source.socket, server_side=True)
        thread = Thread(target=source.serve_forever)
        thread.start()
        try:
            yield f"https://127.0.0.1:{source.server_port}"
        finally:
            source.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


_SCENARIOS: tuple[Callable[[Path], Told], ...] = (
    _faults,
    _libraries,
    _items,
    _fetched,
    _disks,
    _rest,
    _subscribed,
    _community,
    _tags,
    _packages,
    _cut,
    _session,
    _roles,
)
_SUCCEEDING = {"vmware.vmware": (_libraries, _items, _fetched, _subscribed), "vmware.vmware_rest": (_rest,)}
