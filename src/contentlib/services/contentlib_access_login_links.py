"""Implements contentlib.access.login_links: logs in with a link.

A service of our own: upstream has none.
"""

from __future__ import annotations

from contentlib.access.login_links import LoginLinks
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import Unauthenticated
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Secret


class LoginLinksService(Service):
    """Links of `contentlib console-link`. Each starts one session of the administrator."""

    vapi_id = "contentlib.access.login_links"

    def __init__(self, links: LoginLinks) -> None:
        self._links = links

    @operation(
        Route("POST", "/api/contentlib/access/login-links", {"action": "redeem"}, status=201),
        errors=(Unauthenticated,),
        anonymous=True,
    )
    async def redeem(self, call: Call, secret: Secret) -> Secret:
        """Logs in with the secret of a link, which is spent then, and returns the session token."""
        call.new_token = await self._links.redeem(secret, call.client)
        return call.new_token
