from __future__ import annotations

from contentlib.access.passwords import Argon2Passwords


async def test_a_password_is_the_one_that_was_hashed() -> None:
    passwords = Argon2Passwords()
    hashed = await passwords.hash("correct horse: battery ✓")
    assert await passwords.verify(hashed, "correct horse: battery ✓")
    assert not await passwords.verify(hashed, "correct horse: battery")


async def test_the_same_password_is_hashed_with_a_salt_of_its_own() -> None:
    passwords = Argon2Passwords()
    assert passwords.hash_now("secret") != passwords.hash_now("secret")


async def test_what_is_no_hash_is_the_hash_of_nothing() -> None:
    assert not await Argon2Passwords().verify("not a hash", "")


async def test_half_a_character_is_a_wrong_password() -> None:
    passwords = Argon2Passwords()
    assert not await passwords.verify(passwords.hash_now("secret"), "\ud800")


async def test_the_decoy_costs_what_a_hash_costs_and_fits_nothing() -> None:
    passwords = Argon2Passwords()
    hashed, decoy = passwords.hash_now("secret"), passwords.decoy()
    assert decoy.split("$")[:4] == hashed.split("$")[:4]
    assert [len(part) for part in decoy.split("$")] == [len(part) for part in hashed.split("$")]
    assert not await passwords.verify(decoy, "secret")
