"""Another process that takes some places, and releases one for each line that it reads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from contentlib.nodes.places import LockedPlaces


@contextmanager
def others_places(path: Path, kind: str, most: int) -> Iterator[Callable[[], None]]:
    """Takes all places of a kind in another process, which is killed at the end. Returns the function that releases one."""
    command = [sys.executable, __file__, str(path), kind, str(most)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        lines, answers = process.stdin, process.stdout
        assert answers.readline() == f"{most}\n"

        def release() -> None:
            lines.write("release\n")
            assert answers.readline() == "released\n"

        yield release
        process.kill()


def _main(path: Path, kind: str, most: int) -> None:
    places = LockedPlaces(path)
    taken = [place for _ in range(most) if (place := places.take(kind, most)) is not None]
    print(len(taken), flush=True)  # noqa: T201 - the test reads it
    for _ in sys.stdin:
        places.release(taken.pop())
        print("released", flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
