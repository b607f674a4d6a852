from __future__ import annotations

import json
import os
from typing import Any

import pytest

from clients.ansible import scenarios
from clients.ansible.running import Play, plays
from clients.program import alone

Report = dict[str, Any]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What became of the playbooks, which are played once, by whoever of the test's processes comes first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    kept = shared / "ansible.json"
    with alone(shared / "ansible.lock"):
        if not kept.exists():
            directory = tmp_path_factory.mktemp("ansible")
            told = scenarios.play(directory)
            kept.write_text(json.dumps({"told": told, "called": scenarios.called(directory)}))
    report: Report = json.loads(kept.read_text())
    return report


@pytest.fixture(scope="session")
def reports(played: Report) -> dict[str, list[Play]]:
    """What the playbooks of each scenario reported."""
    return {name: plays(told) for name, told in played["told"].items()}
