"""Calls that come at once to a server with two workers: every outcome is one that the calls have in some order."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any

import pytest

from crash.clients import CONTENT, Client
from crash.conftest import Start
from crash.journeys import add, complete, file_of, fill, new_item, new_update, prepared, put, read
from crash.worlds import DOWNLOAD_FILES, ITEMS, UPDATE_FILES, UPDATES

_ROUNDS = 6
_MIB = 1 << 20


@pytest.fixture
async def client(start: Start) -> Client:
    _, client = await start(workers=2)
    return client


async def at_once(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*calls))


async def outcome(client: Client, method: str, target: str, body: object = None) -> tuple[str, Any]:
    """`OK` and the result, or the error's type and the message."""
    answer = await client.send(method, CONTENT + target, json=body)
    value: Any = answer.json()["value"] if answer.content else None
    if answer.status_code == 200:
        return "OK", value
    return value["error_type"], value["messages"][0]["default_message"]


async def sent(client: Client, address: str, data: bytes) -> int:
    """The status of an upload; what the server cannot store for a conflict is 404 or 409, never 500."""
    status = (await put(client, address, data)).status_code
    assert status in (200, 404, 409), status
    return status


async def test_one_client_token_makes_one_thing(client: Client) -> None:
    for target, spec in (
        ("/local-library", {"name": "lab"}),
        (ITEMS, {"name": "tiny", "library_id": await client.call("POST", "/local-library", {"create_spec": {"name": "b"}})}),
        (UPDATES, {"library_item_id": await new_item(client)}),
        ("/library/item/download-session", {"library_item_id": await new_item(client)}),
    ):
        body = {"client_token": str(uuid.uuid4()), "create_spec": spec}
        made = await at_once(client.call("POST", target, body) for _ in range(32))
        assert len(set(made)) == 1, (target, made)
    assert len(await client.call("POST", "/library?~action=find", {"spec": {"name": "lab"}})) == 1


async def test_one_copy_is_made_of_one_client_token(client: Client) -> None:
    item = await new_item(client)
    await fill(client, item, file=bytes(_MIB))
    library = await client.call("POST", "/local-library", {"create_spec": {"name": "copies"}})
    spec = {"library_id": library, "name": "copy"}
    body = {"client_token": str(uuid.uuid4()), "destination_create_spec": spec}
    made = await at_once(client.call("POST", f"{ITEMS}/id:{item}?~action=copy", body) for _ in range(8))
    assert await client.call("GET", f"{ITEMS}?library_id={library}") == [made[0]]
    assert set(made) == {made[0]}


async def test_one_name_is_given_to_one_item(client: Client) -> None:
    library = await client.call("POST", "/local-library", {"create_spec": {"name": f"lab {uuid.uuid4()}"}})
    for name in ("tiny", "Straße"):
        body = {"create_spec": {"name": name, "library_id": library}}
        ends = Counter(end for end, _ in await at_once(outcome(client, "POST", ITEMS, body) for _ in range(16)))
        assert ends == {"OK": 1, "ALREADY_EXISTS": 15}


async def test_one_update_session_is_active_on_an_item(client: Client) -> None:
    item = await new_item(client)
    body = {"create_spec": {"library_item_id": item}}
    ends = Counter(end for end, _ in await at_once(outcome(client, "POST", UPDATES, body) for _ in range(8)))
    assert ends == {"OK": 1, "RESOURCE_BUSY": 7}


async def test_a_session_is_completed_or_canceled_never_both(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        session = await new_update(client, item)
        await put(client, await add(client, session, "file"), b"new")
        calls = [outcome(client, "POST", f"{UPDATES}/id:{session}?~action={how}") for how in ("complete", "cancel") * 2]
        ends = [end for end, _ in await at_once(calls)]
        assert Counter(ends) == {"OK": 1, "NOT_ALLOWED_IN_CURRENT_STATE": 3}
        state = (await client.call("GET", f"{UPDATES}/id:{session}"))["state"]
        completed = "OK" in ends[::2]
        assert state == ("DONE" if completed else "CANCELED")
        found = await client.call("GET", f"{ITEMS}/file?library_item_id={item}")
        assert [file["name"] for file in found] == (["file"] if completed else [])


async def test_an_item_that_is_deleted_during_an_upload_leaves_nothing(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        session = await new_update(client, item)
        address = await add(client, session, "file")
        status, (end, _) = await at_once(
            [sent(client, address, bytes(4 * _MIB)), outcome(client, "DELETE", f"{ITEMS}/id:{item}")]
        )
        assert (end, status in (200, 404)) == ("OK", True)
        assert (await client.send("PUT", address, content=b"late")).status_code == 404
        assert (await outcome(client, "POST", f"{UPDATES}/id:{session}?~action=complete"))[0] != "OK"


async def test_a_library_that_is_deleted_while_its_items_are_completed_leaves_none(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        library = (await client.call("GET", f"{ITEMS}/id:{item}"))["library_id"]
        session = await new_update(client, item)
        await put(client, await add(client, session, "file"), b"new")
        (completed, _), (deleted, _) = await at_once(
            [
                outcome(client, "POST", f"{UPDATES}/id:{session}?~action=complete"),
                outcome(client, "DELETE", f"/local-library/id:{library}"),
            ]
        )
        assert deleted == "OK"
        assert completed in ("OK", "NOT_ALLOWED_IN_CURRENT_STATE", "NOT_FOUND")
        assert (await outcome(client, "GET", f"{ITEMS}/id:{item}"))[0] == "NOT_FOUND"


async def test_two_uploads_of_one_file_are_not_mixed(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        session = await new_update(client, item)
        address = await add(client, session, "file")
        whole = [bytes([number]) * (3 * _MIB) for number in range(4)]
        statuses = await at_once(sent(client, address, data) for data in whole)
        assert 200 in statuses
        assert set(statuses) <= {200, 409}
        assert (await file_of(client, session, "file"))["status"] == "READY"
        await complete(client, session)
        assert await read(client, item, "file") in whole


async def test_a_file_that_is_replaced_during_its_upload_is_the_new_one_or_waits(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        session = await new_update(client, item)
        old = await add(client, session, "file")
        status, new = await at_once([sent(client, old, b"o" * (4 * _MIB)), add(client, session, "file")])
        assert status in (200, 404)
        assert (await file_of(client, session, "file"))["status"] == "WAITING_FOR_TRANSFER"
        assert (await client.send("PUT", old, content=b"late")).status_code == 404
        assert (await put(client, new, b"n" * _MIB)).status_code == 200
        await complete(client, session)
        assert await read(client, item, "file") == b"n" * _MIB


async def test_a_download_ends_with_its_bytes_while_the_item_is_deleted(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        data = bytes(range(256)) * 16384
        await fill(client, item, file=data)
        address = await prepared(client, item, "file")
        whole, part, (end, _) = await at_once(
            [
                client.send("GET", address),
                client.send("GET", address, headers={"range": "bytes=1000-"}),
                outcome(client, "DELETE", f"{ITEMS}/id:{item}"),
            ]
        )
        assert (end, whole.content == data, part.content == data[1000:]) == ("OK", True, True)
        assert (await client.send("GET", address)).content == data


async def test_files_are_changed_while_a_session_is_completed_all_or_not(client: Client) -> None:
    for _ in range(_ROUNDS):
        item = await new_item(client)
        await fill(client, item, kept=b"kept")
        session = await new_update(client, item)
        await put(client, await add(client, session, "new"), b"new")
        removal = {"file_name": "kept"}
        (removed, _), (completed, _) = await at_once(
            [
                outcome(client, "POST", f"{UPDATE_FILES}/id:{session}?~action=remove", removal),
                outcome(client, "POST", f"{UPDATES}/id:{session}?~action=complete"),
            ]
        )
        assert completed in ("OK", "NOT_ALLOWED_IN_CURRENT_STATE")
        if completed != "OK":
            assert removed == "OK"
            await complete(client, session)
        found = {file["name"] for file in await client.call("GET", f"{ITEMS}/file?library_item_id={item}")}
        assert found == ({"new"} if removed == "OK" else {"kept", "new"})


async def test_the_same_changes_at_once_are_counted_one_by_one(client: Client) -> None:
    library = await client.call("POST", "/local-library", {"create_spec": {"name": f"lab {uuid.uuid4()}"}})
    target = f"/local-library/id:{library}"
    names = [f"name {number}" for number in range(12)]
    ends = await at_once(outcome(client, "PATCH", target, {"update_spec": {"name": name, "version": "1"}}) for name in names)
    assert Counter(end for end, _ in ends) == {"OK": 1, "CONCURRENT_CHANGE": 11}
    ends = await at_once(outcome(client, "PATCH", target, {"update_spec": {"description": name}}) for name in names)
    assert {end for end, _ in ends} == {"OK"}
    assert (await client.call("GET", target))["version"] == "14"


async def test_download_sessions_come_and_go_at_once(client: Client) -> None:
    item = await new_item(client)
    await fill(client, item, file=b"bytes")
    sessions = [urls.split("/")[5] for urls in await at_once(prepared(client, item, "file") for _ in range(8))]
    for ends in await asyncio.gather(*(_three_ways(client, session) for session in sessions)):
        assert ends[0] in ("OK", "NOT_FOUND", "NOT_ALLOWED_IN_CURRENT_STATE")
        assert ends[1] in ("OK", "NOT_FOUND")
        assert ends[2] in ("OK", "NOT_FOUND", "INVALID_ARGUMENT")  # `prepare` declares no error for a session that has ended


async def _three_ways(client: Client, session: str) -> list[str]:
    target = "/library/item/download-session"
    body = {"file_name": "file"}
    calls = [
        outcome(client, "POST", f"{target}/id:{session}?~action=cancel"),
        outcome(client, "DELETE", f"{target}/id:{session}"),
        outcome(client, "POST", f"{DOWNLOAD_FILES}/id:{session}?~action=prepare", body),
    ]
    return [end for end, _ in await at_once(calls)]


async def test_a_file_that_is_sent_again_while_it_is_stored_is_taken_or_refused(start: Start) -> None:
    _, client = await start()
    session = await new_update(client, await new_item(client))
    address = await add(client, session, "file")

    async def sender() -> set[int]:
        return {await sent(client, address, b"bytes") for _ in range(40)}

    assert set.union(*await at_once(sender() for _ in range(6))) <= {200, 409}
    assert (await put(client, address, b"bytes")).status_code == 200
    assert (await file_of(client, session, "file"))["status"] == "READY"
