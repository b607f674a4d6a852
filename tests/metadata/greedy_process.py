"""A process that takes the turn to write again as soon as it has given it up, until it is killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from contentlib.metadata.generations import Generations

_generations = Generations(Path(sys.argv[1]))
print("here", flush=True)  # noqa: T201 - the test reads it
while True:
    if not _generations.take_turn():
        _generations.await_turn()
    time.sleep(0.0005)
    _generations.end_turn()
