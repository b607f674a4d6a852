"""Reports quotas that reach 80 or 95 percent or are full."""

from __future__ import annotations

from collections.abc import Callable

from contentlib.library.catalog.quotas import Quotas
from contentlib.library.model import FillLevel, Quota

_ORDER = [*FillLevel]


class QuotaWatch:
    """Compares levels with those of the last look; `risen` receives each quota whose level is higher."""

    def __init__(self, quotas: Quotas, risen: Callable[[Quota], object]) -> None:
        self._quotas = quotas
        self._risen = risen
        self._seen: dict[str, FillLevel] = {}

    async def run(self) -> None:
        """Looks at all quotas that have limits."""
        found = {each.owner: each for each in await self._quotas.limited()}
        for owner, quota in found.items():
            if _ORDER.index(quota.level) > _ORDER.index(self._seen.get(owner, FillLevel.NORMAL)):
                self._risen(quota)
        self._seen = {owner: quota.level for owner, quota in found.items()}
