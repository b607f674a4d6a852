"""Places that processes share."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentlib.nodes.places import LockedPlaces
from nodes.taken_places import others_places


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nodes" / "places.lock"


def test_there_are_as_many_places_as_there_should_be(path: Path) -> None:
    places = LockedPlaces(path)
    first, second = places.take("files", 2), places.take("files", 2)
    assert None not in (first, second)
    assert places.take("files", 2) is None
    assert places.take("hosts", 1) is not None
    assert first is not None
    places.release(first)
    assert places.take("files", 2) == first


def test_places_of_another_process_are_taken_until_it_releases_them(path: Path) -> None:
    places = LockedPlaces(path)
    with others_places(path, "files", 3) as release:
        assert places.take("files", 3) is None
        assert places.take("files", 4) is not None
        assert places.take("hosts", 1) is not None
        release()
        assert places.take("files", 3) is not None
        assert places.take("files", 3) is None


def test_places_of_a_process_that_is_killed_are_free(path: Path) -> None:
    places = LockedPlaces(path)
    with others_places(path, "files", 3):
        assert places.take("files", 3) is None
    assert [places.take("files", 3) is not None for _ in range(4)] == [True, True, True, False]
