"""What time it is."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in milliseconds since 1970 UTC."""

    def now(self) -> int:
        """The time now."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> int:
        """The time now."""
        return time.time_ns() // 1_000_000
