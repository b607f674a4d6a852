"""Verifies the signatures of tokens (JWS in compact form) with the keys of their issuer.

Only signatures with public keys are accepted: `none`, and HMAC with a key that everyone knows, are not among the algorithms.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

LONGEST_TOKEN = 16 * 1024
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_TYPES = (None, "jwt", "at+jwt", "application/at+jwt")
_LEAST_BITS, _MOST_BITS = 2048, 8192
_MOST_KEYS = 100
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class BadToken(Exception):
    """A token that is not accepted; the message says why, without repeating it."""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose signature has not been verified."""

    text: str
    algorithm: str
    key_id: str | None
    type: str | None
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key of an issuer, and the algorithm that it is restricted to, if any."""

    key: RSAKey | ECKey
    id: str | None
    kind: str
    algorithm: str | None

    def fits(self, token: SignedToken) -> bool:
        """Whether the key could have signed a token."""
        wanted = _CURVES.get(token.algorithm, "RSA")
        return self.kind == wanted and self.algorithm in (None, token.algorithm)


def parse(text: str) -> SignedToken:
    """Splits a token. Nothing of it can be trusted before `verify`."""
    if len(text) > LONGEST_TOKEN or not _FORM.fullmatch(text):
        raise BadToken("it is not a signed JWT")
    header, payload, _ = text.split(".")
    head, claims = _object(header), _object(payload)
    algorithm, key_id, kind = head.get("alg"), head.get("kid"), head.get("typ")
    if algorithm not in ALGORITHMS:
        raise BadToken("its signature algorithm is not allowed")
    if "crit" in head or "b64" in head:
        raise BadToken("its header has critical extensions")
    if not isinstance(key_id, str | None) or not isinstance(kind, str | None):
        raise BadToken("its header is malformed")
    return SignedToken(text, algorithm, key_id, None if kind is None else kind.lower(), claims)


def _object(part: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadToken("it is not a signed JWT") from error
    if not isinstance(found, dict):
        raise BadToken("it is not a signed JWT")
    return found


def verified_claims(token: SignedToken, keys: Iterable[IssuerKey], types: Iterable[str | None] = _TYPES) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if token.type not in types:
        raise BadToken("it is a token of another type")
    registry = jws.JWSRegistry(algorithms=[token.algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = registry.max_signature_length = LONGEST_TOKEN
    for each in keys:
        try:
            jws.deserialize_compact(token.text, each.key, registry=registry)
        except (JoseError, ValueError):
            continue  # perhaps another key of the same id
        return token.claims
    raise BadToken("its signature is not valid")


def keys_of(document: Any) -> tuple[IssuerKey, ...]:
    """The usable keys of a JWK set: public keys for signatures. Others are left out. Takes milliseconds for many keys."""
    found = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise BadToken("the JWK set has no keys")
    made = (_key(each) for each in found[:_MOST_KEYS] if isinstance(each, dict))
    return tuple(each for each in made if each is not None)


def _key(data: dict[str, Any]) -> IssuerKey | None:
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    if data.get("use", "sig") != "sig" or "verify" not in data.get("key_ops", ["verify"]):
        return None
    if data.get("kty") == "RSA" and len(str(data.get("n"))) * 6 < _LEAST_BITS:
        return None  # joserfc warns of it
    public = {name: value for name, value in data.items() if name in ("kty", "n", "e", "crv", "x", "y")}
    try:
        key = RSAKey.import_key(public) if data.get("kty") == "RSA" else ECKey.import_key(public)
        kind = "RSA" if isinstance(key, RSAKey) else str(data["crv"])
        if isinstance(key, RSAKey) and not _LEAST_BITS <= key.public_key.key_size <= _MOST_BITS:
            return None
    except (JoseError, KeyError, ValueError, TypeError):
        return None  # of another kind, or malformed; the others are good without it
    key_id, algorithm = data.get("kid"), data.get("alg")
    return IssuerKey(key, key_id if isinstance(key_id, str) else None, kind, algorithm if isinstance(algorithm, str) else None)
