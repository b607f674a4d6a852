"""Specifies what authenticates SAML tokens that this server has issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from contentlib.library.model import User
from contentlib.library.principals import ApiToken
from contentlib.vapi.saml import SamlToken


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """The user of a token, and the API token whose rights it has, if it was issued for one."""

    user: User
    api_token: ApiToken | None = None


class SamlTokens(Protocol):
    """Authenticates SAML tokens. All methods raise Unauthenticated if a token or the signature of its sender is not valid.

    A token that is bound to a key needs a signature of the request by that key, which is accepted once.
    """

    async def owner_of(self, token: SamlToken) -> TokenOwner:
        """The owner of a token in the head of a request or in a JSON-RPC call."""

    async def sender_of(self, envelope: etree._Element) -> TokenOwner:
        """The owner of the token in the WS-Security header of a SOAP request, whose signature covers the body."""
