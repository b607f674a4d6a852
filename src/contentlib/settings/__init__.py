"""Defines every setting: name, type, default and description.

`server` defines the settings and reads them from their sources, `ldap` and `sign_on` define the tables of directories and of
identity providers.
"""

from contentlib.settings.server import MASK, ConfigurationError, Loaded, Settings, Storage, address, load, rows, shown_value

__all__ = ["MASK", "ConfigurationError", "Loaded", "Settings", "Storage", "address", "load", "rows", "shown_value"]
