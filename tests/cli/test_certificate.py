from __future__ import annotations

import ipaddress
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contentlib.cli import certificate
from contentlib.cli.certificate import ServerCertificate
from contentlib.settings import Settings


def made(tmp_path: Path, **settings: object) -> ServerCertificate:
    own = certificate.of(Settings.model_validate({"data_dir": tmp_path, **settings}))
    assert own is not None
    return own


def test_a_certificate_is_made_for_every_name_of_the_server(tmp_path: Path) -> None:
    own = made(tmp_path, listen="192.0.2.7:8443", public_url="https://images.example.org")
    read = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "images.example.org"} <= set(names.get_values_for_type(x509.DNSName))
    expected = {ipaddress.ip_address(each) for each in ("127.0.0.1", "::1", "192.0.2.7")}
    assert set(names.get_values_for_type(x509.IPAddress)) == expected
    assert read.not_valid_after_utc - read.not_valid_before_utc > timedelta(days=3650)


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    own = made(tmp_path)
    assert own.key.stat().st_mode & 0o777 == 0o600
    key = serialization.load_pem_private_key(own.key.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert own.key.read_text().startswith("-----BEGIN PRIVATE KEY-----")


def test_clients_can_trust_the_certificate_by_its_file(tmp_path: Path) -> None:
    own = made(tmp_path)
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(own.certificate))
    server.load_cert_chain(own.certificate, own.key)
    assert shaken_hands(server, client, "localhost")


def shaken_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(back, there, server_hostname=name), server.wrap_bio(there, back, server_side=True)]
    done = [False, False]
    for _ in range(5):
        for number, side in enumerate(sides):
            try:
                side.do_handshake()
                done[number] = True
            except ssl.SSLWantReadError:
                continue
    return all(done)


def test_a_certificate_is_made_only_once(tmp_path: Path) -> None:
    first = made(tmp_path).thumbprint("sha256")
    assert made(tmp_path).thumbprint("sha256") == first


def test_a_half_made_certificate_is_made_anew(tmp_path: Path) -> None:
    made(tmp_path).certificate.unlink()
    own = made(tmp_path)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(own.certificate, own.key)


def test_thumbprints_are_those_of_the_certificate(tmp_path: Path) -> None:
    own = made(tmp_path)
    read = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    assert own.thumbprint("sha1") == read.fingerprint(hashes.SHA1()).hex(":").upper()
    assert own.thumbprint("sha256") == read.fingerprint(hashes.SHA256()).hex(":").upper()


def test_the_thumbprint_of_a_chain_is_that_of_its_first_certificate(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, other = made(tmp_path), made(tmp_path / "other")
    chain = tmp_path / "chain.pem"
    chain.write_text("a comment\n" + one.certificate.read_text() + other.certificate.read_text())
    assert ServerCertificate(chain, one.key).thumbprint("sha1") == one.thumbprint("sha1")


def test_a_file_without_a_certificate_is_said(tmp_path: Path) -> None:
    own = made(tmp_path)
    with pytest.raises(RuntimeError, match=r"key\.pem contains no certificate"):
        ServerCertificate(own.key, own.key).thumbprint("sha1")


def test_plain_http_needs_no_certificate(tmp_path: Path) -> None:
    assert certificate.of(Settings(data_dir=tmp_path, tls=False)) is None
