from __future__ import annotations

import time
import uuid

from contentlib.library.identifiers import ordered_identifier


def test_an_ordered_identifier_is_a_uuid_of_version_7() -> None:
    for text in (ordered_identifier() for _ in range(100)):
        read = uuid.UUID(text)
        assert (str(read), read.version, read.variant) == (text, 7, uuid.RFC_4122)


def test_ordered_identifiers_of_one_moment_differ() -> None:
    assert len({ordered_identifier() for _ in range(10_000)}) == 10_000


def test_ordered_identifiers_are_in_the_order_of_time() -> None:
    first = ordered_identifier()
    time.sleep(0.002)
    assert first < ordered_identifier()
