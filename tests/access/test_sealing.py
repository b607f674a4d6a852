"""Tests the encryption of secrets, and the file of its keys."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from contentlib.access.key_ring import KeyRing
from contentlib.access.sealing import RingEncryption
from contentlib.library.errors import NotDecrypted
from contentlib.library.model import SecretPurpose, SecretUse

USE = SecretUse(SecretPurpose.SUBSCRIPTION, "library-1")
OTHER = SecretUse(SecretPurpose.SUBSCRIPTION, "library-2")
TEXT = "s3cret \ud800 ü"


def old_seal(key: bytes, text: str) -> str:
    """A seal as earlier versions made them."""
    nonce = os.urandom(12)
    sealed = nonce + ChaCha20Poly1305(key).encrypt(nonce, text.encode("utf-8", "surrogatepass"), None)
    return base64.b64encode(sealed).decode()


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "sealing.key")


@pytest.fixture
def encryption(ring: KeyRing) -> RingEncryption:
    return RingEncryption(ring)


def test_a_seal_opens_and_names_its_key(encryption: RingEncryption, ring: KeyRing) -> None:
    seal = encryption.seal(TEXT, USE)
    assert encryption.open(seal, USE) == TEXT
    assert seal.startswith(f"v2:{ring.newest().id}:")
    assert seal != encryption.seal(TEXT, USE)


def test_a_seal_copied_to_another_row_does_not_open(encryption: RingEncryption) -> None:
    seal = encryption.seal(TEXT, USE)
    with pytest.raises(
        NotDecrypted, match="cannot decrypt the password of subscribed library library-2: it is damaged, or was"
    ):
        encryption.open(seal, OTHER)


@pytest.mark.parametrize(
    "cut", [lambda seal: seal[:-4], lambda seal: f"{seal}!", lambda seal: seal[:24], lambda _: "v2:a", str.upper]
)
def test_a_damaged_seal_does_not_open(encryption: RingEncryption, cut: object) -> None:
    assert callable(cut)
    with pytest.raises(NotDecrypted, match="library-1"):
        encryption.open(cut(encryption.seal(TEXT, USE)), USE)


def test_a_seal_of_a_later_version_is_named(encryption: RingEncryption) -> None:
    with pytest.raises(NotDecrypted, match="format 'v3' is unknown"):
        encryption.open("v3:abc:AAAA", USE)


def test_what_was_sealed_with_an_older_key_opens(encryption: RingEncryption, ring: KeyRing) -> None:
    seals = [encryption.seal(TEXT, USE)]
    for _ in range(2):
        ring.add()
        seals.append(encryption.seal(TEXT, USE))
    assert {encryption.open(each, USE) for each in seals} == {TEXT}
    assert [each.split(":")[1] for each in reversed(seals)] == [each.id for each in ring.read().all]


def test_the_key_file_of_an_earlier_version_is_a_ring_of_one_key(encryption: RingEncryption, ring: KeyRing) -> None:
    key = os.urandom(32)
    ring.path.write_bytes(key)
    old = old_seal(key, TEXT)
    new = encryption.seal(TEXT, USE)
    assert ring.path.read_bytes() == key, "backups that copy it go on to work"
    ring.add()
    assert [encryption.open(each, USE) for each in (old, new)] == [TEXT, TEXT]


def test_an_old_seal_without_its_key_is_named(encryption: RingEncryption, ring: KeyRing) -> None:
    ring.add()
    with pytest.raises(NotDecrypted, match=rf"library-1: {ring.path} does not contain its key"):
        encryption.open(old_seal(os.urandom(32), TEXT), USE)


def test_a_missing_ring_is_named_and_does_not_stop_new_secrets(encryption: RingEncryption, ring: KeyRing) -> None:
    lost = encryption.seal(TEXT, USE)
    key = ring.newest().id
    ring.path.unlink()
    with pytest.raises(NotDecrypted, match=f"does not contain the key {key}"):
        encryption.open(lost, USE)
    assert encryption.open(encryption.seal(TEXT, OTHER), OTHER) == TEXT


def test_a_damaged_line_does_not_affect_the_other_keys(encryption: RingEncryption, ring: KeyRing) -> None:
    old = encryption.seal(TEXT, USE)
    ring.add()
    new = encryption.seal(TEXT, USE)
    text = ring.path.read_text("ascii")
    ring.path.write_text(text[:-5] + "AAA=\n", "ascii")
    assert encryption.open(new, USE) == TEXT
    with pytest.raises(NotDecrypted, match=f"{ring.path} is damaged: line 3 is not a key"):
        encryption.open(old, USE)
    for change in (ring.add, ring.keep_newest, ring.newest):
        with pytest.raises(OSError, match="line 3"):
            change()
    assert ring.path.read_text("ascii") == text[:-5] + "AAA=\n", "a damaged file is not written over"


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"contentlib sealing keys, newest first\n", b"\xff\n" * 50])
def test_a_file_that_is_no_ring_is_not_written_over(encryption: RingEncryption, ring: KeyRing, data: bytes) -> None:
    ring.path.write_bytes(data)
    with pytest.raises(OSError, match=f"{ring.path} is damaged"):
        encryption.seal(TEXT, USE)
    assert ring.path.read_bytes() == data


def test_an_unreadable_ring_is_named(encryption: RingEncryption, ring: KeyRing) -> None:
    seal = encryption.seal(TEXT, USE)
    ring.path.unlink()
    ring.path.mkdir()
    with pytest.raises(NotDecrypted, match=r"library-1: .*sealing\.key"):
        encryption.open(seal, USE)


def test_only_the_servers_user_can_read_the_ring(ring: KeyRing) -> None:
    for change in (ring.newest, ring.add, ring.keep_newest):
        change()
        assert ring.path.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_is_removed_with_the_old_keys(ring: KeyRing) -> None:
    left = ring.path.with_name("sealing.key.1234")
    left.write_text("a key")
    ring.add()
    assert not left.exists()


def test_a_key_that_another_process_made_first_is_used(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    other = KeyRing(ring.path)
    link = os.link

    def late(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        other.newest()
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert ring.newest() == other.newest()
    assert list(ring.path.parent.iterdir()) == [ring.path]


def test_keys_are_not_shown_by_accident(ring: KeyRing) -> None:
    key = ring.newest()
    assert repr(key.secret) not in repr(ring.read())
