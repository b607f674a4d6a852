"""What takes long and is made once, whichever of the test's processes comes first."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from clients.program import locked


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], Any]) -> Any:
    """What `make` answers, as JSON has it."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    kept = shared / f"{name}.json"
    with locked(shared / f"{name}.lock"):
        if not kept.exists():
            kept.write_text(json.dumps(make()))
    return json.loads(kept.read_text())
