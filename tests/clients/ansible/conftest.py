from __future__ import annotations

from typing import Any

import pytest

from clients.ansible import scenarios
from clients.ansible.running import Play, plays
from clients.once import once

Report = dict[str, Any]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What became of the playbooks."""

    def make() -> Report:
        directory = tmp_path_factory.mktemp("ansible")
        return {"told": scenarios.play(directory), "called": scenarios.called(directory)}

    return dict(once(tmp_path_factory, "ansible", make))


@pytest.fixture(scope="session")
def reports(played: Report) -> dict[str, list[Play]]:
    """What the playbooks of each scenario reported."""
    return {name: plays(told) for name, told in played["told"].items()}
