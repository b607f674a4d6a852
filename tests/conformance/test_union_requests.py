"""Fields of another case than the one that a request names, in every form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.contract import OPERATIONS
from conformance.forms import Form
from conformance.servers import FORMS
from whole import KNOWN_TOKEN, Whole

NEW = {"name": "copy", "automatic_sync_enabled": False, "on_demand": False, "storage_backings": [{"datastore_id": "a"}]}
ENDPOINT = {"uri": "http://127.0.0.1/a.iso"}
BACKING = "create_spec.storage_backings.1"
SUBSCRIBED = "spec.subscribed_library"


def backing(**fields: Any) -> Mapping[str, Any]:
    return {"create_spec": {"name": "a", "storage_backings": [fields]}}


def subscription(location: str, target: str, **fields: Any) -> Mapping[str, Any]:
    return {"library": "a", "spec": {"subscribed_library": {"location": location, "target": target, **fields}}}


def file(source_type: str, **fields: Any) -> Mapping[str, Any]:
    return {"update_session_id": "a", "file_spec": {"name": "a.iso", "source_type": source_type, **fields}}


@pytest.mark.parametrize("form", FORMS, ids=[form.title for form in FORMS])
@pytest.mark.parametrize(
    ("operation", "arguments", "text"),
    [
        (
            "local_library.create",
            backing(type="DATASTORE", datastore_id="datastore-1", storage_uri="nfs://host/x"),
            f"{BACKING}.storage_uri cannot be set when type is DATASTORE",
        ),
        (
            "subscribed_library.create",
            backing(type="OTHER", storage_uri="nfs://host/x", datastore_id="datastore-1"),
            f"{BACKING}.datastore_id cannot be set when type is OTHER",
        ),
        (
            "local_library.create",
            backing(storage_uri="nfs://host/x"),
            f"{BACKING}.storage_uri cannot be set when type is not set",
        ),
        (
            "library.item.updatesession.file.add",
            file("PUSH", source_endpoint=ENDPOINT),
            "file_spec.source_endpoint cannot be set when source_type is PUSH",
        ),
        (
            "library.item.updatesession.file.add",
            file("NONE", source_endpoint=ENDPOINT),
            "file_spec.source_endpoint cannot be set when source_type is NONE",
        ),
        (
            "library.item.updatesession.file.add",
            file("PULL"),
            "file_spec.source_endpoint is required when source_type is PULL",
        ),
        (
            "library.subscriptions.create",
            subscription("LOCAL", "USE_EXISTING", subscribed_library="b", new_subscribed_library=NEW),
            f"{SUBSCRIBED}.new_subscribed_library cannot be set when target is USE_EXISTING",
        ),
        (
            "library.subscriptions.create",
            subscription("LOCAL", "CREATE_NEW", subscribed_library="b", new_subscribed_library=NEW),
            f"{SUBSCRIBED}.subscribed_library cannot be set when target is CREATE_NEW",
        ),
        (
            "library.subscriptions.create",
            subscription("LOCAL", "CREATE_NEW", new_subscribed_library=NEW, vcenter={"hostname": "vc.example"}),
            f"{SUBSCRIBED}.vcenter cannot be set when location is LOCAL",
        ),
        (
            "library.subscriptions.create",
            subscription("REMOTE", "USE_EXISTING", subscribed_library="b"),
            f"{SUBSCRIBED}.vcenter is required when location is REMOTE",
        ),
    ],
)
async def test_a_field_of_another_case_is_refused(
    app: Whole, form: Form, operation: str, arguments: Mapping[str, Any], text: str
) -> None:
    declared = OPERATIONS[f"com.vmware.content.{operation}"]
    sent = form.signed(form.request(declared, arguments), KNOWN_TOKEN)
    answer = await app.client.request(sent.method, sent.target, content=sent.content, headers=sent.headers)
    heard = form.answer(declared, answer)
    assert (heard.error, heard.message) == ("invalid_argument", text)
