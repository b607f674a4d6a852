"""What the clients called in this run is what the record says."""

from __future__ import annotations

import pytest

from clients.conftest import Journey
from clients.coverage import COVERED, SOAP, Recorder, operation_of


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("POST /rest/com/vmware/cis/session?~action=get", "com.vmware.cis.session.get"),
        ("GET /rest/com/vmware/content/library/item/id:1", "com.vmware.content.library.item.get"),
        ("POST /rest/com/vmware/content/library/item/id:1?%7Eaction=copy", "com.vmware.content.library.item.copy"),
        ("GET /api/content/library/1", "com.vmware.content.library.get"),
        ("GET /rest/com/vmware/content/library/item?library_id=1", "com.vmware.content.library.item.list"),
        ("PUT /cls/upload/1/2", None),
        ("Login", None),
    ],
)
def test_a_request_is_known_as_the_operation_that_it_calls(call: str, operation: str | None) -> None:
    assert operation_of(call) == operation


def test_the_record_is_what_was_called(govc: Journey, request: pytest.FixtureRequest) -> None:
    calls = [call for step in govc.values() if step.ok for call in step.calls]
    Recorder.of(request.config).agree("govmomi", calls)


def test_every_operation_of_an_import_is_covered() -> None:
    for operation in ("update_session.create", "updatesession.file.add", "update_session.complete"):
        assert {"govmomi", "Terraform"} <= COVERED[f"com.vmware.content.library.item.{operation}"]
    assert {"govmomi", "Terraform"} <= SOAP["Login"]
