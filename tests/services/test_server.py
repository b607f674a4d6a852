"""The settings and certificates of a server, through the whole application."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from access.people import People
from backends import BACKEND
from certificates import make
from contentlib.library.model import TrustedCertificate
from contentlib.settings import load
from signing import DAY, START, pem
from signing import make as signing_make
from whole import HandClock, Whole, whole

SETTINGS, CERTIFICATES = "/api/contentlib/server/settings", "/api/contentlib/server/certificates"


@pytest.fixture
def people(app: Whole) -> People:
    return People(app)


async def test_each_setting_has_its_value_and_its_source(app: Whole) -> None:
    found = {each["name"]: each for each in (await app.send("GET", SETTINGS)).json()}
    assert found["admin_name"]["value"] == "administrator@vsphere.local"
    assert found["admin_name"]["source"] == "default"
    assert found["data_dir"]["value"] == str(app.settings.data_dir)
    assert {len(each) for each in found.values()} == {6}


async def test_no_secret_is_shown(app: Whole) -> None:
    text = (await app.send("GET", SETTINGS)).text
    given = app.settings.admin_password
    assert given is not None
    assert given.get_secret_value() not in text


async def test_settings_are_for_administrators(app: Whole, people: People) -> None:
    user = await people.user("robin")
    _, secret = await people.token(user)
    await people.permit(user, "content user", await app.library())
    assert (await people.as_user("GET", SETTINGS, secret)).status_code == 403


def test_a_setting_knows_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "contentlib.toml"
    file.write_text("lease_seconds = 77\n")
    monkeypatch.setenv("CONTENTLIB_COLLECT_GRACE_SECONDS", "88")
    monkeypatch.delenv("CONTENTLIB_TEST_BACKEND", raising=False)
    settings = load(file, {"data_dir": tmp_path}).settings
    assert settings.source("lease_seconds") == f"file {file}"
    assert settings.source("collect_grace_seconds") == "environment CONTENTLIB_COLLECT_GRACE_SECONDS"
    assert (settings.source("data_dir"), settings.source("listen")) == ("command line", "default")


async def test_certificates_are_described(data_dir: Path, clock: HandClock, tmp_path: Path) -> None:
    own, signer = make(tmp_path / "own.pem"), make(tmp_path / "signer.pem", authority=True)
    async with whole(data_dir, clock, own.pem.encode()) as app:
        trusted = await app.rest("POST", "/trusted-certificates", {"spec": {"cert_text": signer.pem}})
        first, second = (await app.send("GET", CERTIFICATES)).json()
    assert (first["purpose"], first["subject"], first["names"]) == ("SERVER", "CN=own", ["localhost", "127.0.0.1"])
    assert first["sha256"].replace(":", "").lower() == own.thumbprint("sha256")
    assert (first["authority"], "certificate" in first) == (False, False)
    assert (second["purpose"], second["certificate"], second["authority"]) == ("TRUSTED", trusted, True)
    assert second["not_before"] < second["not_after"]


@pytest.mark.parametrize("kind", ["two extensions", "a name of another kind", "an extension that cannot be read"])
async def test_a_strange_certificate_is_described(app: Whole, tmp_path: Path, kind: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "strange")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, START - DAY, START + DAY)
    value = {"two extensions": b"\x30\x00", "a name of another kind": b"\x30\x04\xa3\x02\x05\x00"}.get(kind, b"\xff")
    made = made.add_extension(x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, value), critical=False)
    made = made.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.98"), b"\x30\x00"), critical=False)
    data = made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    if kind == "two extensions":
        data = data.replace(b"\x55\x1d\x62", b"\x55\x1d\x11")
    await app.rest("POST", "/trusted-certificates", {"spec": {"cert_text": pem(data)}})
    (found,) = (await app.send("GET", CERTIFICATES)).json()
    assert (found["subject"], found["names"], found["authority"]) == ("CN=strange", [], False)


async def test_a_certificate_without_a_readable_name_is_not_trusted(app: Whole, tmp_path: Path) -> None:
    signer = signing_make(tmp_path / "signer")
    name = signer.certificate.subject.public_bytes()
    broken = pem(signer.der.replace(name, name[:-1] + b"\xff"))
    refused = await app.send("POST", "/api/content/trusted-certificates", {"cert_text": broken})
    assert refused.status_code == 400
    store = BACKEND.open_rows(app.settings.data_dir / "contentlib.db")
    async with store.transaction(durable=False) as transaction:  # an earlier version has added one
        await transaction.trusted_certificates.add(TrustedCertificate("strange", broken, 1))
    await store.close()
    assert (await app.send("GET", CERTIFICATES)).json() == []
    assert (await app.send("GET", "/api/contentlib/overview")).status_code == 200
