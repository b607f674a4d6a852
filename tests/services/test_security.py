"""com.vmware.content.trusted_certificates and .security_policies, as their callers see them."""

from __future__ import annotations

from pathlib import Path

import pytest

import signing
from contentlib.library.packages.policies import OVF_DEFAULT
from whole import Whole

TRUSTED = "/trusted-certificates"


async def trust(app: Whole, text: str) -> str:
    return str(await app.rest("POST", TRUSTED, {"spec": {"cert_text": text}}))


async def test_a_certificate_is_trusted_under_the_digest_of_its_bytes_until_it_is_deleted(app: Whole, tmp_path: Path) -> None:
    authority, signer = signing.make(tmp_path / "ca", authority=True), signing.make(tmp_path / "signer")
    assert [await trust(app, each.pem) for each in (authority, signer)] == [authority.id, signer.id]
    assert await app.rest("GET", TRUSTED) == {
        "certificates": [
            {"certificate": each.id, "cert_text": each.pem} for each in sorted((authority, signer), key=lambda each: each.id)
        ]
    }
    assert await app.rest("GET", f"{TRUSTED}/id:{signer.id}") == {"cert_text": signer.pem}
    await app.rest("DELETE", f"{TRUSTED}/id:{signer.id}")
    missing = (404, "NOT_FOUND", f"trusted certificate {signer.id!r} does not exist")
    assert await app.refusal("GET", f"{TRUSTED}/id:{signer.id}") == missing
    assert await app.refusal("DELETE", f"{TRUSTED}/id:{signer.id}") == missing
    assert [each["certificate"] for each in (await app.rest("GET", TRUSTED))["certificates"]] == [authority.id]


async def test_a_certificate_that_is_trusted_already_keeps_its_identifier(app: Whole, tmp_path: Path) -> None:
    made = signing.make(tmp_path / "ca", authority=True)
    in_one_line = made.pem.replace("\n", "\\n")
    as_windows_writes = made.pem.replace("\n", "\r\n")
    assert {await trust(app, text) for text in (made.pem, in_one_line, as_windows_writes)} == {made.id}
    assert len((await app.rest("GET", TRUSTED))["certificates"]) == 1


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0"])
async def test_what_is_no_certificate_is_an_invalid_argument(app: Whole, text: str) -> None:
    heard = await app.refusal("POST", TRUSTED, {"spec": {"cert_text": text}})
    assert heard == (400, "INVALID_ARGUMENT", "spec.cert_text must be a certificate in PEM format")


async def test_two_certificates_at_once_are_an_invalid_argument(app: Whole, tmp_path: Path) -> None:
    text = signing.make(tmp_path / "a").pem + signing.make(tmp_path / "b").pem
    status, kind, told = await app.refusal("POST", TRUSTED, {"spec": {"cert_text": text}})
    assert (status, kind, told) == (
        400,
        "INVALID_ARGUMENT",
        "spec.cert_text contains 2 certificates; add each in a separate call",
    )
    assert await app.rest("GET", TRUSTED) == {"certificates": []}


async def test_there_is_one_security_policy_for_ovf_packages(app: Whole) -> None:
    rule = "OVF_STRICT_VERIFICATION"
    assert await app.rest("GET", "/security-policies") == [
        {"item_type_rules": [{"key": "ovf", "value": rule}], "name": "OVF default policy", "policy": OVF_DEFAULT.id}
    ]
    assert {each["type"]: each.get("supported_rules") for each in await app.rest("GET", "/type")} == {
        "ovf": [rule],
        "iso": None,
    }


@pytest.mark.parametrize("policy", ["", "nothing"])
async def test_a_policy_that_is_not_there_is_an_invalid_argument(app: Whole, policy: str) -> None:
    told = f"security_policy_id: unknown security policy {policy!r}; available: {OVF_DEFAULT.id} (OVF default policy)"
    spec = {"name": "lab", "security_policy_id": policy}
    heard = await app.refusal("POST", "/local-library", {"create_spec": spec})
    assert heard == (400, "INVALID_ARGUMENT", f"create_spec.{told}")
    target = f"/local-library/id:{await app.library()}"
    heard = await app.refusal("PATCH", target, {"update_spec": {"security_policy_id": policy}})
    assert heard == (400, "INVALID_ARGUMENT", f"update_spec.{told}")
