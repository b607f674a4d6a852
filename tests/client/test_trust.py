"""How the certificate of a server is verified."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from contentlib.client.connection import ServerConnection, presented
from contentlib.client.failures import ClientFailed, NotReached, NotTrusted
from contentlib.client.profiles import Profile
from publisher import publishing


async def body(profile: Profile) -> bytes:
    async with ServerConnection(profile, 0) as connection, connection.exchange("GET", f"{profile.url}/a", {}) as answer:
        return await answer.read()


async def test_a_certificate_is_verified_or_compared(tmp_path: Path) -> None:
    made = certificates.make(tmp_path / "server.pem")
    der = made.certificate.public_bytes(Encoding.DER)
    async with publishing({"/a": b"text"}, made.context()) as server:
        url = server.uri("")
        assert await body(Profile(url, ca=str(made.path))) == b"text"
        for algorithm in (hashlib.sha1, hashlib.sha256):
            assert await body(Profile(url, thumbprint=algorithm(der).hexdigest())) == b"text"
        with pytest.raises(NotTrusted, match="self-signed certificate; log in with --ca FILE"):
            await body(Profile(url))
        with pytest.raises(NotTrusted, match="is not the expected one"):
            await body(Profile(url, thumbprint="0" * 64))
        thumbprint, _ = await presented("127.0.0.1", server.port)
        assert thumbprint.replace(":", "").lower() == hashlib.sha256(der).hexdigest()


async def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    made = certificates.make(tmp_path / "server.pem")
    async with publishing({"/a": b"text"}, made.context(), host="127.0.0.2") as server:
        with pytest.raises(NotTrusted, match="127"):
            await body(Profile(server.uri("", "127.0.0.2"), ca=str(made.path)))


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (Profile("https://lib.example", thumbprint="12:34"), "not a SHA-1 or SHA-256 thumbprint"),
        (Profile("https://lib.example", ca="/nowhere.pem"), r"certificates in /nowhere\.pem cannot be read"),
        (Profile("ftp://lib.example"), r"expected https://HOST\[:PORT\]"),
        (Profile("https://[::1"), "is not usable"),
    ],
)
async def test_what_cannot_be_used_is_explained(profile: Profile, said: str) -> None:
    with pytest.raises(ClientFailed, match=said):
        await body(profile)


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with publishing() as proxy:
        monkeypatch.setenv("http_proxy", proxy.uri(""))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert await body(Profile("http://lib.example")) == b""
        assert [each.path for each in proxy.asked] == ["http://lib.example/a"]
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(NotReached):
            await body(Profile("http://127.0.0.1:9"))
