"""Stores the configuration that clients can change: automatic synchronization and transfer limits."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from contentlib.library.errors import Invalid
from contentlib.library.messages import OUT_OF_RANGE
from contentlib.library.ports import MetadataStore
from contentlib.library.signals import unheard

_KEY = "configuration"


class Setting(msgspec.Struct, frozen=True):
    """Allowed range of a setting, both ends included, and whether a change needs a restart."""

    least: int
    most: int
    restart: bool = False


class Configuration(msgspec.Struct, frozen=True):
    """The values, with upstream's defaults.

    Hours are 0 to 23, `automatic_sync_refresh_interval` is in minutes, `automatic_sync_setting_refresh_interval` in seconds,
    `transfer_throttling_bandwidth_total` in Mbit/s, 0 = unlimited.
    """

    automatic_sync_enabled: bool = True
    automatic_sync_refresh_interval: int = 240
    automatic_sync_setting_refresh_interval: int = 600
    automatic_sync_start_hour: int = 20
    automatic_sync_stop_hour: int = 7
    maximum_concurrent_item_syncs: int = 5
    priority_transfer_threads_pool_size: int = 5
    transfer_nfc_max_concurrent_transfers_per_host: int = 8
    transfer_threads_pool_size: int = 20
    transfer_throttling_bandwidth_total: int = 0


SETTINGS = {
    "automatic_sync_enabled": Setting(0, 1),
    "automatic_sync_refresh_interval": Setting(1, 100_000),
    "automatic_sync_setting_refresh_interval": Setting(1, 1_000_000, restart=True),
    "automatic_sync_start_hour": Setting(0, 23),
    "automatic_sync_stop_hour": Setting(0, 23),
    "maximum_concurrent_item_syncs": Setting(1, 1000),
    "priority_transfer_threads_pool_size": Setting(1, 1000, restart=True),
    "transfer_nfc_max_concurrent_transfers_per_host": Setting(1, 1000),
    "transfer_threads_pool_size": Setting(1, 1000, restart=True),
    "transfer_throttling_bandwidth_total": Setting(0, 1_000_000),
}
"""What each value may be, by its name; a boolean is 0 or 1."""


class Configurations:
    """Reads and changes the configuration. `changed` is called after each change."""

    def __init__(self, metadata: MetadataStore, changed: Callable[[], None] = unheard) -> None:
        self._metadata = metadata
        self._changed = changed

    async def get(self) -> Configuration:
        """The configuration."""
        async with self._metadata.reading() as transaction:
            return _decode(await transaction.state.get(_KEY))

    async def update(self, changes: dict[str, bool | int]) -> None:
        """Changes the given values. If one is out of range, nothing changes."""
        for name, value in changes.items():
            allowed = SETTINGS[name]
            if not allowed.least <= value <= allowed.most:
                field = f"model.{name}"
                raise Invalid(OUT_OF_RANGE(field=field, least=allowed.least, most=allowed.most, given=value))
        async with self._metadata.transaction(durable=True) as transaction:
            changed = replace(_decode(await transaction.state.get(_KEY)), **changes)
            await transaction.state.put(_KEY, msgspec.json.encode(changed).decode())
        self._changed()


def _decode(stored: str | None) -> Configuration:
    return Configuration() if stored is None else msgspec.json.decode(stored, type=Configuration)
