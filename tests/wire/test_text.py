from __future__ import annotations

from typing import Any

import pytest

from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.types import DateTime, Type
from contentlib.wire.text import decode_base64, in_range, quoted, scalar, text_of
from wire.sample_services import Color


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (1.5, "1.5"),
        (1e300, "1e+300"),
        (b"\x00\xff", "AP8="),
        (b"", ""),
        (Color.DARK_BLUE, "DARK_BLUE"),
        (DateTime(1), "1970-01-01T00:00:00.001Z"),
        ("a", "a"),
    ],
)
def test_a_value_is_written_as_text(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", " 7\n", 7),
        ("integer", "-9223372036854775808", -(2**63)),
        ("double", " 1e-3 ", 0.001),
        ("double", "5.", 5.0),
        ("boolean", " True ", True),
        ("datetime", " 1970-01-01T00:00:00.001Z ", DateTime(1)),
        ("binary", " A P\n8= ", b"\x00\xff"),
        ("string", " a ", " a "),
        ("id", "", ""),
    ],
)
def test_a_text_is_read_by_the_declared_type(kind: str, text: str, value: Any) -> None:
    assert scalar(Type(kind), text, "x") == value


@pytest.mark.parametrize("kind", ["structure", "list", "set", "map"])
def test_what_has_parts_is_no_single_text(kind: str) -> None:
    declared = Type(kind, of=Type("string"), key=Type("string"), python=type("P", (), {"vapi_name": "p"}))
    with pytest.raises(InvalidArgument, match=r"^x must be .*, not text 'a'$"):
        scalar(declared, "a", "x")


def test_a_clients_text_is_shown_short_and_on_one_line() -> None:
    assert quoted("a\nb'") == '"a\\nb\'"'
    assert quoted("x" * 101) == "'" + "x" * 100 + "…'"


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_beyond_64_bits_is_out_of_range(number: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        in_range(number)


@pytest.mark.parametrize("text", ["a", "QUI", "_-8=", "QUI=\n", "ü"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decode_base64(text)
