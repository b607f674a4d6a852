"""Certificate files, and who is trusted to sign."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

import signing
from contentlib.library.model import WarningType
from contentlib.library.packages import cms, signatures
from contentlib.library.packages.ovf import BadPackage
from contentlib.library.packages.signatures import (
    Anchors,
    doubts,
    read_authorities,
    read_certificate,
    read_pem,
    signer_of,
)
from signing import CODE, DAY, SERVER, START, Signer, certificate_file, make

MANIFEST = b"SHA256(tiny.ovf)= 00\n"
EXPIRED, EARLY = WarningType.EXPIRED_CERTIFICATE, WarningType.NOT_YET_VALID_CERTIFICATE
SELF, UNTRUSTED = WarningType.SELF_SIGNED_CERTIFICATE, WarningType.UNTRUSTED_CERTIFICATE


def warnings(chain: list[Signer], *trusted: Signer, after: timedelta = timedelta()) -> list[WarningType]:
    anchors = Anchors(each.certificate for each in trusted)
    moment = int((START + after).timestamp() * 1000)
    return [each.type for each in doubts([each.base64 for each in chain], (Anchors(), anchors), moment)]


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_what_openssl_signed_is_verified(tmp_path: Path, algorithm: str, key: signing.Key) -> None:
    signer, other = make(tmp_path / "signer", key=key), make(tmp_path / "other")
    found = read_certificate("a.cert", certificate_file(signer, MANIFEST, other, algorithm=algorithm))
    assert found.manifest == "tiny.mf"
    assert found.chain(MANIFEST) == (signer.base64, other.base64)
    assert found.chain(MANIFEST + b"\n") == ()


@pytest.mark.parametrize(
    "line",
    ["SHA256(a.mf)= {}", "SHA256 (a.mf) = {}", "SHA-256(a.mf)={}", "RSA-SHA2-256(a.mf)= {}", "EC-SHA256(a.mf)= {}", "sha256"],
)
def test_a_signature_is_read_however_it_is_spelled(tmp_path: Path, line: str) -> None:
    signer = make(tmp_path / "signer")
    text = line.format(signer.sign(MANIFEST)).replace("\n", "\r\n") + "\r\nBag attributes\r\n" + signer.pem
    if line == "sha256":
        with pytest.raises(BadPackage, match="contains no signature"):
            read_certificate("a.cert", text.encode())
    else:
        assert read_certificate("a.cert", b"\xef\xbb\xbf" + text.encode()).chain(MANIFEST) == (signer.base64,)


def test_the_signer_is_the_first_of_the_chain_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    authority = make(tmp_path / "ca", authority=True)
    signer = make(tmp_path / "signer", authority)
    text = f"SHA256(a.mf)= {signer.sign(MANIFEST)}\n{authority.pem}{signer.pem}"
    chain = read_certificate("a.cert", text.encode()).chain(MANIFEST)
    assert chain == (signer.base64, authority.base64)
    found = signer_of(chain)
    assert (found.subject, found.issuer, found.self_signed) == ("/O=Lab/CN=signer", "/O=Lab/CN=ca", False)
    assert signer_of(chain[1:]).self_signed


def test_a_key_that_signs_no_manifests_is_nobodys(tmp_path: Path) -> None:
    signer = make(tmp_path / "signer", authority=True)
    foreign = make(tmp_path / "foreign", signer, key=ed25519.Ed25519PrivateKey.generate())  # type: ignore[arg-type]  # on purpose
    text = f"SHA256(a.mf)= {signer.sign(MANIFEST)}\n{foreign.pem}"
    assert read_certificate("a.cert", text.encode()).chain(MANIFEST) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "contains no signature"),
        (b"SHA256(a.mf)= 0\n", "contains no signature"),
        (b"MD5(a.mf)= 00\n", "contains no signature"),
        (b"SHA256(a.mf)= 00\n", "contains no readable certificate"),
        (
            b"SHA256(a.mf)= 00\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "contains no readable certificate",
        ),
    ],
)
def test_a_file_that_is_no_certificate_says_what_is_missing(text: bytes, told: str) -> None:
    with pytest.raises(BadPackage, match=told):
        read_certificate("a.cert", text)


def test_a_file_of_very_many_certificates_is_refused(tmp_path: Path) -> None:
    signer = make(tmp_path / "signer")
    with pytest.raises(BadPackage, match="contains 21 certificates; at most 20 are allowed"):
        read_certificate("a.cert", certificate_file(signer, MANIFEST, *[signer] * 20))


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_in_another_way(data: bytes) -> None:
    text = b"SHA256(a.mf)= 00\n-----BEGIN CERTIFICATE-----\n" + base64.b64encode(data) + b"\n-----END CERTIFICATE-----\n"
    with pytest.raises(BadPackage):
        read_certificate("a.cert", text)


@pytest.mark.parametrize("form", ["line", "message", "trusted"])
def test_a_certificate_whose_name_cannot_be_read_is_none(tmp_path: Path, form: str) -> None:
    signer = make(tmp_path / "signer")
    name = signer.certificate.subject.public_bytes()
    broken = signer.der.replace(name, name[:-1] + b"\xff")
    pem = signing.pem(broken)
    if form == "trusted":
        assert (read_pem(signer.pem), read_pem(pem)) == ([signer.certificate], [])
        assert read_authorities([signer.der, broken]) == [signer.certificate]
        return
    text = certificate_file(signer, MANIFEST).replace(signer.pem.encode(), pem.encode())
    if form == "message":
        made = base64.b64decode(b"".join(signer.message(MANIFEST, "-binary").splitlines()[1:-1]))
        text = armored(made.replace(signer.der, broken))
    with pytest.raises(BadPackage, match=r"contains no readable certificate|not a signature in DER format"):
        read_certificate("a.cert", text)


# signatures in CMS


RSA_KEY = rsa.generate_private_key(65537, 2048)


def chain(text: bytes, manifest: bytes = MANIFEST) -> tuple[str, ...]:
    return read_certificate("a.cert", text).chain(manifest)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), RSA_KEY], ids=["ec", "rsa"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("options", [(), ("-noattr",), ("-nodetach",)], ids=["detached", "without attributes", "with content"])
def test_a_message_of_openssl_is_verified(tmp_path: Path, key: signing.Key, algorithm: str, options: tuple[str, ...]) -> None:
    signer = make(tmp_path / "signer", key=key)
    text = signer.message(MANIFEST, "-binary", "-md", algorithm, *options)
    assert chain(text) == (signer.base64,)
    assert chain(text, MANIFEST + b"\n") == ()
    assert read_certificate("a.cert", text).manifest is None


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("smime", ("-binary",)),
        ("cms", ("-binary", "-keyid")),
        ("cms", ("-binary", "-keyopt", "rsa_padding_mode:pss")),
        ("cms", ("-binary", "-nosmimecap", "-cades")),
    ],
)
def test_messages_of_other_kinds_are_verified(tmp_path: Path, command: str, options: tuple[str, ...]) -> None:
    signer = make(tmp_path / "signer", key=RSA_KEY)
    text = signer.message(MANIFEST, *options, command=command)
    assert chain(text) == (signer.base64,)
    assert chain(text, MANIFEST + b"\n") == ()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_manifest_that_was_signed_as_a_text_is_verified(tmp_path: Path, end: bytes) -> None:
    """As OpenSSL does where nobody says -binary: its own verification does the same."""
    signer, manifest = make(tmp_path / "signer"), MANIFEST.replace(b"\n", end)
    text = signer.message(manifest)
    assert chain(text, manifest) == (signer.base64,)
    assert chain(text, manifest.replace(b"00", b"01")) == ()


def test_a_message_brings_the_certificates_of_authorities(tmp_path: Path) -> None:
    authority = make(tmp_path / "ca", authority=True)
    signer = make(tmp_path / "signer", authority)
    (tmp_path / "ca.pem").write_text(authority.pem)
    text = signer.message(MANIFEST, "-binary", "-certfile", str(tmp_path / "ca.pem"))
    assert chain(text) == (signer.base64, authority.base64)
    alone = signer.message(MANIFEST, "-binary", "-nocerts")
    assert chain(alone + (signer.pem + authority.pem).encode()) == (signer.base64, authority.base64)


def test_a_line_and_a_message_have_to_hold_both(tmp_path: Path) -> None:
    signer, other = make(tmp_path / "signer"), make(tmp_path / "other")
    line = certificate_file(signer, MANIFEST)
    assert chain(line + signer.message(MANIFEST, "-binary")) == (signer.base64,)
    assert chain(line + other.message(MANIFEST, "-binary")) == (signer.base64, other.base64)
    assert chain(line + signer.message(MANIFEST + b"\n", "-binary")) == ()
    assert chain(certificate_file(signer, b"") + signer.message(MANIFEST, "-binary")) == ()
    assert read_certificate("a.cert", line + signer.message(MANIFEST)).manifest == "tiny.mf"


def test_a_message_that_holds_certificates_alone_signs_nothing(tmp_path: Path) -> None:
    authority = make(tmp_path / "ca", authority=True)
    signer = make(tmp_path / "signer", authority)
    command = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin"]
    text = subprocess.run(command, input=authority.pem.encode(), stdout=subprocess.PIPE, check=True).stdout
    assert chain(certificate_file(signer, MANIFEST) + text) == (signer.base64, authority.base64)
    with pytest.raises(BadPackage, match="contains no signature"):
        read_certificate("a.cert", text)


def test_a_message_whose_attributes_were_changed_is_nobodys(tmp_path: Path) -> None:
    signer = make(tmp_path / "signer")
    text = signer.message(MANIFEST, "-binary")
    wrong, right = (hashlib.sha256(each).digest() for each in (b"wrong", MANIFEST))
    data = base64.b64decode(b"".join(text.splitlines()[1:-1]))
    forged = armored(data.replace(right, wrong))
    assert data.count(right) == 1
    assert chain(forged, b"wrong") == chain(forged) == ()


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n", "contains an unusable CMS message: not a signature in DER"),
        (b"-----BEGIN PKCS7-----\nAAA\n-----END PKCS7-----\n", "contains an unusable CMS message: not base64"),
    ],
)
def test_a_message_that_cannot_be_read_is_told(message: bytes, told: str) -> None:
    with pytest.raises(BadPackage, match=told):
        read_certificate("a.cert", message)


@pytest.fixture(scope="module")
def message(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A message that another program has made: cryptography itself."""
    signer = make(tmp_path_factory.mktemp("message") / "signer", key=RSA_KEY)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(MANIFEST).add_signer(signer.certificate, RSA_KEY, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])


def armored(message: bytes) -> bytes:
    return b"-----BEGIN CMS-----\n" + base64.encodebytes(message) + b"-----END CMS-----\n"


def test_a_message_of_another_program_is_verified(message: bytes) -> None:
    assert len(chain(armored(message))) == 1
    assert chain(armored(message), b"") == ()


def test_a_message_over_a_digest_that_is_not_known_is_told(message: bytes) -> None:
    sha256, sha3_256 = bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040208")
    with pytest.raises(BadPackage, match=r"unsupported digest 2.16.840.1.101.3.4.2.8"):
        read_certificate("a.cert", armored(message.replace(sha256, sha3_256)))


def test_a_message_that_was_streamed_is_told(tmp_path: Path) -> None:
    text = make(tmp_path / "signer").message(MANIFEST, "-binary", "-nodetach", "-stream")
    with pytest.raises(BadPackage, match="contains an unusable CMS message: not a signature in DER"):
        read_certificate("a.cert", text)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of serial numbers below one
@settings(max_examples=500)
@given(st.binary(max_size=40), st.integers(min_value=0, max_value=2000))
def test_no_message_makes_reading_fail_in_another_way(message: bytes, junk: bytes, at: int) -> None:
    start = at % len(message)
    changed = message[:start] + junk + message[start + len(junk) :]
    with contextlib.suppress(BadPackage):
        read_certificate("a.cert", armored(changed)).chain(MANIFEST)


# who is trusted


def test_who_an_authority_has_signed_is_trusted_with_it(tmp_path: Path) -> None:
    root = make(tmp_path / "root", authority=True)
    middle = make(tmp_path / "middle", root, authority=True)
    signer = make(tmp_path / "signer", middle)
    assert warnings([signer, middle], root) == []
    assert warnings([signer, root, middle], root) == []
    assert warnings([signer], root, middle) == []
    assert warnings([signer], middle) == []
    assert warnings([signer, middle], middle) == []
    assert warnings([signer], root) == [UNTRUSTED]
    assert warnings([signer, middle, root]) == [UNTRUSTED]


def made_by_openssl(directory: Path, digest: str) -> tuple[x509.Certificate, x509.Certificate]:
    """An authority, and a signer without extensions: a certificate of version 1 in OpenSSL up to 3.1."""
    commands = [
        f"req -x509 -newkey rsa:2048 -nodes -{digest} -keyout ca.key -out ca.pem -subj /CN=ca",
        "req -newkey rsa:2048 -nodes -keyout signer.key -out signer.csr -subj /CN=signer",
        f"x509 -req -{digest} -in signer.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out signer.pem",
    ]
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)
    authority, signer = (x509.load_pem_x509_certificate((directory / name).read_bytes()) for name in ("ca.pem", "signer.pem"))
    return authority, signer


@pytest.mark.parametrize(("digest", "found"), [("sha256", []), ("sha512", []), ("sha1", [UNTRUSTED])])
def test_the_plainest_certificates_of_openssl_are_trusted_but_for_sha1(
    tmp_path: Path, digest: str, found: list[WarningType]
) -> None:
    authority, signer = made_by_openssl(tmp_path, digest)
    now = int(time.time() * 1000)
    chain, alone = [[base64.b64encode(each.public_bytes(Encoding.DER)).decode()] for each in (signer, authority)]
    assert [each.type for each in doubts(chain, (Anchors([authority]),), now)] == found
    assert [each.type for each in doubts(alone, (Anchors(),), now)] == [SELF]
    assert doubts(alone, (Anchors([authority]),), now) == ()


def test_a_certificate_that_is_trusted_itself_needs_no_authority(tmp_path: Path) -> None:
    alone = make(tmp_path / "alone")
    other = make(tmp_path / "other", make(tmp_path / "ca", authority=True), purposes=(SERVER,))
    assert warnings([alone]) == [SELF]
    assert warnings([alone], alone) == []
    assert warnings([other], other) == []
    assert warnings([alone], make(tmp_path / "alone")) == [SELF]


@pytest.mark.parametrize("trusted", [True, False])
def test_the_time_counts_whoever_is_trusted(tmp_path: Path, trusted: bool) -> None:
    root = make(tmp_path / "root", authority=True, since=-9 * DAY, until=9 * DAY)
    signer = make(tmp_path / "signer", root)
    roots, distrust = ([root], []) if trusted else ([], [UNTRUSTED])
    assert warnings([signer], *roots, after=2 * DAY) == [EXPIRED, *distrust]
    assert warnings([signer], *roots, after=-2 * DAY) == [EARLY, *distrust]
    assert warnings([signer], *roots) == distrust


def test_an_authority_that_has_expired_makes_nobody_trusted(tmp_path: Path) -> None:
    root = make(tmp_path / "root", authority=True, since=-9 * DAY, until=9 * DAY)
    middle = make(tmp_path / "middle", root, authority=True)
    signer = make(tmp_path / "signer", middle, since=-9 * DAY, until=9 * DAY)
    assert warnings([signer, middle], root) == []
    assert warnings([signer, middle], root, after=2 * DAY) == [UNTRUSTED]
    assert warnings([signer], middle, after=2 * DAY) == [UNTRUSTED]


def test_who_is_no_authority_makes_nobody_trusted(tmp_path: Path) -> None:
    root = make(tmp_path / "root", authority=True)
    anybody = make(tmp_path / "anybody", root)
    assert warnings([make(tmp_path / "signer", anybody), anybody], root) == [UNTRUSTED]
    assert warnings([make(tmp_path / "signer", anybody)], anybody) == [UNTRUSTED]


def test_an_authority_for_one_level_makes_nobody_below_it_trusted(tmp_path: Path) -> None:
    root = make(tmp_path / "root", authority=True, path_length=0)
    middle = make(tmp_path / "middle", root, authority=True)
    assert warnings([make(tmp_path / "direct", root)], root) == []
    assert warnings([make(tmp_path / "signer", middle), middle], root) == [UNTRUSTED]


def test_a_name_alone_makes_nobody_trusted(tmp_path: Path) -> None:
    root = make(tmp_path / "root", authority=True)
    (tmp_path / "forged").mkdir()
    forged = make(tmp_path / "forged" / "root", authority=True)
    assert warnings([make(tmp_path / "signer", forged), forged], root) == [UNTRUSTED]


@pytest.mark.parametrize(("purposes", "found"), [((CODE,), []), ((SERVER, CODE), []), ((), []), ((SERVER,), [UNTRUSTED])])
def test_the_certificate_of_a_web_server_signs_no_packages(
    tmp_path: Path, purposes: tuple[x509.ObjectIdentifier, ...], found: list[WarningType]
) -> None:
    root = make(tmp_path / "root", authority=True)
    assert warnings([make(tmp_path / "signer", root, purposes=purposes)], root) == found


@pytest.mark.parametrize(("critical", "found"), [(False, []), (True, [UNTRUSTED])])
def test_what_is_critical_and_not_understood_ends_the_way(tmp_path: Path, critical: bool, found: list[WarningType]) -> None:
    root = make(tmp_path / "root", authority=True)
    middle = make(tmp_path / "middle", root, authority=True, foreign=critical)
    assert warnings([make(tmp_path / "signer", root, foreign=critical)], root) == found
    assert warnings([make(tmp_path / "signer", middle), middle], root) == found


def test_authorities_that_sign_one_another_are_an_end(tmp_path: Path) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    one, two = [make(tmp_path / name, authority=True, key=key) for name, key in zip("ab", keys, strict=True)]
    circle = [make(tmp_path / "a", two, authority=True, key=keys[0]), make(tmp_path / "b", one, authority=True, key=keys[1])]
    signer = make(tmp_path / "signer", circle[0])
    assert warnings([signer, *circle * 9]) == [UNTRUSTED]
    assert warnings([signer, *circle], two) == []


def test_many_signatures_and_certificates_cost_one_digest_and_one_check_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = make(tmp_path / "signer")
    others = [make(tmp_path / f"other{n}") for n in range(19)]
    text = b"".join([*(each.pem.encode() for each in (*others, signer)), *[signer.message(MANIFEST, "-nocerts")] * 20])
    digested, checked = [], []
    digest, holds = cms._digest, cms.DetachedSignature._holds

    def counted(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
        digested.append(content)
        return digest(algorithm, content)

    def noted(by: cms.DetachedSignature, certificate: x509.Certificate, hashed: bytes) -> bool:
        checked.append(certificate)
        return holds(by, certificate, hashed)

    monkeypatch.setattr(cms, "_digest", counted)
    monkeypatch.setattr(cms.DetachedSignature, "_holds", noted)
    found = read_certificate("a.cert", text)
    assert len(found.chain(MANIFEST)) == 20
    assert digested.count(MANIFEST) + digested.count(MANIFEST.replace(b"\n", b"\r\n")) <= 2
    assert checked == [signer.certificate] * 20


def test_a_signature_names_its_signer(tmp_path: Path) -> None:
    signer, twin = make(tmp_path / "signer"), make(tmp_path / "twin")
    for options in ((), ("-keyid",)):
        message = signer.message(MANIFEST, *options)
        found = read_certificate("a.cert", twin.pem.encode() + message)
        assert found.chain(MANIFEST)[0] == signer.base64
        without = read_certificate("a.cert", twin.pem.encode() + signer.message(MANIFEST, "-nocerts", *options))
        assert without.chain(MANIFEST) == ()


def test_a_key_that_takes_long_to_check_is_nobodys() -> None:
    for numbers in (rsa.RSAPublicNumbers(2**64 + 13, 2**3071 + 1), rsa.RSAPublicNumbers(65537, 2**16400 + 1)):
        assert not cms.is_usual(numbers.public_key())
    assert cms.is_usual(rsa.RSAPublicNumbers(65537, 2**4095 + 1).public_key())


def test_certificates_that_sign_one_another_are_checked_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    made = [make(tmp_path / "sub" / "same", authority=True) for _ in range(20)]
    checks: list[object] = []

    def fails(*pair: object) -> bool:
        checks.append(pair)
        return False

    monkeypatch.setattr(signatures, "_is_issued_by", fails)
    chain = [each.base64 for each in made]
    assert doubts(chain, [Anchors()], int(START.timestamp() * 1000))
    assert 0 < len(checks) <= 60
