"""One call in each wire form, written by hand; names go in as they are, however odd."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import httpx


@dataclass(frozen=True)
class Place:
    """Where a name is given: a field of the structure that an operation takes."""

    service: str
    operation: str
    parameter: str
    structure: str
    api: str
    required: tuple[str, ...] = ()


LIBRARY = Place("local_library", "create", "create_spec", "com.vmware.content.library_model", "/api/content/local-library")
ITEM = Place("library.item", "create", "create_spec", "com.vmware.content.library.item_model", "/api/content/library/item")
FILE = Place(
    "library.item.updatesession.file",
    "add",
    "file_spec",
    "com.vmware.content.library.item.updatesession.file.add_spec",
    "/api/content/library/item/update-session/{update_session_id}/file",
    required=("name", "source_type"),
)

Arguments = Mapping[str, str]
Call = Callable[[httpx.Client, Place, Arguments, Arguments], httpx.Response]


def _path(place: Place) -> str:
    return f"/rest/com/vmware/content/{place.service}".replace(".", "/").replace("_", "-") + f"?~action={place.operation}"


def rest_json(http: httpx.Client, place: Place, ids: Arguments, fields: Arguments) -> httpx.Response:
    """`/rest` JSON."""
    return _post(http, _path(place), json.dumps({**ids, place.parameter: dict(fields)}).encode(), "application/json")


def rest_query(http: httpx.Client, place: Place, ids: Arguments, fields: Arguments) -> httpx.Response:
    """`/rest` with everything in the query."""
    dotted = {**ids, **{f"{place.parameter}.{name}": text for name, text in fields.items()}}
    query = "".join(f"&{name}={quote(text.encode('utf-8', 'surrogatepass'), safe='')}" for name, text in dotted.items())
    return _post(http, _path(place) + query, b"", "application/json")


def rest_xml(http: httpx.Client, place: Place, ids: Arguments, fields: Arguments) -> httpx.Response:
    """`/rest` XML."""
    namespace = f"http://vmware.com/content/{place.service.replace('.', '/')}"
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
    outer = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in ids.items())
    root = f"{place.operation.capitalize()}-Input"
    body = f'<n:{root} xmlns:n="{namespace}">{outer}<{place.parameter}>{inner}</{place.parameter}></n:{root}>'
    return _post(http, _path(place), body.encode("utf-8", "surrogatepass"), "application/xml")


def api_json(http: httpx.Client, place: Place, ids: Arguments, fields: Arguments) -> httpx.Response:
    """`/api` JSON."""
    return _post(http, place.api.format_map(ids), json.dumps(dict(fields)).encode(), "application/json")


def jsonrpc(http: httpx.Client, place: Place, ids: Arguments, fields: Arguments) -> httpx.Response:
    """JSON-RPC."""
    values = {name: text if name in place.required else {"OPTIONAL": text} for name, text in fields.items()}
    given: dict[str, Any] = {**ids, place.parameter: {"STRUCTURE": {place.structure: values}}}
    if place.operation == "create":
        given["client_token"] = {"OPTIONAL": None}
    token = http.headers["vmware-api-session-id"]
    security = {"schemeId": "com.vmware.vapi.std.security.session_id", "sessionId": token}
    params = {
        "serviceId": f"com.vmware.content.{place.service}",
        "operationId": place.operation,
        "ctx": {"appCtx": {}, "securityCtx": security},
        "input": {"STRUCTURE": {"operation-input": given}},
    }
    envelope = {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params}
    return _post(http, "/api", json.dumps(envelope).encode(), "application/json")


FORMS: dict[str, Call] = {
    "rest_json": rest_json,
    "rest_query": rest_query,
    "rest_xml": rest_xml,
    "api_json": api_json,
    "jsonrpc": jsonrpc,
}


def refusal(answer: httpx.Response) -> str | None:
    """The sentence of a refusal of the 400 kind, in whatever form it comes; None where the call was done."""
    if "vapi-error" in answer.headers:
        assert answer.status_code == 200
        (error,) = answer.json()["result"]["error"]["ERROR"].values()
        assert answer.headers["vapi-error"] in (
            "com.vmware.vapi.std.errors.invalid_argument",
            "com.vmware.vapi.std.errors.invalid_request",
        )
        return str(error["messages"][0]["STRUCTURE"]["com.vmware.vapi.std.localizable_message"]["default_message"])
    body = answer.json()
    if answer.status_code == 200 and isinstance(body, dict) and "error" in body:
        assert body["error"]["code"] in (-32700, -32602), body
        return str(body["error"]["message"])
    if answer.status_code in (200, 201):
        return None
    assert answer.status_code == 400, answer.text
    value = body.get("value", body)
    assert value["error_type"] in ("INVALID_ARGUMENT", "INVALID_REQUEST"), body
    return str(value["messages"][0]["default_message"])


def _post(http: httpx.Client, target: str, body: bytes, kind: str) -> httpx.Response:
    return http.post(target, content=body, headers={"content-type": kind, "accept": "application/json"})
