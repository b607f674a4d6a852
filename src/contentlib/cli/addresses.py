"""Writes the address of a server, from where it listens."""

from __future__ import annotations


def server_url(scheme: str, host: str, number: int) -> str:
    """The URL of a host and a port."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{number}"


def reachable(host: str) -> str:
    """The host, or loopback where the server listens on every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
