from __future__ import annotations

import pytest

from contentlib.messages import Fault, Message
from contentlib.vapi.errors import ERRORS, NotFound, Unauthenticated
from contentlib.vapi.std import LocalizableMessage, LocalizationParam


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_named_after_its_class(name: str) -> None:
    error = ERRORS[name](Fault("sample.x", "x"))
    assert error.canonical_name == f"com.vmware.vapi.std.errors.{name}"
    assert error.error_type == name.upper()
    assert type(error).__name__ == "".join(word.capitalize() for word in name.split("_"))


def test_an_error_carries_one_message_of_ours() -> None:
    error = NotFound(Fault("sample.gone", "the box 7 is gone", ("7",)))
    assert str(error) == "the box 7 is gone"
    assert error.fault.id == "sample.gone"
    assert error.messages == [LocalizableMessage(id="contentlib.sample.gone", default_message="the box 7 is gone", args=["7"])]


def test_the_arguments_of_a_message_are_sent_by_name_too() -> None:
    error = NotFound(Message("sample.gone", "box {box!r} of shelf {shelf} is gone")(box="\udc80", shelf=7))
    (message,) = error.messages
    assert message.args == ["\\udc80", "7"]
    assert message.params == {"box": LocalizationParam(s="\\udc80"), "shelf": LocalizationParam(s="7")}


def test_an_error_may_have_a_status_of_its_own_and_a_challenge() -> None:
    plain, particular = NotFound(Fault("x", "x")), Unauthenticated(Fault("x", "x"), challenge="Basic", status=405)
    assert (plain.status, plain.challenge, plain.allow) == (None, None, None)
    assert (particular.status, particular.challenge) == (405, "Basic")


def test_the_infrastructure_may_raise_only_what_is_declared_everywhere() -> None:
    assert sorted(name for name, error in ERRORS.items() if error.everywhere) == [
        "internal_server_error",
        "invalid_argument",
        "invalid_request",
        "operation_not_found",
        "service_unavailable",
        "timed_out",
        "unable_to_allocate_resource",
        "unauthenticated",
        "unauthorized",
        "unexpected_input",
    ]
