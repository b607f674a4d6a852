"""Implements com.vmware.content.configuration: automatic synchronization and transfer limits."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from contentlib.library.catalog.configuration import SETTINGS, Configurations, Setting
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Enumeration, Integer, Structure, enumeration

_PATH = "/api/content/configuration"


@enumeration("com.vmware.content.configuration_setting.constraint_type")
class ConstraintType(Enumeration):
    """How a constraint limits a value."""

    ENUMERATION = "ENUMERATION"
    MAX_EXCLUSIVE = "MAX_EXCLUSIVE"
    MAX_INCLUSIVE = "MAX_INCLUSIVE"
    MIN_EXCLUSIVE = "MIN_EXCLUSIVE"
    MIN_INCLUSIVE = "MIN_INCLUSIVE"


class ConfigurationSetting(Structure):
    """Allowed values of a setting, and whether a change needs a restart."""

    vapi_name: ClassVar[str] = "com.vmware.content.configuration_setting"
    constraints: list[dict[ConstraintType, str]]
    name: str
    reboot_required: bool


class ConfigurationModel(Structure):
    """The configuration.

    Hours are 0 to 23, `automatic_sync_refresh_interval` is in minutes, `automatic_sync_setting_refresh_interval` in seconds,
    `transfer_throttling_bandwidth_total` in Mbit/s (0 means unlimited). Fields that end in `_setting` are read-only.
    """

    vapi_name: ClassVar[str] = "com.vmware.content.configuration_model"
    automatic_sync_enabled: bool | None = None
    automatic_sync_enabled_setting: ConfigurationSetting | None = None
    automatic_sync_refresh_interval: Integer | None = None
    automatic_sync_refresh_interval_setting: ConfigurationSetting | None = None
    automatic_sync_setting_refresh_interval: Integer | None = None
    automatic_sync_setting_refresh_interval_setting: ConfigurationSetting | None = None
    automatic_sync_start_hour: Integer | None = None
    automatic_sync_start_hour_setting: ConfigurationSetting | None = None
    automatic_sync_stop_hour: Integer | None = None
    automatic_sync_stop_hour_setting: ConfigurationSetting | None = None
    maximum_concurrent_item_syncs: Integer | None = None
    maximum_concurrent_item_syncs_setting: ConfigurationSetting | None = None
    priority_transfer_threads_pool_size: Integer | None = None
    priority_transfer_threads_pool_size_setting: ConfigurationSetting | None = None
    transfer_nfc_max_concurrent_transfers_per_host: Integer | None = None
    transfer_nfc_max_concurrent_transfers_per_host_setting: ConfigurationSetting | None = None
    transfer_threads_pool_size: Integer | None = None
    transfer_threads_pool_size_setting: ConfigurationSetting | None = None
    transfer_throttling_bandwidth_total: Integer | None = None
    transfer_throttling_bandwidth_total_setting: ConfigurationSetting | None = None


class ConfigurationService(Service):
    """The configuration."""

    vapi_id = "com.vmware.content.configuration"

    def __init__(self, configurations: Configurations) -> None:
        self._configurations = configurations

    @operation(Route("GET", _PATH), privileges=(Privilege("ContentLibrary.GetConfiguration"),))
    async def get(self, call: Call) -> ConfigurationModel:
        """Returns the configuration, with the allowed values of each setting."""
        values: dict[str, Any] = msgspec.structs.asdict(await self._configurations.get())
        values |= {f"{name}_setting": _setting(name, each) for name, each in SETTINGS.items()}
        return ConfigurationModel(**values)

    @operation(
        Route("PATCH", _PATH, body="model", status=204),
        errors=(InvalidArgument,),
        privileges=(Privilege("ContentLibrary.UpdateConfiguration"),),
    )
    async def update(self, call: Call, model: ConfigurationModel) -> None:
        """Changes the given settings."""
        given = {name: getattr(model, name) for name in SETTINGS}
        await self._configurations.update({name: value for name, value in given.items() if value is not None})


def _setting(name: str, setting: Setting) -> ConfigurationSetting:
    if (setting.least, setting.most) == (0, 1):
        constraints = [{ConstraintType.ENUMERATION: "true"}, {ConstraintType.ENUMERATION: "false"}]
    else:
        constraints = [{ConstraintType.MIN_INCLUSIVE: str(setting.least)}, {ConstraintType.MAX_INCLUSIVE: str(setting.most)}]
    return ConfigurationSetting(constraints=constraints, name=name, reboot_required=setting.restart)
