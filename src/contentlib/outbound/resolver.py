"""Resolves names to the addresses that the outbound policy permits, for aiohttp."""

from __future__ import annotations

import ipaddress
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from contentlib.outbound.policy import Forbidden, OutboundPolicy


class CheckedResolver(AbstractResolver):
    """Resolves names, and hands out only addresses that may be gone to; the proxy's own are the operator's choice."""

    def __init__(self, policy: OutboundPolicy, proxy: str | None) -> None:
        self._policy = policy
        self._proxy = proxy
        self._names = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Resolves a name to permitted addresses. Raises Forbidden if there are none."""
        found = await self._names.resolve(host, port, family)
        if host == self._proxy:
            return found
        allowed, refusal = [], None
        for each in found:
            try:
                self._policy.check(host, ipaddress.ip_address(each["host"]))
                allowed.append(each)
            except Forbidden as error:
                refusal = error
        if refusal is not None and not allowed:
            raise refusal
        return allowed

    async def close(self) -> None:
        """Closes the resolver."""
        await self._names.close()
