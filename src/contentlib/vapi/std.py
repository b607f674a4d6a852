"""Defines the structures of com.vmware.vapi.std that errors and services share."""

from __future__ import annotations

from typing import ClassVar

from contentlib.messages import Fault
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration

PREFIX = "com.vmware.vapi.std."


@enumeration(PREFIX + "localization_param.date_time_format")
class DateTimeFormat(Enumeration):
    """How to format a date in a message."""

    FULL_DATE = "FULL_DATE"
    FULL_DATE_TIME = "FULL_DATE_TIME"
    FULL_TIME = "FULL_TIME"
    LONG_DATE = "LONG_DATE"
    LONG_DATE_TIME = "LONG_DATE_TIME"
    LONG_TIME = "LONG_TIME"
    MED_DATE = "MED_DATE"
    MED_DATE_TIME = "MED_DATE_TIME"
    MED_TIME = "MED_TIME"
    SHORT_DATE = "SHORT_DATE"
    SHORT_DATE_TIME = "SHORT_DATE_TIME"
    SHORT_TIME = "SHORT_TIME"


class NestedLocalizableMessage(Structure):
    """A message inside a message."""

    vapi_name: ClassVar[str] = PREFIX + "nested_localizable_message"
    id: str
    params: dict[str, LocalizationParam] | None = None


class LocalizationParam(Structure):
    """A value to insert into a message."""

    vapi_name: ClassVar[str] = PREFIX + "localization_param"
    d: float | None = None
    dt: DateTime | None = None
    format: DateTimeFormat | None = None
    i: Integer | None = None
    l: NestedLocalizableMessage | None = None  # noqa: E741 - the contract's name
    precision: Integer | None = None
    s: str | None = None


class DynamicId(Structure):
    """An identifier of a resource, and the type of that."""

    vapi_name: ClassVar[str] = PREFIX + "dynamic_ID"
    id: Id
    type: str


class LocalizableMessage(Structure):
    """A message: a stable id, the English text, and its arguments."""

    vapi_name: ClassVar[str] = PREFIX + "localizable_message"
    id: str
    default_message: str
    args: list[str]
    localized: str | None = None
    params: dict[str, LocalizationParam] | None = None


OURS = "contentlib."


def message(said: Fault) -> LocalizableMessage:
    """A message of ours for the caller; its id is `contentlib.` and the given one."""
    return LocalizableMessage(
        id=OURS + said.id,
        default_message=_unicode(said.text),
        args=[*map(_unicode, said.args)],
        params={name: LocalizationParam(s=_unicode(value)) for name, value in said.params} or None,
    )


def _unicode(text: str) -> str:
    """The text without half characters, which Python has for bytes of file names that are not UTF-8: no form can write them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
