"""The stubs of the official SDK for vCenter's inventory, imported past the SDK's own warnings."""

from __future__ import annotations

import warnings
from typing import Any

import requests

from conformance.sdk import StubConfigurationFactory, get_requests_connector

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
    from com.vmware import vcenter_client as vcenter

__all__ = ["stub_of", "vcenter"]


def stub_of(service: str) -> Any:
    """The stub of a service, connected to nothing."""
    connector = get_requests_connector(requests.Session(), "rest", "https://192.0.2.1/api")
    configuration = StubConfigurationFactory.new_std_configuration(connector)
    return getattr(vcenter, f"_{service.rpartition('.')[2].capitalize()}Stub")(configuration)
