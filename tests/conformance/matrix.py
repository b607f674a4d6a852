"""Makes the record of a run, and of the record the page docs/conformance.md: `make conformance`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.page import PAGE, page
from conformance.record import Record

TESTS = ("test_operations.py", "test_sdk_libraries.py", "test_sdk_transfers.py")


def main() -> int:
    """Runs the suite; where it passes, keeps what it did."""
    record = Record({}, writing=True)
    here = Path(__file__).parent
    ended = pytest.main(["-n", "0", *[str(here / name) for name in TESTS]], plugins=[record])
    if ended == pytest.ExitCode.OK:
        record.write()
        PAGE.write_text(page(record.tree))
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
