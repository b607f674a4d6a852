"""The command line with operations that perform nothing: a call that passes the gate is answered so."""

from __future__ import annotations

import pytest

from access.asking import stop_all
from contentlib.cli import main

if __name__ == "__main__":
    stop_all(pytest.MonkeyPatch())
    main()
