from __future__ import annotations

import pytest

from sso import asking


@pytest.fixture(scope="session")
def holder() -> asking.Client:
    """A client with a key."""
    return asking.client()


@pytest.fixture(scope="session")
def stranger() -> asking.Client:
    """A client with another key."""
    return asking.client()
