"""A small identity provider on a loopback socket, with keys of its own, that can be made to behave badly."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, SECRET, AUDIENCE = "contentlib", "client: secret/1", "https://lib.example"
ANN: Mapping[str, Any] = {
    "sub": "4711",
    "preferred_username": "ann@corp.example",
    "name": "Ann A.",
    "email": "ann@mail.example",
    "groups": ["/staff"],
}


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key by its name; keys take long to make."""
    del name
    return rsa.generate_private_key(65537, bits)


def b64(data: bytes) -> str:
    """Data as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    """A number as keys have it."""
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


def jwk(key: rsa.RSAPrivateKey, kid: str, **more: str) -> dict[str, str]:
    """The public half of a key, as a JWK."""
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "use": "sig", "n": number(numbers.n), "e": number(numbers.e), **more}


def compact(header: Mapping[str, Any], claims: object, key: object) -> str:
    """A token signed with a key: RS256, ES256, HS256 with bytes, or without a signature."""
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(_signature(text.encode(), key))}"


def _signature(data: bytes, key: object) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    if isinstance(key, bytes):
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(data)
        return mac.finalize()
    return b""


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half of a key, as everyone can read it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


@dataclass
class Login:
    """A login that the provider has confirmed: what its code is exchanged for."""

    query: Mapping[str, str]
    claims: Mapping[str, Any]


@dataclass
class Issuer:
    """The provider. `changes` replace what it publishes of itself; a path in `held` is not answered until `release`.

    `id_claims` replace claims of ID tokens; `reuses` accepts codes again; `extra` is in every answer to a code.
    """

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"one": rsa_key("one")})
    changes: dict[str, Any] = field(default_factory=dict)
    id_claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    reuses: bool = False
    held: set[str] = field(default_factory=set)
    statuses: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    asked: Counter[str] = field(default_factory=Counter)
    logins: dict[str, Login] = field(default_factory=dict)
    now: float | None = None

    def time(self) -> float:
        """The provider's clock."""
        return time.time() if self.now is None else self.now

    def token(self, header: Mapping[str, Any] | None = None, key: object = None, **changes: Any) -> str:
        """An access token of Ann; a claim that is None is left out."""
        now = int(self.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + 300, **ANN, **changes}
        kid, first = next(iter(self.keys.items()))
        head = {"alg": "RS256", "kid": kid, "typ": "at+jwt"} if header is None else header
        return compact(head, {name: each for name, each in claims.items() if each is not None}, first if key is None else key)

    def confirm(self, location: str, claims: Mapping[str, Any] = ANN) -> dict[str, str]:
        """Logs in at the address that a browser was sent to; what it brings back."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.url}/authorize?")
        code = f"code-{len(self.logins)}"
        self.logins[code] = Login(query, claims)
        return {"code": code, "state": query["state"], "iss": self.url}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        path = request.path
        self.asked[path] += 1
        if path in self.held:
            self.holding.set()
            await self.released.wait()
        if path in self.statuses:
            return web.json_response({"error": "server_error"}, status=self.statuses[path])
        if path in self.bodies:
            return web.Response(body=self.bodies[path], content_type="application/json")
        match path:
            case "/.well-known/openid-configuration":
                return web.json_response(self._document())
            case "/jwks":
                return web.json_response({"keys": [jwk(key, kid) for kid, key in self.keys.items()]})
            case "/token":
                return self._redeem(request, await request.post())
            case "/userinfo" if self.userinfo is not None:
                assert request.headers["authorization"] == "Bearer opaque"
                return web.json_response(self.userinfo)
        return web.json_response({}, status=404)

    def _document(self) -> dict[str, Any]:
        endpoints = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/logout",
        }
        more = {} if self.userinfo is None else {"userinfo_endpoint": f"{self.url}/userinfo"}
        return endpoints | more | self.changes

    def _redeem(self, request: web.BaseRequest, form: Mapping[str, Any]) -> web.Response:
        basic = base64.b64encode(f"{CLIENT}:client%3A%20secret%2F1".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return web.json_response({"error": "invalid_client"}, status=401)
        login = self.logins.get(form["code"]) if self.reuses else self.logins.pop(form["code"], None)
        proof = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if login is None or login.query["code_challenge"] != proof or login.query["redirect_uri"] != form["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        named = {"aud": CLIENT, "nonce": login.query["nonce"], **login.claims, **self.id_claims}
        kid = next(iter(self.keys))
        token = self.token({"alg": "RS256", "kid": kid, "typ": "JWT"}, **named)
        return web.json_response({"access_token": "opaque", "token_type": "Bearer", "id_token": token})


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """An identity provider that listens on a free port."""
    issuer = Issuer()
    runner = web.ServerRunner(web.Server(issuer.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield issuer
    finally:
        issuer.released.set()
        await runner.cleanup()


def table(issuer: Issuer, **more: Any) -> dict[str, Any]:
    """The table `[[oidc]]` of a provider."""
    common = {"name": "corp", "issuer": issuer.url, "client_id": CLIENT, "client_secret": SECRET, "insecure_loopback": True}
    return {**common, "audience": [AUDIENCE], **more}
