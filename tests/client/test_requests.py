"""Requests of calls, made from the declarations."""

from __future__ import annotations

import json

import pytest

from contentlib.client.failures import ClientFailed, answered
from contentlib.client.requests import operation_of, request_of, value_of
from contentlib.services.cis_tasks import FilterSpec, TasksService, TaskStatus
from contentlib.services.content_library_item import FindSpec, ItemModel, ItemService
from contentlib.services.content_library_item_downloadsession_file import DownloadFileService
from contentlib.services.contentlib_library_trash import TrashService


def test_a_call_takes_its_address_and_body_from_the_declaration() -> None:
    made = request_of(operation_of(ItemService.find), {"spec": FindSpec(name="a b")})
    assert (made.method, made.target, made.body) == ("POST", "/api/content/library/item?action=find", b'{"name":"a b"}')
    assert made.repeatable


def test_what_is_in_the_path_cannot_leave_it() -> None:
    made = request_of(operation_of(ItemService.get), {"library_item_id": "../a?b"})
    assert (made.method, made.target, made.body) == ("GET", "/api/content/library/item/..%2Fa%3Fb", None)


def test_a_query_holds_the_fields_of_a_structure() -> None:
    spec = FilterSpec(services={"s"}, status={TaskStatus.RUNNING})
    made = request_of(operation_of(TasksService.list), {"filter_spec": spec, "result_spec": None})
    assert made.target == "/api/cis/tasks?filter_spec.services.1=s&filter_spec.status.1=RUNNING"


def test_a_name_in_the_query_chooses_the_operation() -> None:
    made = request_of(operation_of(DownloadFileService.get), {"download_session_id": "s", "file_name": "x.iso"})
    assert made.target == "/api/content/library/item/download-session/s/file?file_name=x.iso"


def test_a_creation_has_a_token_and_can_be_repeated() -> None:
    first, second = (request_of(operation_of(ItemService.create), {"create_spec": ItemModel(name="a")}) for _ in range(2))
    assert first.repeatable
    assert first.headers.keys() == {"Client-Token"}
    assert first.headers != second.headers


def test_a_call_that_destroys_is_not_repeated() -> None:
    assert not request_of(operation_of(TrashService.purge), {"deleted_id": "d"}).repeatable
    assert not request_of(operation_of(ItemService.delete), {"library_item_id": "i"}).repeatable


def test_a_task_is_asked_for_in_the_query() -> None:
    made = request_of(operation_of(ItemService.publish), {"library_item_id": "i", "force_sync_content": True}, task=True)
    assert made.target == "/api/content/library/item/i?action=publish&vmw-task=true"
    assert json.loads(made.body or b"") == {"force_sync_content": True}


def test_an_answer_of_something_else_is_a_clear_error() -> None:
    with pytest.raises(ClientFailed, match="is this the URL of a contentlib server"):
        value_of(operation_of(ItemService.get), b"<html>\x1b[31mlog in</html>")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error_type":"NOT_FOUND","messages":[{"default_message":"a\\u001b[31mb"}]}', "a [31mb"),
        (b'{"error_type":"NOT_FOUND","messages":[]}', "NOT_FOUND"),
        (b"<html>\n</html>", "the server answered 404: <html> </html>"),
        (b"[" * 100_000, "the server answered 404: " + "[" * 200),
    ],
)
def test_the_text_of_an_error_is_safe_to_show(body: bytes, text: str) -> None:
    assert str(answered(404, body, None)) == text
