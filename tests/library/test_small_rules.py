"""Names, checksums, configuration: rules without sessions."""

from __future__ import annotations

import hashlib

import pytest

from contentlib.library.catalog.configuration import Configuration, Configurations
from contentlib.library.checksums import Algorithm, Checksum, Hasher, check, compare
from contentlib.library.errors import Invalid
from contentlib.library.names import check_description, check_file_name, check_name, clean, fold, plain, usable
from library.world import World


@pytest.mark.parametrize(
    ("one", "two"),
    [("ß", "SS"), ("İ", "i\u0307"), ("\u212b", "å"), ("\ufb01", "FI"), ("Σ", "ς"), ("\u1fb3", "\u0391\u0399")],
    ids=ascii,
)
def test_names_are_compared_without_case_and_composition(one: str, two: str) -> None:
    assert fold(one) == fold(two) == fold(fold(one))


@pytest.mark.parametrize(
    ("name", "found"),
    [("a%20b", "a b"), ("gr%C3%B6%c3%9Fe", "größe"), ("gro\u0308ße", "größe"), ("50%.vmdk", "50%.vmdk"), ("%FF", "\ufffd")],
    ids=ascii,
)
def test_a_file_is_found_by_its_name_however_another_file_writes_it(name: str, found: str) -> None:
    assert plain(name) == found


@pytest.mark.parametrize(
    "name",
    ["invoice\u202egpj.exe", "a\u200b.iso", "\ufeffa.iso", "a\u2066b", "a\u200e", "a\u200db.iso", "é\u200c.iso", "\u200d"],
    ids=ascii,
)
def test_a_file_has_no_name_that_looks_like_another(name: str) -> None:
    with pytest.raises(Invalid, match=r"^f contains an invisible character \(U\+[0-9A-F]{4}\)"):
        check_file_name("f", name)


@pytest.mark.parametrize(
    "name", ["\u0645\u06cc\u200c\u062e.iso", "क्\u200dष.iso", "👩\u200d💻.png", "größe.iso", "日本.iso", "שלום.iso"], ids=ascii
)
def test_a_file_may_have_a_name_of_any_script(name: str) -> None:
    assert check_file_name("f", name) == name


def test_a_description_has_lines_and_tabulators_and_a_limit() -> None:
    assert check_description("d", "a\n\tb\r") == "a\n\tb\r"
    assert check_description("d", "\U0001f600" * 2000)
    with pytest.raises(Invalid, match="is 2001 characters; at most 2000 are allowed"):
        check_description("d", "x" * 2001)


def test_a_text_that_must_not_be_refused_is_cleaned() -> None:
    assert clean("a\0\ud800\uffffb\n") == "a\ufffd\ufffd\ufffdb\n"


@pytest.mark.parametrize(
    ("name", "end", "found"),
    [(" a ", "", "a"), ("a\tb", "", "a\ufffdb"), ("x" * 81, "", "x" * 80), ("x" * 81, " (2)", "x" * 76 + " (2)")],
)
def test_a_name_that_must_not_be_refused_is_made_usable(name: str, end: str, found: str) -> None:
    assert usable(name, end) == check_name("name", found)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_checksum_is_taken_in_any_case(algorithm: Algorithm) -> None:
    digits = hashlib.new(algorithm.value.lower(), b"x").hexdigest()
    assert check("f", algorithm, f" {digits.upper()}\n") == Checksum(algorithm, digits)
    for wrong in ("", digits[:-1], f"{digits}0", "g" * len(digits), "٣" * len(digits)):
        with pytest.raises(Invalid, match=f"f must be a {algorithm} checksum"):
            check("f", algorithm, wrong)


def test_a_checksum_without_algorithm_is_sha1() -> None:
    assert check("f", None, "0" * 40).algorithm is Algorithm.SHA1


def test_bytes_are_hashed_as_they_flow() -> None:
    hasher = Hasher(Algorithm.MD5, Algorithm.SHA256)
    for piece in (b"ab", bytearray(b"c"), memoryview(b"def")):
        hasher.update(piece)
    assert hasher.size == 6
    assert hasher.digests() == {
        Algorithm.SHA256: hashlib.sha256(b"abcdef").hexdigest(),
        Algorithm.MD5: hashlib.md5(b"abcdef").hexdigest(),
    }


def test_bytes_that_were_not_declared_are_those_that_came() -> None:
    assert compare("a", None, {}) is None
    assert compare("a", Checksum(Algorithm.MD5, "1"), {Algorithm.MD5: "1"}) is None


async def test_the_configuration_changes_by_what_is_given_and_outlives_a_restart(world: World) -> None:
    assert await Configurations(world.metadata).get() == Configuration()
    await Configurations(world.metadata).update({"automatic_sync_enabled": False})
    await Configurations(world.metadata).update({"automatic_sync_start_hour": 23})
    again = await world.reopened()
    expected = Configuration(automatic_sync_enabled=False, automatic_sync_start_hour=23)
    assert await Configurations(again.metadata).get() == expected
    await again.metadata.close()


async def test_a_configuration_with_one_value_out_of_range_changes_nothing(world: World) -> None:
    with pytest.raises(Invalid, match=r"model\.automatic_sync_stop_hour must be between 0 and 23, not 24"):
        await Configurations(world.metadata).update({"automatic_sync_start_hour": 1, "automatic_sync_stop_hour": 24})
    assert await Configurations(world.metadata).get() == Configuration()
