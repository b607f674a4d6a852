"""The catalogue of errors: what each means, its statuses, and the messages that come with it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contentlib.library import errors as rules
from contentlib.messages import Message
from contentlib.services.faults import _HEARD
from contentlib.vapi import errors as vapi
from contentlib.vapi.errors import ERRORS, VapiError
from generator.catalogue import messages, raised
from generator.markdown import code, one_line, page, table

_INTRODUCTION = """
An error has a name, a status and messages. Each message has an `id` that does not change, the sentence in
`default_message`, and its arguments by position in `args` and by name in `params`. On `/rest` the body is `{"type":
"com.vmware.vapi.std.errors.not_found", "value": {"error_type": "NOT_FOUND", "messages": […]}}`, in XML the root element
is the error's name in camel case; on `/api` the body is the value alone. By JSON-RPC the status is 200 for every error,
and the header `vapi-error` holds its name. [standard](standard.md) has the structure of a message.

Every answer has the header `X-Request-ID`, and the log has an entry of that id for each answer that is an error.
"""
_EVERYWHERE = "What an operation may answer though it does not declare it."
_DECLARED = "Each operation's page says which of them it may answer."
_MESSAGES = """
Every id begins with `contentlib.`, which the table leaves out. Words in braces are the arguments. A *fault* is not an
answer: it is the state of a file, session or task, or part of another message, and is read there as `error_message`.

Two kinds of ids contain a name: `invalid.FIELD` the path of the field (`invalid.create_spec.name`), `KIND.not_found` the
kind of thing that does not exist (`library.not_found`).
"""


def text() -> str:
    """The page."""
    everywhere = [error for error in _sorted() if error.everywhere]
    declared = [error for error in _sorted() if not error.everywhere]
    return page(
        "# Errors",
        _INTRODUCTION,
        table(
            ("error", "`/rest`", "`/api`"), [(_link(each), str(each.rest_status), str(each.api_status)) for each in _sorted()]
        ),
        "## Errors of every operation",
        _EVERYWHERE,
        *_each(everywhere),
        "## Errors that operations declare",
        _DECLARED,
        *_each(declared),
        "## Messages",
        _MESSAGES,
        table(("id", "message", "raised as", "what to do"), [_row(message) for message in messages()]),
        "## Upload and download addresses",
        _SENTENCES,
        table(("status", "when"), _EDGES.items()),
    )


_EDGES = {
    "200": "the bytes were received; where they are not the right ones, `status` is ERROR and `error_message` says why",
    "400": "the headers contradict what was declared, more bytes came, or the storage cannot be written",
    "401": "a file of an item was asked for without a login session",
    "404": "there is no such file, or the address died with its session",
    "405": "another method than those in `Allow`",
    "408": "no byte came for as long as a lease lasts; what came is kept",
    "409": "another request is sending the file, or the part does not begin where the bytes end, which `Upload-Offset` tells",
    "412, 416": "a precondition fails, a range is beyond the file, as HTTP has them",
    "413": "the file is larger than `upload_limit_bytes`",
    "415": "the body is a form instead of bytes",
    "500": "the bytes are gone or damaged, or something unforeseen",
    "507": "the storage is full",
}
_SENTENCES = "Upload and download addresses answer with a sentence in plain text, because that is what curl and govc show."


def _sorted() -> list[type[VapiError]]:
    return [ERRORS[name] for name in sorted(ERRORS)]


def _link(error: type[VapiError]) -> str:
    return f"[{error.name}](#{error.name})"


def _each(errors: Iterable[type[VapiError]]) -> list[str]:
    return [
        page(
            f"### {error.name}",
            one_line(error.__doc__),
            f"`{error.name.upper()}`, status {error.rest_status} on `/rest`, {error.api_status} on `/api`.",
        )
        for error in errors
    ]


def _row(message: Message) -> tuple[str, str, str, str]:
    return code(message.id), _plain(message.template), _heard(raised().get(message, ())), message.remedy


def _plain(template: str) -> str:
    """A sentence with its arguments in braces."""
    return re.sub(r"\{(\w+)!r\}", r"'{\1}'", template).replace("{{", "{").replace("}}", "}")


def _heard(classes: Iterable[str]) -> str:
    """What a caller hears; of a class of the rules the first that the operation declares."""
    return "; ".join(dict.fromkeys(_names(each) for each in classes)) or "*fault*"


def _names(raised_as: str) -> str:
    rule = getattr(rules, raised_as, None)
    if rule is None:
        return str(getattr(vapi, raised_as).name)
    return ", else ".join(error.name for error in _HEARD[rule])
