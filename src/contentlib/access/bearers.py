"""Specifies what authenticates bearer tokens that this server has not issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from contentlib.library.model import User


@dataclass(frozen=True, slots=True)
class BearerCaller:
    """Who sent a token: a user, or a workload by its name. `id` identifies the token without disclosing it."""

    name: str
    id: str
    user: User | None = None


class BearerTokens(Protocol):
    """Authenticates tokens of identity providers."""

    async def caller(self, token: str) -> BearerCaller | None:
        """Who sent a token; None where no provider is configured that could have issued it.

        Unauthenticated where the token is not valid, ServiceUnavailable where its provider does not respond.
        """


class NoBearerTokens:
    """Authenticates nobody: no provider is configured."""

    async def caller(self, token: str) -> BearerCaller | None:  # noqa: ARG002 - the signature is the port's
        """No one."""
        return None
