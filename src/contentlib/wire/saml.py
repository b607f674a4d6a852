"""Reads SAML tokens from requests: `Authorization: SIGN`, `Authorization: Bearer`, and the security context of JSON-RPC."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from contentlib.http.message import Request
from contentlib.vapi.errors import Unauthenticated
from contentlib.vapi.saml import SamlToken
from contentlib.vapi.types import DateTime
from contentlib.wire import messages

LONGEST = 64 * 1024
"""Bytes of a token; real ones are about 6 kB."""
_NONCE_SECONDS = 60
_FIELD = re.compile(r'([A-Za-z_]{1,32})="([^"]*)"(?:\s*,\s*|\s*\Z)')
_MOST_FIELDS = 10
_SIGNED = re.compile(r"(?:RSA-SHA|RS)(256|384|512)")
_BEGINNINGS = ("H4sI", "PH", "PD", "PE")
"""How base64 of gzip and of XML begins; no other bearer token does and has no dot."""


def is_saml(bearer: str) -> bool:
    """Whether a bearer token is a SAML token in base64, compressed or not."""
    return bearer.startswith(_BEGINNINGS) and "." not in bearer


def token_in_head(request: Request, hosts: tuple[str, ...]) -> SamlToken | None:
    """The SAML token in the header Authorization, or None. Raises Unauthenticated if it cannot be read.

    `hosts` are host and port of this server as clients may know them.
    """
    scheme, _, value = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return SamlToken(_unpacked(value.strip())) if is_saml(value.strip()) else None
    if scheme.upper() != "SIGN":
        return None
    fields = _fields(value.strip())
    assertion = _unpacked(fields.get("token", ""))
    return _signed(request, hosts, assertion, fields) if "signature" in fields else SamlToken(assertion)


def _signed(request: Request, hosts: tuple[str, ...], assertion: bytes, fields: Mapping[str, str]) -> SamlToken:
    """What a client signs of a request: nonce, method, path, host, port, and the digest of the body."""
    nonce, found = fields.get("nonce", ""), _SIGNED.fullmatch(fields.get("signature_alg", ""))
    time = nonce.partition(":")[0]
    if found is None or not time.isdecimal() or len(time) > 15:
        raise Unauthenticated(messages.SIGN_MALFORMED())
    digest = _decoded(fields.get("bodyhash", ""))
    if request.headers.get("content-length", "0") == "0" and digest != hashlib.new(f"sha{found[1]}").digest():
        raise Unauthenticated(messages.SIGN_MALFORMED())
    created = int(time)
    heads = ["\n".join((nonce, request.method, unquote(request.path), *_name_and_port(host))) for host in hosts]
    signed = tuple(f"{head}\n".encode() + digest + b"\n" for head in heads)
    return SamlToken(assertion, signed, _decoded(fields["signature"]), found[1], created, created + _NONCE_SECONDS * 1000)


def _name_and_port(host: str) -> tuple[str, str]:
    """Host and port as they are signed; without a port, clients sign that of plain HTTP."""
    name, colon, port = host.lower().rpartition(":")
    return (name, port) if colon and port.isdecimal() else (host.lower(), "80")


def token_in_context(security: Mapping[str, Any], request: Mapping[str, Any], *, signed: bool) -> SamlToken:
    """The token of the security context of a JSON-RPC request, which is signed without its signature."""
    if not signed:
        return SamlToken(_text(security.get("samlToken")))
    signature, times = security.get("signature"), security.get("timestamp")
    found = _SIGNED.fullmatch(str(security.get("signatureAlgorithm")))
    if not isinstance(signature, dict) or not isinstance(times, dict) or found is None:
        raise Unauthenticated(messages.SIGNATURE_MALFORMED())
    try:
        created, expires = (DateTime.parse(str(times.get(each))).milliseconds for each in ("created", "expires"))
    except ValueError as error:
        raise Unauthenticated(messages.SIGNATURE_MALFORMED()) from error
    rest = {name: value for name, value in security.items() if name != "signature"}
    params = request["params"] | {"ctx": request["params"]["ctx"] | {"securityCtx": rest}}
    message = json.dumps({**request, "params": params}, sort_keys=True, separators=(",", ":")).encode("ascii")
    value = _decoded(str(signature.get("value")))
    return SamlToken(_text(signature.get("samlToken")), (message,), value, found[1], created, expires)


def _text(raw: Any) -> bytes:
    """A token, tagged as a secret or not."""
    if isinstance(raw, dict):
        raw = raw.get("SECRET")
    if not isinstance(raw, str) or len(raw) > LONGEST:
        raise Unauthenticated(messages.SIGNATURE_MALFORMED())
    return raw.encode("utf-8", "surrogatepass")


def _fields(text: str) -> dict[str, str]:
    """The fields of a header SIGN, by their names in lower case."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(text) and len(fields) <= _MOST_FIELDS:
        found = _FIELD.match(text, at)
        if found is None or found[1].lower() in fields:
            raise Unauthenticated(messages.SIGN_MALFORMED())
        fields[found[1].lower()] = found[2]
        at = found.end()
    return fields


def _unpacked(text: str) -> bytes:
    """A token that is encoded in base64, and usually compressed. It may unpack to LONGEST bytes."""
    data = _decoded(text)
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(data, LONGEST)
    except zlib.error as error:
        raise Unauthenticated(messages.SIGN_MALFORMED()) from error
    if not unpacking.eof:
        raise Unauthenticated(messages.SIGN_MALFORMED())
    return unpacked


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated(messages.SIGN_MALFORMED()) from error
