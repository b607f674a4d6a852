from __future__ import annotations

from typing import Any

import pytest

from clients.once import once
from clients.terraform.journey import journey


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of the steps of Terraform."""
    return dict(once(tmp_path_factory, "terraform", lambda: journey(tmp_path_factory.mktemp("terraform"))))
