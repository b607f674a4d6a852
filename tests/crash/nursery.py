"""Forks servers from a process that has read all modules already: to start one takes a fraction of the time.

A line on standard input is a JSON list of the arguments, the environment and the file for what the server prints; the answer
is a line with the process id. What is forked runs the same command line as `contentlib` does.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path

# The monitor decides when it is read whether there are several workers, so every server reads it, and what imports it, itself.
_LATER = ("contentlib.app", "contentlib.monitor")
_FORMS = ("alembic.command", "alembic.ddl.sqlite", "sqlalchemy.dialects.sqlite", "uvloop", "granian.server.mp", "uuid")


def _read_modules() -> None:
    import contentlib

    root = Path(contentlib.__file__).parent
    for path in root.rglob("*.py"):
        name = ".".join(("contentlib", *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
        if not name.startswith(_LATER) and "migrations" not in name:
            importlib.import_module(name)
    for name in _FORMS:
        importlib.import_module(name)
    assert not any(name.startswith("prometheus_client") for name in sys.modules)


def _serve(arguments: list[str], environment: dict[str, str], log: str) -> None:
    from contentlib import cli

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    cli.main()


def main() -> None:
    """Forks until nobody asks any more; the dead are buried by the kernel."""
    _read_modules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _serve(*json.loads(line))
            except Exception:
                traceback.print_exc()  # to the log of the server
            finally:
                os._exit(1)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
