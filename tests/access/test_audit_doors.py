"""Tests what each way into the server writes to its audit log: JSON-RPC, SOAP, static addresses and published libraries."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from xml.sax.saxutils import escape

from access.audited import entries, named
from whole import KNOWN_TOKEN, NAME, PASSWORD, TOKEN, Whole

PUBLIC = hashlib.sha256(KNOWN_TOKEN.encode()).hexdigest()


def of(app: Whole, operation: str) -> list[dict[str, Any]]:
    return entries(app.settings.database_file, operation)


def brief(entry: dict[str, Any]) -> tuple[str, str, str]:
    """User, outcome and error of an entry."""
    return entry.get("user", ""), entry["outcome"], entry.get("error", "")


async def invoke(app: Whole, service: str, operation: str, **fields: object) -> None:
    params = {"serviceId": service, "operationId": operation, "input": {"STRUCTURE": {"operation-input": fields}}}
    answer = await app.send("POST", "/api", {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params})
    assert answer.status_code == 200, answer.text


async def soap(app: Whole, method: str, arguments: str, token: str = "") -> None:
    space = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    inner = f'<{method} xmlns="urn:vim25">{arguments}</{method}>'
    body = f"<soapenv:Envelope {space}><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
    await app.send("POST", "/sdk", body.encode(), {TOKEN: token, "content-type": "text/xml"})


async def test_json_rpc_is_recorded_like_other_forms(app: Whole) -> None:
    library = await app.library("Images")
    await invoke(app, "com.vmware.content.local_library", "delete", library_id=library)
    (entry,) = of(app, "com.vmware.content.local_library.delete")
    assert (brief(entry), entry["session"]) == ((NAME, "SUCCEEDED", ""), PUBLIC)
    assert named(entry)["library"] == "Images"


async def test_refused_json_rpc_is_recorded(app: Whole) -> None:
    app.client.headers[TOKEN] = "ef" * 32
    await invoke(app, "com.vmware.content.local_library", "list")
    (entry,) = of(app, "com.vmware.content.local_library.list")
    assert brief(entry) == ("", "REFUSED", "unauthenticated")


async def test_logins_and_logouts_by_soap_are_recorded(app: Whole) -> None:
    session = '<_this type="SessionManager">SessionManager</_this>'
    for password in ("wrong", PASSWORD):
        await soap(app, "Login", f"{session}<userName>{NAME}</userName><password>{escape(password)}</password>")
    refused, accepted = of(app, "vim25.Login")
    assert brief(refused) == (NAME, "REFUSED", "unauthenticated")
    assert brief(accepted) == (NAME, "SUCCEEDED", "") and len(accepted["session"]) == 64
    await soap(app, "Logout", session, KNOWN_TOKEN)
    (ended,) = of(app, "vim25.Logout")
    assert (brief(ended), ended["session"]) == ((NAME, "SUCCEEDED", ""), PUBLIC)


async def test_a_static_download_is_recorded_and_a_refused_one(app: Whole) -> None:
    library = await app.library("Images")
    item = await app.item("Debian", library)
    await app.fill(item, disk_iso=b"content")
    address = f"/cls/static/{library}/{item}/disk.iso"
    for _ in range(3):
        assert (await app.send("GET", address, headers={"range": "bytes=0-1"})).status_code == 206
    await app.send("GET", address, headers={TOKEN: ""})
    await app.send("GET", f"/folder/contentlib-{library}/{item}/disk.iso?dsName=default")  # the same file by another address
    begun, refused = of(app, "transfer.static")
    assert (brief(begun), named(begun)["library item"], named(begun)["file"]) == ((NAME, "SUCCEEDED", ""), "Debian", "disk.iso")
    assert brief(refused) == ("", "REFUSED", "unauthenticated")


async def test_reading_a_published_library_is_recorded(app: Whole) -> None:
    info = {"published": True, "authentication_method": "BASIC", "password": "a secret of subscribers"}
    library = await app.library("Images", publish_info=info)
    item = await app.item("Debian", library)
    await app.fill(item, disk_iso=b"content")
    address = f"/cls/vcsp/lib/{library}/{item}/disk.iso"
    await app.send("GET", address)
    for password in ("wrong", "a secret of subscribers"):
        basic = base64.b64encode(f"vcsp:{password}".encode()).decode()
        await app.send("GET", address, headers={"authorization": f"Basic {basic}"})
    refused, begun = of(app, "vcsp.read")
    assert (brief(refused), named(refused)["library"]) == (("", "REFUSED", "unauthenticated"), "Images")
    assert (brief(begun), named(begun)["library"], named(begun)["file"]) == (("", "SUCCEEDED", ""), "Images", "disk.iso")
    assert "a secret of subscribers" not in str(of(app, ""))
