"""What a program with the official SDK is told when something goes wrong, as the guide quotes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from conformance.sdk_client import JSONRPC, Sdk
from conformance.sdk_job import CONTENT, QUIET, add, new_item, new_session, post
from conformance.world import NOBODY

pytestmark = [*QUIET, pytest.mark.parametrize("sdk", [JSONRPC], indirect=True)]
GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "clients.md").read_text()


def _logs_in(sdk: Sdk) -> None:
    sdk.log_in("wrong")


def _calls_after_its_end(sdk: Sdk) -> None:
    with sdk.again() as other:
        other.logins.delete()
        other.content.Library.list()


def _reads_nothing(sdk: Sdk) -> None:
    sdk.content.Library.get(NOBODY)


def _completes_wrong_bytes(sdk: Sdk) -> None:
    session = new_session(sdk)
    post(sdk, add(sdk, session, "image.iso", "SHA256"), bytes(len(CONTENT)))
    sdk.content.library.item.UpdateSession.complete(session)


def _begins_twice(sdk: Sdk) -> None:
    item = new_item(sdk)
    new_session(sdk, item)
    new_session(sdk, item)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        ("unauthenticated", _logs_in),
        ("unauthenticated", _calls_after_its_end),
        ("not_found", _reads_nothing),
        ("not_allowed_in_current_state", _completes_wrong_bytes),
        ("resource_busy", _begins_twice),
    ],
)
def test_the_guide_quotes_what_is_raised(sdk: Sdk, error: str, call: Callable[[Sdk], None]) -> None:
    with sdk.refused(error) as refusal:
        call(sdk)
    sentence = re.sub(r"[0-9a-f]{64}", "SUM", re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", refusal.message))
    kind = "".join(word.capitalize() for word in error.split("_"))
    assert re.search(rf"`{kind}`.*: `{re.escape(sentence)}`", GUIDE), sentence


def test_a_certificate_that_is_not_trusted_is_told(sdk: Sdk) -> None:
    with (
        pytest.raises(requests.exceptions.SSLError, match="certificate verify failed: self-signed certificate"),
        requests.Session() as trusting,
    ):
        trusting.get(sdk.url)
    assert "`requests.exceptions.SSLError`: `certificate verify failed: self-signed certificate`" in GUIDE
