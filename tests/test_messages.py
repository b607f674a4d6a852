from __future__ import annotations

import msgspec
import pytest

from contentlib.messages import Fault, Message

TOO_LONG = Message("sample.{field}", "{field} is {size} bytes; {most} are allowed: {name!r}", "Shorten it.")


def test_a_message_is_its_sentence_with_arguments_by_position_and_by_name() -> None:
    said = TOO_LONG(field="a note", most=5, size=7, name="it's")
    assert said.id == "sample.a_note"
    assert said.text == 'a note is 7 bytes; 5 are allowed: "it\'s"'
    assert said.args == ("a note", "7", "5", "it's")
    assert said.params == (("field", "a note"), ("size", "7"), ("most", "5"), ("name", "it's"))


@pytest.mark.parametrize("given", [{}, {"name": "a", "more": 1}, {"nam": "a"}])
def test_an_argument_that_is_missing_or_unknown_fails_at_once(given: dict[str, str | int]) -> None:
    with pytest.raises(TypeError, match=r"message x takes name, not"):
        Message("x", "{name} is gone")(**given)


def test_an_argument_of_several_texts_is_several_positions_and_one_name() -> None:
    said = Message("x", "{users} use {name}", separator="; ")(name="it", users=["a", "b, c"])
    assert (said.text, said.args) == ("a; b, c use it", ("a", "b, c", "it"))
    assert said.params == (("users", "a; b, c"), ("name", "it"))


def test_an_argument_can_be_another_message() -> None:
    said = Message("x", "skipped: {reason}")(reason=Fault("y", "y" * 5000))
    assert said.text == "skipped: " + "y" * 5000


def test_an_argument_of_any_length_is_cut() -> None:
    said = Message("x", "unknown {name}")(name="a" * 10_000_000)
    assert said.text == f"unknown {'a' * 1000}…"
    assert len(said.args[0]) == len(said.params[0][1]) == 1001


def test_braces_in_an_argument_are_text() -> None:
    assert Message("x", "not JSON: {problem}")(problem="{x} {0!r}").text == "not JSON: {x} {0!r}"


def test_a_fault_of_an_earlier_version_is_read() -> None:
    old = b'{"id":"file.gone","text":"gone","args":["a"],"error":null}'
    assert msgspec.json.decode(old, type=Fault) == Fault("file.gone", "gone", ("a",))


def test_a_fault_is_read_as_it_was_kept() -> None:
    said = TOO_LONG(field="name", most=5, size=7, name="a")
    assert msgspec.json.decode(msgspec.json.encode(said), type=Fault) == said
