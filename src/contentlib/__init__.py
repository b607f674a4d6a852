"""Implements vSphere's content library API as a self-hosted server."""

__version__ = "0.1.0"
