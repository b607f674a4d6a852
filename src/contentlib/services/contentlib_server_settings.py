"""Implements contentlib.server.settings: the settings of this server, and where each value came from.

A service of our own: upstream has none.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import ClassVar

from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Structure

_PREFIX = "contentlib.server.settings"


class SettingInfo(Structure):
    """A setting. `value` and `default_value` are texts for people; secrets are masked.

    `source` is `default`, `command line`, `environment` with the name of the variable, or `file` with its path.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    default_value: str
    description: str
    name: str
    source: str
    type: str
    value: str


class SettingsService(Service):
    """Settings of this server, which are set when it starts."""

    vapi_id = _PREFIX

    def __init__(self, settings: Sequence[SettingInfo]) -> None:
        self._settings = settings

    @operation(Route("GET", "/api/contentlib/server/settings"), privileges=(Privilege("ContentLibrary.GetConfiguration"),))
    async def list(self, call: Call) -> builtins.list[SettingInfo]:
        """Lists all settings of the server that answers, in the order of the documentation."""
        return [*self._settings]
