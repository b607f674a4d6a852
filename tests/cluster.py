"""A cluster on this machine: nodes, PostgreSQL, an S3 server and a balancer. `make cluster` runs one until Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import object_stores
import postgresql
from balancers import Balancer
from contentlib.blobs.bucket import BucketAddress
from contentlib.metadata.postgresql import migrating
from contentlib.metadata.postgresql.address import Address
from crash.servers import NAME, PASSWORD, STORAGES, Nursery, Server

_PORTS = range(
    21_000, 32_000
)  # below those that the kernel gives to connections, which a node that starts again would find taken


class Cluster:
    """Nodes on one database and one object store, behind a balancer; `directory` has all their files.

    Nodes with an `environment` may be another version of the program, so the first one makes the tables.
    """

    def __init__(
        self,
        directory: Path,
        nodes: int = 3,
        *,
        nursery: Nursery | None = None,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        ports = free_ports(nodes + 1)
        self.database = postgresql.Server.new()
        self.store = object_stores.new_seaweedfs()
        self.balancer = Balancer(directory, port or ports[0], ports[1:])
        self.nodes = [_node(directory, number, port, nursery, environment) for number, port in enumerate(ports[1:], 1)]
        self._are_foreign = environment is not None
        self.settings = settings
        self._common: dict[str, Any] = {}
        self._directory = directory

    def start(self) -> None:
        """Starts all parts, and returns when the balancer has a node that is ready."""
        postgresql.installed()
        self.database.start()
        self.store.start()
        url = self.database.new_database("contentlib")
        if not self._are_foreign:
            migrating.upgrade_database(Address(url))
        keys = self._directory / "keys"
        keys.mkdir()
        self._common = {
            "database": url,
            "keys_dir": keys,
            "public_url": self.balancer.url,
            "storage": json.dumps([_storage(storage, self.address(storage)) for storage in STORAGES]),
            "admin_name": NAME,
            "admin_password": PASSWORD,
        }
        if self._are_foreign:
            self.start_node(self.nodes[0])
        others = [node for node in self.nodes if node.process is None]
        for node in others:
            self._begin(node)
        for node in others:
            self._wait(node)
        self.balancer.start()

    def start_node(self, node: Server) -> None:
        """Starts a node, and returns when it takes connections."""
        self._begin(node)
        self._wait(node)

    def _begin(self, node: Server) -> None:
        node.settings = self._common | {"node_name": node.directory.name} | self.settings
        node.begin()

    def _wait(self, node: Server) -> None:
        node.wait()
        node.up.set()

    def address(self, storage: str) -> BucketAddress:
        """The bucket of a storage."""
        return self.store.address("contentlib", storage)

    def stop(self) -> None:
        """Ends all parts, and removes what PostgreSQL and the object store have kept."""
        self.balancer.stop()
        for node in self.nodes:
            node.kill()
        self.store.remove()
        self.database.stop()
        shutil.rmtree(self.database.directory, ignore_errors=True)


def _node(directory: Path, number: int, port: int, nursery: Nursery | None, environment: Mapping[str, str] | None) -> Server:
    home = directory / f"node-{number}"
    home.mkdir()
    made = Server(home, nursery=nursery, environment=dict(environment or {}))
    made.listen = f"127.0.0.1:{port}"
    return made


def _storage(storage: str, address: BucketAddress) -> dict[str, object]:
    place = {"url": address.url, "endpoint": address.endpoint, "path_style": True, "credentials": str(address.credentials)}
    return {"id": storage, "name": storage, **place}


def free_ports(count: int) -> list[int]:
    """Ports that no process uses, and that the kernel gives to no connection."""
    found: list[int] = []
    for port in _PORTS[os.getpid() * 37 % 5000 :]:
        with socket.socket() as tried:
            if len(found) < count and tried.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports in {_PORTS}")


def main() -> None:
    """Runs a cluster until Ctrl-C or SIGTERM."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="contentlib-cluster-")))
        say("starting PostgreSQL, SeaweedFS, three nodes and HAProxy, which takes a moment")
        cluster = Cluster(directory, port=8480 if is_free(8480) else None, log_level="info")
        stack.callback(cluster.stop)
        cluster.start()
        say(f"the balancer listens on {cluster.balancer.url}")
        for node in cluster.nodes:
            say(f"{node.directory.name} listens on {node.url}; its log is {node.log}")
        say(f"user: {NAME}", f"password: {PASSWORD}")
        config = f"--data-dir {cluster.nodes[0].data}"
        say(f"nodes: CONTENTLIB_DATABASE='{cluster.nodes[0].settings['database']}' contentlib nodes {config}")
        say("Ctrl-C ends all of it and removes its files")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            say("ending")


def is_free(port: int) -> bool:
    """Whether nothing listens on a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def say(*lines: str) -> None:
    """Prints lines at once."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
