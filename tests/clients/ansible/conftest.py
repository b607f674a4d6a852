from __future__ import annotations

import json
import os

import pytest

from clients.ansible import scenarios
from clients.ansible.running import Play, plays
from clients.program import alone


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Play]]:
    """What the playbooks of each scenario reported; they are played once, by whoever of the test's processes comes first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    kept = shared / "ansible.json"
    with alone(shared / "ansible.lock"):
        if not kept.exists():
            kept.write_text(json.dumps(scenarios.play(tmp_path_factory.mktemp("ansible"))))
    return {name: plays(told) for name, told in json.loads(kept.read_text()).items()}
