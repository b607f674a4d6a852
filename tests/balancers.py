"""HAProxy in front of the nodes of a cluster, as the guide configures it."""

from __future__ import annotations

import csv
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from object_stores import WITH_THIS_PROCESS
from processes import PATIENCE_SECONDS, eventually

SETUP = Path(__file__).parents[1] / "scripts" / "setup-haproxy.sh"
GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "scale-out.md"


def configuration() -> str:
    """The configuration in the guide."""
    return GUIDE.read_text().partition("```haproxy\n")[2].partition("```")[0]


@dataclass
class Balancer:
    """A process that passes requests on to the nodes that are ready."""

    directory: Path
    port: int
    nodes: Sequence[int]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts HAProxy, which ends with this process, and returns when it answers."""
        subprocess.run([SETUP], check=True)
        lines = configuration().splitlines()
        example = next(number for number, line in enumerate(lines) if line.strip().startswith("server "))
        name, _, options = lines[example].strip().partition(" ")[2].partition(" ")
        assert name == "node-1", lines[example]
        servers = [
            f"    server node-{number} 127.0.0.1:{port} {options.partition(' ')[2]}"
            for number, port in enumerate(self.nodes, 1)
        ]
        kept = [line for line in lines if not line.strip().startswith(("server ", "bind "))]
        bind = f"    bind 127.0.0.1:{self.port}"
        frontend = next(number for number, line in enumerate(kept) if line.startswith("frontend "))
        path, lines = self.directory / "haproxy.cfg", [*kept[: frontend + 1], bind, *kept[frontend + 1 :], *servers]
        path.write_text("\n".join(["global", f"    stats socket {self._socket}", *lines, ""]))
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "haproxy"
        with (self.directory / "haproxy.log").open("ab") as log:
            self.process = subprocess.Popen([*WITH_THIS_PROCESS, program, "-db", "-f", str(path)], stdout=log, stderr=log)
        assert eventually(self.answers), (self.directory / "haproxy.log").read_text()

    def answers(self) -> bool:
        """Whether a node is ready, as far as the balancer knows."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=PATIENCE_SECONDS).status_code == 200
        except httpx.HTTPError:
            return False

    def sees_all(self) -> bool:
        """Whether all nodes are ready, as far as the balancer knows."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(self._socket))
            asking.sendall(b"show stat\n")
            lines = asking.makefile().read().removeprefix("# ").splitlines()
        states = [row["status"] for row in csv.DictReader(lines) if row["svname"].startswith("node-")]
        return states == ["UP"] * len(self.nodes)

    @property
    def _socket(self) -> Path:
        return self.directory / "haproxy.sock"

    def stop(self) -> None:
        """Ends HAProxy."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_SECONDS)
            self.process = None
