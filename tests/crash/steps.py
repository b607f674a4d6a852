"""What a client does next, by chance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from crash.clients import Gone, Refused
from crash.contents import DRAFT, Bytes, Download, Item, Update
from crash.worlds import DOWNLOAD_FILES, DOWNLOADS, ITEMS, UPDATE_FILES, UPDATES, World

_LIBRARIES, _ITEMS, _DOWNLOADS = 3, 4, 3
_SMALL, _LARGE = 60_000, 4_000_000


async def step(world: World) -> None:
    """One thing that a client does."""
    if not world.libraries:
        await world.create_library()
    elif not world.known():
        await _item(world)
    else:
        what = world.random.choices([each for each, _ in _STEPS], [weight for _, weight in _STEPS])[0]
        await what(world)


async def _library(world: World) -> None:
    if len(world.libraries) < _LIBRARIES:
        await world.create_library()
    else:
        await world.delete_library(world.random.choice(world.libraries))


async def _item(world: World) -> None:
    library = world.random.choice(world.libraries)
    given_up = [item for item in library.items if item.given_up]
    if given_up:
        await world.create_item(library, given_up[0].name, replaced=given_up[0])
    elif len(library.items) < _ITEMS:
        await world.create_item(library, world.new_name())
    else:
        await world.delete_item(library, world.random.choice(library.items))


async def _taken(world: World) -> None:
    """The name of an item that has content, or is being given some, is nobody else's."""
    library, item = world.random.choice(world.known())
    if item.state == DRAFT and item.update is None:
        return
    if item.update is not None and not world.is_young(item.update.touched):
        return
    spec = {"name": item.name.upper(), "library_id": library.id}
    try:
        await world.client.call("POST", ITEMS, {"create_spec": spec})
    except Refused as refused:
        assert refused.type == "ALREADY_EXISTS", refused
    else:
        raise AssertionError(f"there are two items named {item.name} in library {library.id}")


async def _copy(world: World) -> None:
    _, source = world.random.choice(world.known())
    library = world.random.choice(world.libraries)
    if len(library.items) < _ITEMS:
        await world.copy_item(source, library)


# updates


def _bytes(world: World) -> Bytes:
    seed = world.random.getrandbits(32) if world.random.random() < 0.8 else world.random.randrange(5)  # equal ones share a blob
    sizes = (0, 1, 1000, world.random.randrange(_SMALL), world.random.randrange(_LARGE))
    return Bytes(seed, world.random.choices(sizes, (1, 1, 2, 8, 4))[0])


async def _update(world: World) -> None:
    _, item = world.random.choice(world.known())
    if item.update is None:
        plan: dict[str, Bytes | None] = {f"file-{world.random.randrange(5)}.bin": _bytes(world) for _ in range(3)}
        spare = sorted(set(item.state.files) - set(plan))
        if spare and world.random.random() < 0.4:
            plan[spare[0]] = None
        await world.create_update(item, Update("", item.state.version, plan))
    await go_on(world, item)


async def go_on(world: World, item: Item) -> None:
    """Does what is left to do of an update session, also of one that a killed server has interrupted."""
    update = item.update
    assert update is not None
    try:
        await _fill(world, update)
        how = world.random.choices(("complete", "cancel", "fail", "leave"), (12, 1, 1, 1))[0]
        if how == "leave":
            await _call_update(world, update, "POST", f"{UPDATES}/id:{update.id}?~action=keep-alive", {"client_progress": 50})
        else:
            await world.end_update(item, how)
    except Refused as refused:
        item.states = item.states[:1]
        session = await session_state(world, UPDATES, update.id)
        if session == "ACTIVE" and refused.type == "NOT_ALLOWED_IN_CURRENT_STATE" and update.unheard:
            update.ready -= update.unheard
            return
        assert session in ("CANCELED", None) and not world.is_young(update.touched), (
            f"{refused}; update session {update.id} is {session}, {time.monotonic() - update.touched:.1f} s after its last call"
        )
        item.update, item.given_up = None, item.state == DRAFT


async def _call_update(world: World, update: Update, method: str, target: str, body: object = None) -> Any:
    sent = time.monotonic()
    answer = await world.client.call(method, target, body)
    update.touched = sent
    return answer


async def _fill(world: World, update: Update) -> None:
    # the files of a session that has ended are listed too, so this does not tell that it lives
    listed = await world.client.call("GET", f"{UPDATE_FILES}?update_session_id={update.id}")
    check_listed(update, {file["name"]: file for file in listed})
    names = {file["name"] for file in listed}
    for name, content in update.plan.items():
        if content is None and name not in update.removed and name in names:
            await _call_update(world, update, "POST", f"{UPDATE_FILES}/id:{update.id}?~action=remove", {"file_name": name})
            update.removed.add(name)
        elif content is not None and name not in update.addresses:
            await _add(world, update, name, content)
    waiting = [name for name, content in update.plan.items() if content is not None and name not in update.ready]
    await _together([_send(world, update, name) for name in waiting])


def check_listed(update: Update, listed: dict[str, Any]) -> None:
    """What was answered about the files of a session is still so."""
    for name in update.addresses:
        assert name in listed, f"file {name} was added to update session {update.id}, and is not in it any more"
    for name in sorted(update.ready):
        file = listed[name]
        if file["status"] != "READY" and name in update.unheard:
            update.ready.discard(name)
            continue
        assert file["status"] == "READY", f"file {name} of update session {update.id} was READY, now it is {file}"
    for name in update.removed:
        assert name not in listed, f"file {name} was removed in update session {update.id}, and is in it again"


async def _add(world: World, update: Update, name: str, content: Bytes) -> None:
    spec: dict[str, Any] = {"name": name, "source_type": "PUSH"}
    if world.random.random() < 0.7:
        spec["size"] = content.size
    if world.random.random() < 0.5:
        algorithm = world.random.choice(("MD5", "SHA1", "SHA256", "SHA512"))
        spec["checksum_info"] = {"algorithm": algorithm, "checksum": content.digest(algorithm)}
    file = await _call_update(world, update, "POST", f"{UPDATE_FILES}/id:{update.id}?~action=add", {"file_spec": spec})
    update.addresses[name] = file["upload_endpoint"]["uri"]


async def _together(calls: list[Any]) -> None:
    """Runs calls at once; a wrong answer counts for more than a lost one."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    errors = [end for end in ends if isinstance(end, BaseException)]
    for error in sorted(errors, key=lambda each: isinstance(each, Gone)):
        raise error


async def _send(world: World, update: Update, name: str) -> None:
    """Sends a file whole or in parts, from where the server has it."""
    content = update.plan[name]
    assert content is not None
    data, address = content.data(), update.addresses[name]
    while name not in update.ready:
        sent = time.monotonic()
        head = await world.client.send("HEAD", address)
        if head.status_code != 200:
            raise Refused(f"HEAD of {name}", head)
        update.touched = max(sent, update.touched)
        start = int(head.headers["upload-offset"])
        before = update.received.get(name, 0)
        assert start >= before, f"{before} bytes of {name} were answered for, now {start} are there: {address}"
        await _send_from(world, update, name, data, start)


async def _send_from(world: World, update: Update, name: str, data: bytes, start: int) -> None:
    size = len(data)
    whole = start == 0 or start == size
    start = 0 if whole else start
    cut = size > 1000 and world.random.random() < 0.3
    end = world.random.randrange(start + 1, size + 1) if size and world.random.random() < 0.4 else size
    if whole or end == size:
        # a whole file takes the place of what was there; and a complete one is moved to its place before it is READY, so that
        # a client whose server is killed in between begins anew
        update.received[name] = 0
    headers = {} if whole and end == size else {"content-range": f"bytes {start}-{end - 1}/{size}"}
    if start != 0 and world.random.random() < 0.2 and not cut:
        headers, start, end = {}, 0, size
        update.received[name] = 0
    sent = time.monotonic()
    if cut:
        update.unheard.add(name)
        await world.client.cut_off(update.addresses[name], data[start : (start + end) // 2], _declared(headers, end - start))
        return
    answer = await world.client.send("PUT", update.addresses[name], content=data[start:end], headers=headers)
    if answer.status_code == 409:  # what the server has is not what we thought, or it has not seen yet that we broke off
        await asyncio.sleep(0.02)
    elif answer.status_code != 200:
        raise Refused(f"PUT of {name}", answer)
    else:
        update.touched = max(sent, update.touched)
        _note(update, name, answer, end)


def _declared(headers: dict[str, str], length: int) -> dict[str, str]:
    return {**headers, "content-length": str(length)}


def _note(update: Update, name: str, answer: httpx.Response, end: int) -> None:
    if answer.headers.get("content-type") == "application/json" and answer.json()["status"] == "READY":
        update.ready.add(name)
        return
    update.received[name] = int(answer.headers["upload-offset"])
    assert update.received[name] == end, f"{end} bytes of {name} were sent, the answer says {update.received[name]}"


# downloads


async def _download(world: World) -> None:
    """Reads a part of a file by a download session, an old one or a new one."""
    with_content = [item for _, item in world.known() if item.state.files]
    if with_content and len(world.downloads) < _DOWNLOADS:
        await world.create_download(world.random.choice(with_content))
    if not world.downloads:
        return
    download = world.random.choice(world.downloads)
    try:
        await read_some(world, download)
    except Refused as refused:
        await check_over(world, download, refused)
    if download in world.downloads and world.random.random() < 0.3:
        await _end_download(world, download)


async def read_some(world: World, download: Download) -> None:
    """A part of a file is what it was when the session was created."""
    name = world.random.choice(sorted(download.state.files))
    content = download.state.files[name]
    sent = time.monotonic()
    if name not in download.addresses:
        target = f"{DOWNLOAD_FILES}/id:{download.id}?~action=prepare"
        file = await world.client.call("POST", target, {"file_name": name})
        assert file["status"] == "PREPARED", f"file {name} of download session {download.id} is {file}"
        download.addresses[name] = file["download_endpoint"]["uri"]
    first = world.random.randrange(content.size) if content.size else 0
    headers = {"range": f"bytes={first}-"} if first else {}
    answer = await world.client.send("GET", download.addresses[name], headers=headers)
    if answer.status_code not in (200, 206):
        raise Refused(f"GET {name} of download session {download.id}", answer)
    expected = content.data()[first:]
    assert answer.content == expected, (
        f"download session {download.id} gives {len(answer.content)} other bytes of {name} from {first} on than it should"
    )
    download.touched = max(sent, download.touched)


async def check_over(world: World, download: Download, refused: Refused) -> None:
    """A download session that gives nothing has expired."""
    state = await session_state(world, DOWNLOADS, download.id)
    assert state in ("CANCELED", None) and not world.is_young(download.touched), (
        f"{refused}; download session {download.id} is {state}, {time.monotonic() - download.touched:.1f} s after its last call"
    )
    world.downloads.remove(download)


async def _end_download(world: World, download: Download) -> None:
    world.downloads.remove(download)
    if world.random.random() < 0.5:
        await world.client.call("DELETE", f"{DOWNLOADS}/id:{download.id}")
        world.deleted.append(f"{DOWNLOADS}/id:{download.id}")
    elif download.addresses and world.is_young(download.touched):
        await world.client.call("POST", f"{DOWNLOADS}/id:{download.id}?~action=cancel")
        assert (await world.client.send("GET", next(iter(download.addresses.values())))).status_code == 404


async def session_state(world: World, target: str, session: str) -> str | None:
    try:
        return str((await world.client.call("GET", f"{target}/id:{session}"))["state"])
    except Refused as refused:
        assert refused.status == 404, refused
        return None


# others


async def _login(world: World) -> None:
    token = await world.client.log_in()
    await world.client.log_out(token)
    world.logged_out.append(token)


_STEPS: list[tuple[Callable[[World], Awaitable[None]], float]] = [
    (_library, 2),
    (_item, 6),
    (_taken, 1),
    (_copy, 3),
    (_update, 14),
    (_download, 8),
    (_login, 0.3),
]
