"""Runs the suite, and where it passes writes the page docs/conformance.md: `make conformance`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.page import PAGE, page

TESTS = ("test_operations.py", "test_sdk_operations.py", "test_sdk_libraries.py", "test_sdk_transfers.py")


def main() -> int:
    """Runs the suite and writes the page."""
    here = Path(__file__).parent
    ended = pytest.main(["-n", "0", *[str(here / name) for name in TESTS]])
    if ended == pytest.ExitCode.OK:
        PAGE.write_text(page())
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
