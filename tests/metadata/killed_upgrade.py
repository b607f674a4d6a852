"""Upgrades a database and dies, as by SIGKILL, after so many statements: python killed_upgrade.py DATABASE STATEMENTS."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from contentlib.metadata.migrate import upgrade


def main(database: Path, statements: int) -> None:
    left = statements

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    upgrade(database)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
