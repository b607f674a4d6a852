"""Signed OVF packages through the whole application."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import signing
from contentlib.library.packages.policies import OVF_DEFAULT
from packages import archive, manifest, package
from services.test_security import trust
from signing import DAY, Signer, make, signed
from whole import HandClock, Whole, told

UPDATES = "/library/item/update-session"
NOT_ALLOWED = "NOT_ALLOWED_IN_CURRENT_STATE"
ALL = [f"{kind}_CERTIFICATE" for kind in ("EXPIRED", "NOT_YET_VALID", "SELF_SIGNED", "UNTRUSTED")]


async def sent(app: Whole, files: Mapping[str, bytes], item: str | None = None) -> str:
    """An update session with these files."""
    session = await app.session(item or await app.item(type="ovf"))
    for name, data in files.items():
        assert (await app.push(session, name, data)).status_code == 200
    return session


async def preview(app: Whole, session: str) -> Any:
    return (await app.rest("GET", f"{UPDATES}/id:{session}"))["preview_info"]


async def ignore(app: Whole, session: str, *kinds: str) -> None:
    behavior = [{"type": kind, "ignored": True} for kind in kinds]
    await app.rest("PATCH", f"{UPDATES}/id:{session}", {"update_spec": {"warning_behavior": behavior}})


async def refused(app: Whole, session: str) -> str:
    """Why a session is not completed; it stays ACTIVE."""
    status, kind, text = await app.refusal("POST", f"{UPDATES}/id:{session}?~action=complete")
    assert (status, kind) == (400, NOT_ALLOWED)
    assert (await app.rest("GET", f"{UPDATES}/id:{session}"))["state"] == "ACTIVE"
    return text


async def verified(app: Whole, item: str) -> tuple[str, bool]:
    """What an item tells of its signature and its compliance."""
    found = await app.rest("GET", f"/library/item/id:{item}")
    return found["certificate_verification_info"]["status"], found["security_compliance"]


@pytest.fixture
def root(tmp_path: Path) -> Signer:
    return make(tmp_path / "root", authority=True, since=-9 * DAY, until=9 * DAY)


async def test_a_package_signed_by_who_an_authority_trusts_is_verified(app: Whole, root: Signer, tmp_path: Path) -> None:
    await trust(app, root.pem)
    signer = make(tmp_path / "signer", root)
    item = await app.item(type="ovf")
    session = await sent(app, signed(signer, root), item)
    assert await preview(app, session) == {
        "state": "AVAILABLE",
        "cert_chain": [signer.base64, root.base64],
        "certificate_info": {
            "issuer": "/O=Lab/CN=root",
            "subject": "/O=Lab/CN=signer",
            "self_signed": False,
            "x509": signer.base64,
        },
        "warnings": [],
    }
    await app.complete(session)
    found = await app.rest("GET", f"/library/item/id:{item}")
    assert found["certificate_verification_info"] == {"status": "VERIFIED", "cert_chain": [signer.base64, root.base64]}
    assert found["security_compliance"] is True


@pytest.mark.parametrize(
    ("since", "until", "alone", "kinds", "says", "status"),
    [
        (-3 * DAY, -2 * DAY, False, ["EXPIRED_CERTIFICATE"], "expired at 2023-11-12 22:13 UTC", "VERIFICATION_FAILURE"),
        (2 * DAY, 3 * DAY, False, ["NOT_YET_VALID_CERTIFICATE"], "not valid before 2023-11-16", "VERIFICATION_FAILURE"),
        (-DAY, DAY, True, ["SELF_SIGNED_CERTIFICATE"], "/O=Lab/CN=signer is self-signed and not trusted", "UNTRUSTED"),
        (-3 * DAY, -DAY, True, ["EXPIRED_CERTIFICATE", "SELF_SIGNED_CERTIFICATE"], "is self-signed", "UNTRUSTED"),
    ],
)
async def test_a_warning_is_shown_and_keeps_a_session_from_completing_until_it_is_ignored(
    app: Whole,
    root: Signer,
    tmp_path: Path,
    since: timedelta,
    until: timedelta,
    alone: bool,
    kinds: list[str],
    says: str,
    status: str,
) -> None:
    await trust(app, root.pem)
    signer = make(tmp_path / "signer", None if alone else root, since=since, until=until)
    item = await app.item(type="ovf")
    session = await sent(app, signed(signer), item)
    warnings = (await preview(app, session))["warnings"]
    assert [(each["type"], each["ignored"]) for each in warnings] == [(kind, False) for kind in kinds]
    assert any(says in each["message"]["default_message"] for each in warnings)
    text = await refused(app, session)
    assert says in text
    assert all(kind in text for kind in kinds)
    others = [kind for kind in ALL if kind not in kinds]
    await ignore(app, session, *others, *kinds[1:])
    assert kinds[0] in await refused(app, session)
    await ignore(app, session, *kinds)
    assert [each["ignored"] for each in (await preview(app, session))["warnings"]] == [True] * len(kinds)
    await app.complete(session)
    assert await verified(app, item) == (status, True)


async def test_warnings_may_be_ignored_from_the_start(app: Whole, root: Signer, tmp_path: Path) -> None:
    item = await app.item(type="ovf")
    behavior = [{"type": "UNTRUSTED_CERTIFICATE", "ignored": True}]
    spec = {"library_item_id": item, "warning_behavior": behavior}
    session = str(await app.rest("POST", UPDATES, {"create_spec": spec}))
    for name, data in signed(make(tmp_path / "signer", root), root).items():
        await app.push(session, name, data)
    (warning,) = (await preview(app, session))["warnings"]
    assert (warning["type"], warning["ignored"]) == ("UNTRUSTED_CERTIFICATE", True)
    await app.complete(session)
    assert await verified(app, item) == ("UNTRUSTED", True)


async def test_an_altered_disk_manifest_or_signature_is_refused_whatever_is_ignored(app: Whole, tmp_path: Path) -> None:
    signer = make(tmp_path / "signer")
    await trust(app, signer.pem)
    whole = signed(signer)
    disk = whole["disk1.vmdk"].swapcase()
    other = signing.certificate_file(make(tmp_path / "other"), whole["tiny.mf"]).split(b"\n", 1)[0]
    mismatch = "signature in 'tiny.cert' does not match manifest 'tiny.mf'"
    altered = [
        ({"disk1.vmdk": disk}, "file 'disk1.vmdk' has SHA256 checksum"),
        ({"tiny.mf": manifest({"tiny.ovf": whole["tiny.ovf"], "disk1.vmdk": disk}), "disk1.vmdk": disk}, mismatch),
        ({"tiny.cert": other + b"\n" + signer.pem.encode()}, mismatch),
    ]
    for changes, says in altered:
        session = await sent(app, {**whole, **changes}, await app.item(type="ovf", library=await app.library()))
        await ignore(app, session, *ALL)
        assert says in await refused(app, session)
        found = await app.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=validate")
        assert says in str(found)


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        (["tiny.mf"], "file 'tiny.cert' signs manifest 'tiny.mf', which is missing"),
        (["disk1.vmdk"], "file 'disk1.vmdk' is not covered by the signature: manifest 'tiny.mf' does not list it"),
    ],
)
async def test_a_signature_covers_the_whole_package(app: Whole, tmp_path: Path, gone: list[str], says: str) -> None:
    files = package()
    files["tiny.mf"] = manifest({name: data for name, data in files.items() if name not in ("tiny.mf", *gone)})
    whole = signed(make(tmp_path / "signer"), files=files)
    session = await sent(app, {name: data for name, data in whole.items() if name not in gone or name == "disk1.vmdk"})
    await ignore(app, session, *ALL)
    assert says in await refused(app, session)


async def test_a_package_has_one_certificate_file(app: Whole, tmp_path: Path) -> None:
    whole = signed(make(tmp_path / "signer"))
    session = await sent(app, {**whole, "b.cert": whole["tiny.cert"]})
    assert "package has two certificate files: 'tiny.cert' and 'b.cert'" in await refused(app, session)


@pytest.mark.parametrize("order", [("tiny.cert", "tiny.mf", "tiny.ovf"), ("tiny.ovf", "tiny.cert", "tiny.mf")])
async def test_a_preview_is_there_when_the_files_that_tell_it_are(app: Whole, tmp_path: Path, order: tuple[str, ...]) -> None:
    whole = signed(make(tmp_path / "signer"))
    session = await app.session(await app.item(type="ovf"))
    assert await preview(app, session) == {"state": "UNAVAILABLE"}
    uploads = [(await app.add(session, name))["upload_endpoint"]["uri"] for name in (*order, "disk1.vmdk")]
    for name, uri in zip(order, uploads, strict=False):
        assert await preview(app, session) == {"state": "PREPARING"}
        await app.client.put(uri, content=whole[name])
    found = await preview(app, session)
    assert (found["state"], found["certificate_info"]["self_signed"]) == ("AVAILABLE", True)
    assert [each["type"] for each in found["warnings"]] == ["SELF_SIGNED_CERTIFICATE"]


async def test_a_signed_archive_is_as_its_files_are(app: Whole, tmp_path: Path) -> None:
    signer = make(tmp_path / "signer")
    item = await app.item()
    session = await sent(app, {"tiny.ova": archive(signed(signer))}, item)
    assert "SELF_SIGNED_CERTIFICATE" in await refused(app, session)
    await trust(app, signer.pem)
    assert (await preview(app, session))["warnings"] == []
    await app.complete(session)
    assert await verified(app, item) == ("VERIFIED", True)
    assert set(await app.content(item)) == {"tiny.ovf", "tiny.mf", "tiny.cert", "disk1.vmdk"}


async def test_a_package_that_is_not_signed_is_taken_and_said_to_be_so(app: Whole) -> None:
    item = await app.item(type="ovf")
    assert "certificate_verification_info" not in await app.rest("GET", f"/library/item/id:{item}")
    session = await sent(app, package(), item)
    assert await preview(app, session) == {"state": "AVAILABLE", "warnings": []}
    await app.complete(session)
    found = await app.rest("GET", f"/library/item/id:{item}")
    assert (found["certificate_verification_info"], found["security_compliance"]) == ({"status": "NOT_AVAILABLE"}, True)


async def test_files_of_another_type_are_not_asked_who_signed_them(app: Whole) -> None:
    item = await app.item(type="iso")
    await app.complete(await sent(app, {"a.iso": b"bytes", "a.cert": b"whatever"}, item))
    found = await app.rest("GET", f"/library/item/id:{item}")
    assert "certificate_verification_info" not in found
    assert found["security_compliance"] is True


# trust comes and goes


async def test_what_is_trusted_changes_with_the_certificates(app: Whole, root: Signer, tmp_path: Path) -> None:
    item = await app.item(library=await app.library(security_policy_id=OVF_DEFAULT.id), type="ovf")
    trusted = await trust(app, root.pem)
    await app.complete(await sent(app, signed(make(tmp_path / "signer", root)), item))
    assert await verified(app, item) == ("VERIFIED", True)
    await app.rest("DELETE", f"/trusted-certificates/id:{trusted}")
    assert await verified(app, item) == ("UNTRUSTED", False)
    await trust(app, root.pem)
    assert await verified(app, item) == ("VERIFIED", True)


async def test_a_package_that_was_valid_when_it_came_stays_verified(
    app: Whole, clock: HandClock, root: Signer, tmp_path: Path
) -> None:
    await trust(app, root.pem)
    item = await app.item(type="ovf")
    await app.complete(await sent(app, signed(make(tmp_path / "signer", root, until=timedelta(minutes=1))), item))
    clock.pass_seconds(120)
    assert await verified(app, item) == ("VERIFIED", True)
    session = await sent(app, {"tiny.mf": package()["tiny.mf"]}, item)
    assert "EXPIRED_CERTIFICATE" in await refused(app, session)


async def test_the_authorities_of_the_system_are_trusted(
    app: Whole, root: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store.pem"
    store.write_text(make(tmp_path / "another", authority=True).pem + root.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    item = await app.item(type="ovf")
    await app.complete(await sent(app, signed(make(tmp_path / "signer", root)), item))
    assert await verified(app, item) == ("VERIFIED", True)


# libraries with a policy


async def test_a_library_with_a_policy_takes_no_package_that_is_not_trusted(app: Whole, tmp_path: Path) -> None:
    library = await app.library(security_policy_id=OVF_DEFAULT.id)
    unsigned = await sent(app, package(), await app.item("unsigned", library))
    signer = make(tmp_path / "signer")
    doubtful = await sent(app, signed(signer), await app.item("doubtful", library))
    await ignore(app, doubtful, *ALL)
    policy = f"the security policy of library {library} requires OVF packages with a trusted signature: "
    assert await refused(app, unsigned) == policy + "the package is not signed"
    assert await refused(app, doubtful) == policy + "certificate /O=Lab/CN=signer is self-signed and not trusted"
    await trust(app, signer.pem)
    await app.complete(doubtful)
    await app.complete(await sent(app, {"a.iso": b"an image"}, await app.item("image", library, type="iso")))


async def test_a_policy_is_no_way_around_it_by_a_copy_an_earlier_version_or_another_type(app: Whole, tmp_path: Path) -> None:
    signer = make(tmp_path / "signer")
    await trust(app, signer.pem)
    item, hidden = await app.item("a", await app.library()), await app.item("b", await app.library("other"), type="other")
    for files in (package(b"first"), signed(signer)):
        await app.complete(await sent(app, files, item))
    await app.complete(await sent(app, package(), hidden))
    model = await app.rest("GET", f"/library/item/id:{item}")
    library = str(model["library_id"])
    for each in (library, (await app.rest("GET", f"/library/item/id:{hidden}"))["library_id"]):
        await app.rest("PATCH", f"/local-library/id:{each}", {"update_spec": {"security_policy_id": OVF_DEFAULT.id}})
    earlier = await app.send("POST", f"/api/contentlib/library/item/{item}/versions/2?action=make-current")
    assert (earlier.status_code, told(earlier)[1]) == (500, "ERROR")
    assert "the package is not signed" in earlier.text
    heard = await app.refusal("PATCH", f"/library/item/id:{hidden}", {"update_spec": {"type": "ovf"}})
    assert heard[:2] == (400, NOT_ALLOWED)
    unsigned = await app.item("c", await app.library("free"), type="ovf")
    await app.complete(await sent(app, package(), unsigned))
    copy = "/library/item/id:{}?~action=copy"
    spec = {"destination_create_spec": {"library_id": library, "name": "copy"}}
    assert (await app.refusal("POST", copy.format(unsigned), spec))[:2] == (400, NOT_ALLOWED)
    made = await app.rest("POST", copy.format(item), spec)
    assert await verified(app, made) == ("VERIFIED", True)


async def test_items_that_were_there_before_a_policy_are_not_compliant_until_it_is_taken_away(app: Whole) -> None:
    library = await app.library()
    item = await app.item(library=library, type="ovf")
    await app.complete(await sent(app, package(), item))
    target = f"/local-library/id:{library}"
    await app.rest("PATCH", target, {"update_spec": {"security_policy_id": OVF_DEFAULT.id}})
    assert await verified(app, item) == ("NOT_AVAILABLE", False)
    await app.rest("PATCH", target, {"update_spec": {"unset_security_policy_id": True}})
    assert await verified(app, item) == ("NOT_AVAILABLE", True)


@pytest.mark.parametrize("line", [True, False], ids=["and a line", "alone"])
async def test_a_package_signed_in_cms_is_verified(app: Whole, root: Signer, tmp_path: Path, line: bool) -> None:
    await trust(app, root.pem)
    signer, files = make(tmp_path / "signer", root), package()
    message = signer.message(files["tiny.mf"], "-binary")
    certificate = signing.certificate_file(signer, files["tiny.mf"]) + message if line else message
    item = await app.item(type="ovf")
    session = await sent(app, {"tiny.cert": certificate, **files}, item)
    found = await preview(app, session)
    assert (found["warnings"], found["certificate_info"]["subject"]) == ([], "/O=Lab/CN=signer")
    await app.complete(session)
    assert await verified(app, item) == ("VERIFIED", True)
    altered = {**files, "tiny.mf": files["tiny.mf"] + b"\n", "tiny.cert": certificate}
    session = await sent(app, altered, await app.item("altered", await app.library()))
    await ignore(app, session, *ALL)
    assert "signature in 'tiny.cert' does not match manifest 'tiny.mf'" in await refused(app, session)


async def test_a_message_is_the_signature_of_the_manifest_of_its_name(app: Whole, tmp_path: Path) -> None:
    files = package()
    files = {**files, "other.mf": manifest({"tiny.ovf": files["tiny.ovf"]})}
    message = make(tmp_path / "signer").message(files["other.mf"], "-binary")
    session = await sent(app, {"other.cert": message, **files})
    await ignore(app, session, *ALL)
    assert "file 'disk1.vmdk' is not covered by the signature: manifest 'other.mf'" in await refused(app, session)
    session = await sent(app, {"third.cert": message, **files}, await app.item("third", await app.library()))
    assert "file 'third.cert' signs manifest 'third.mf', which is missing" in await refused(app, session)
