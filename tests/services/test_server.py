"""The settings and certificates of a server, through the whole application."""

from __future__ import annotations

from pathlib import Path

import pytest

from access.people import People
from certificates import make
from contentlib.settings import load
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
