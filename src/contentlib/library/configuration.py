"""The configuration that clients may change: automatic synchronisation and the limits of transfers."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from contentlib.library.errors import Invalid
from contentlib.library.ports import MetadataStore

_KEY = "configuration"


class Configuration(msgspec.Struct, frozen=True):
    """The values; hours 0 to 23, intervals in minutes, bandwidth in Mbit/s, 0 = unlimited."""

    automatic_sync_enabled: bool = True
    automatic_sync_start_hour: int = 20
    automatic_sync_stop_hour: int = 7
    automatic_sync_refresh_interval: int = 240
    automatic_sync_setting_refresh_interval: int = 600
    maximum_concurrent_item_syncs: int = 5
    maximum_concurrent_transfers: int = 20
    maximum_bandwidth_consumption: int = 0


class Range(msgspec.Struct, frozen=True):
    """The values that an integer may take, both ends included."""

    least: int
    most: int


class Configurations:
    """Reads and changes the configuration."""

    def __init__(self, metadata: MetadataStore, ranges: dict[str, Range]) -> None:
        self._metadata = metadata
        self._ranges = ranges

    async def get(self) -> Configuration:
        """The configuration."""
        async with self._metadata.reading() as transaction:
            stored = await transaction.state.get(_KEY)
        return Configuration() if stored is None else msgspec.json.decode(stored, type=Configuration)

    async def update(self, changes: dict[str, bool | int]) -> None:
        """Changes what is given, all of it or, when a value is out of its range, nothing."""
        for name, value in changes.items():
            allowed = self._ranges.get(name)
            if allowed is not None and not allowed.least <= value <= allowed.most:
                raise Invalid(f"model.{name}", f"must be between {allowed.least} and {allowed.most}, not {value}")
        async with self._metadata.transaction(durable=True) as transaction:
            stored = await transaction.state.get(_KEY)
            current = Configuration() if stored is None else msgspec.json.decode(stored, type=Configuration)
            await transaction.state.put(_KEY, msgspec.json.encode(replace(current, **changes)).decode())
