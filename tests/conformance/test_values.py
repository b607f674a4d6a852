from __future__ import annotations

from typing import Any

import pytest

from conformance.contract import Type, type_of
from conformance.values import check

SESSION = "com.vmware.content.library.item.download_session_model"
FILE = "com.vmware.content.library.item.file.info"
GOOD = {"cached": True, "name": "a.iso", "size": 7, "version": "1"}


def test_generic_types_are_read_as_trees() -> None:
    text, id_ = Type("string"), Type("id")
    assert type_of("optional<list<id>>") == Type("optional", (Type("list", (id_,)),))
    assert type_of("map<string,map<id,string>>") == Type("map", (text, Type("map", (id_, text))))


def test_what_is_as_declared_passes() -> None:
    check(GOOD | {"checksum_info": {"algorithm": "MD5", "checksum": "ab"}}, type_of(FILE))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"colour": "red"}, "result has undeclared fields: {'colour'}"),
        ({"size": "7"}, "result.size is no integer: '7'"),
        ({"size": True}, "result.size is no integer: True"),
        ({"cached": 1}, "result.cached is no boolean: 1"),
        ({"name": None}, "result.name is no string: None"),
        ({"checksum_info": None}, "result.checksum_info is null"),
        ({"checksum_info": {"algorithm": "MD6", "checksum": "ab"}}, "result.checksum_info.algorithm is no"),
        ({"file_download_endpoint": "/a b"}, "result.file_download_endpoint is no uri"),
    ],
)
def test_what_is_not_as_declared_is_named_by_its_path(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check(GOOD | change, type_of(FILE))
    assert complaint in str(raised.value)


@pytest.mark.parametrize("field", GOOD)
def test_a_required_field_is_missed(field: str) -> None:
    with pytest.raises(AssertionError, match=f"lacks {{'{field}'}}"):
        check({name: value for name, value in GOOD.items() if name != field}, type_of(FILE))


def test_an_optional_field_that_results_always_have_is_missed() -> None:
    with pytest.raises(AssertionError, match=r"lacks .*'expiration_time'"):
        check({"id": "a"}, type_of(SESSION))


def test_a_date_is_in_utc_with_milliseconds() -> None:
    check("2015-01-01T22:13:05.651Z", type_of("datetime"))
    for text in ("2015-01-01T22:13:05Z", "2015-01-01T22:13:05.651+01:00", "2015-01-01 22:13:05.651Z"):
        with pytest.raises(AssertionError):
            check(text, type_of("datetime"))
