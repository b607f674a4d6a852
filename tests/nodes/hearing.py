"""Keeps what a process hears of the others."""

from __future__ import annotations

from collections.abc import Sequence


class Heard(list[tuple[str, ...]]):
    """What one process has heard of the others."""

    def hear(self, event: str, arguments: Sequence[str]) -> None:
        """Keeps it."""
        self.append((event, *arguments))
