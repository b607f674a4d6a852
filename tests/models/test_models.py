"""Any sequence of calls by two clients does to the whole server what it does to a plain model of it.

The server is in process, its database and files are real. Hypothesis draws the sequences, always the same ones; with the
environment variable MODEL_EXAMPLES set, that many others, each time anew.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from backends import BACKEND
from contentlib.library.model import Login
from models.machine import Machine
from whole import KNOWN_TOKEN, NAME, START, copied

_OTHER_TOKEN = "cd" * 32
_EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
_PROFILE = settings(
    max_examples=_EXAMPLES or 60,
    stateful_step_count=40,
    derandomize=not _EXAMPLES,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink) if _EXAMPLES else (Phase.generate,),
)


@pytest.fixture
async def two_logins(template: Path, tmp_path: Path) -> Path:
    """A prepared data directory in which both clients are logged in."""
    directory = copied(template, tmp_path / "template")
    metadata = BACKEND.open_rows(directory / "contentlib.db")
    async with metadata.transaction(durable=True) as transaction:
        await transaction.logins.add(Login(hashlib.sha256(_OTHER_TOKEN.encode()).hexdigest(), NAME, START, START))
    await metadata.close()
    return directory


def test_two_clients_hear_and_see_what_the_model_says(two_logins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a download keeps its session alive for some seconds that no clock of the test measures
    monkeypatch.setattr("contentlib.transfer.running._YOUNG_SECONDS", 0.0)
    machine = type("Server", (Machine,), {"template": two_logins, "tokens": (KNOWN_TOKEN, _OTHER_TOKEN)})
    run_state_machine_as_test(machine, settings=_PROFILE)
