"""Authenticates senders of SAML tokens, and accepts each signature of a sender once."""

from __future__ import annotations

import hashlib

from lxml import etree

from contentlib.access.saml import TokenOwner
from contentlib.library.clock import Clock
from contentlib.library.model import Token
from contentlib.library.ports import MetadataStore
from contentlib.safe_xml import UnsafeXml, parse
from contentlib.sso import messages
from contentlib.sso.assertions import ASSERTION, Assertion
from contentlib.sso.security import (
    LONGEST_VALIDITY,
    assertion_of,
    check_times,
    check_timestamp,
    security_of,
    signature_of,
    signed_body,
)
from contentlib.sso.signatures import BadSignature, certificate_of, check_signed
from contentlib.sso.tokens import TOLERANCE, InvalidToken, SecurityTokens
from contentlib.vapi.errors import Unauthenticated
from contentlib.vapi.saml import SamlToken

_ONCE = "sso.signature"
_KEPT = LONGEST_VALIDITY + 2 * TOLERANCE
"""Milliseconds for which a signature is kept at least; ended sessions, with which it is swept, may be deleted at once."""


class Proofs:
    """Finds the owners of tokens. Used signatures are kept with the client tokens, for longer than requests are valid."""

    def __init__(self, tokens: SecurityTokens, metadata: MetadataStore, clock: Clock) -> None:
        self._tokens = tokens
        self._metadata = metadata
        self._clock = clock

    async def owner_of(self, token: SamlToken) -> TokenOwner:
        """The owner of a token in the head of a request or in a JSON-RPC call."""
        try:
            element = parse(token.assertion)
            if element.tag != ASSERTION:
                raise InvalidToken("it is not a SAML 2.0 assertion")
            assertion = await self._tokens.read(element)
            if assertion.holder is not None:
                await self._check_call(token, assertion.holder)
            return await self._tokens.owner(assertion)
        except (UnsafeXml, InvalidToken) as error:
            raise refused(error) from error

    async def sender_of(self, envelope: etree._Element) -> TokenOwner:
        """The owner of the token in the WS-Security header of a SOAP request."""
        try:
            security = security_of(envelope)
            assertion = await self._tokens.read(assertion_of(security))
            await self._check_envelope(envelope, security, assertion)
            return await self._tokens.owner(assertion)
        except InvalidToken as error:
            raise refused(error) from error

    async def _check_envelope(self, envelope: etree._Element, security: etree._Element, assertion: Assertion) -> None:
        now = self._clock.now()
        if assertion.holder is None:
            check_timestamp(security, now)
            return
        signed_body(envelope, assertion.holder, now)
        await self._use(signature_of(envelope))

    async def _check_call(self, token: SamlToken, holder: bytes) -> None:
        """Raises InvalidToken unless one of the forms of a request was signed with the key of its token."""
        if not token.signature:
            raise InvalidToken("it is bound to a key, and the request is not signed with that")
        check_times(token.created, token.expires, self._clock.now())
        try:
            certificate = certificate_of(holder)
            for number, message in enumerate(token.messages, 1):
                try:
                    check_signed(message, token.signature, token.bits, certificate)
                    break
                except BadSignature:
                    if number == len(token.messages):
                        raise
        except BadSignature as error:
            raise InvalidToken(str(error)) from error
        await self._use(token.signature)

    async def _use(self, signature: bytes) -> None:
        """Raises InvalidToken if a signature was used before, in any process."""
        once = Token("", _ONCE, hashlib.sha256(signature).hexdigest())
        async with self._metadata.transaction(durable=False) as transaction:
            if await transaction.tokens.find(once) is not None:
                raise InvalidToken("the request was sent before")
            await transaction.tokens.add(once, _ONCE, self._clock.now() + _KEPT)


def refused(error: Exception) -> Unauthenticated:
    """The error that callers hear of a token."""
    return Unauthenticated(messages.TOKEN_REFUSED(problem=str(error)))
