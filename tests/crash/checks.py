"""Whether a server holds to what it has answered."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from crash.clients import Refused
from crash.contents import DRAFT, Bytes, Item, Library, State, Update
from crash.steps import check_listed, check_over, read_some, session_state
from crash.worlds import DOWNLOAD_FILES, DOWNLOADS, ITEMS, TOKEN_SECONDS, UPDATE_FILES, UPDATES, World


@dataclass(frozen=True)
class Observed:
    """What the server says of an item: its content version, and of each file size, algorithm and checksum."""

    version: int
    files: dict[str, tuple[int, str, str]]

    def matches(self, state: State) -> bool:
        """Whether it is that state, whole."""
        return (
            self.version == state.version
            and self.files.keys() == state.files.keys()
            and all(
                (size, checksum) == (state.files[name].size, state.files[name].digest(algorithm))
                for name, (size, algorithm, checksum) in self.files.items()
            )
        )


async def observed(world: World, item: Item) -> Observed | None:
    """What the server says of an item now; None when it is gone."""
    try:
        model = await world.client.call("GET", f"{ITEMS}/id:{item.id}")
    except Refused as refused:
        assert refused.status == 404, refused
        return None
    files = await world.client.call("GET", f"{ITEMS}/file?library_item_id={item.id}")
    told = {
        file["name"]: (file["size"], file["checksum_info"]["algorithm"], file["checksum_info"]["checksum"]) for file in files
    }
    return Observed(int(model["content_version"]), told)


async def settle(world: World) -> None:
    """Finds out what became of the calls that had no answer when the server was killed."""
    for library in [each for each in world.libraries if not each.sure]:
        await _settle_library(world, library)
    for library, item in world.known():
        await _settle_item(world, library, item)
    for _, item in world.known():
        if item.update is not None:
            await _settle_update(world, item, item.update)
    await world.settle()


async def _settle_library(world: World, library: Library) -> None:
    """All of a library is there, or nothing."""
    library.sure = await _is_there(world, f"/library/id:{library.id}")
    for item in library.items:
        there = await _is_there(world, f"{ITEMS}/id:{item.id}")
        assert there is library.sure, (
            f"library {library.id} was being deleted; it is {_there(library.sure)}, but its item {item.id} is {_there(there)}"
        )
    if not library.sure:
        world.forget_library(library)


async def _settle_item(world: World, library: Library, item: Item) -> None:
    found = await observed(world, item)
    if found is None and _is_being_replaced(world, item):
        return
    possible = [each for each in item.states if (each is None if found is None else each is not None and found.matches(each))]
    assert possible, (
        f"item {item.id} ({item.name}) should be {' or '.join(str(each or 'gone') for each in item.states)}; it is {found}"
    )
    item.states = possible[:1]
    if found is None:
        library.items.remove(item)
        world.deleted.append(f"{ITEMS}/id:{item.id}")


def _is_being_replaced(world: World, item: Item) -> bool:
    """Whether the draft was giving way to a new item when the server was killed."""
    spec = world.pending.body.get("create_spec", {}) if world.pending else {}
    return item.given_up and spec.get("name") == item.name


async def _settle_update(world: World, item: Item, update: Update) -> None:
    """A session is DONE exactly when its changes are there, and ends in no other way than it was told to."""
    state = await session_state(world, UPDATES, update.id)
    done = update.ending == "complete" and item.state.version == update.base + 1
    ends = {"cancel": {"CANCELED"}, "fail": {"ERROR"}}.get(update.ending, set())
    expired = set() if world.is_young(update.touched) else {"CANCELED", None}
    allowed = {"DONE"} if done else {"ACTIVE", *ends, *expired}
    assert state in allowed, (
        f"update session {update.id} is {state} {time.monotonic() - update.touched:.1f} s after its last call, "
        f"{update.ending or 'nothing'} was being done to it; item {item.id} is {item.state}"
    )
    update.ending = ""
    if state == "ACTIVE":
        listed = await world.client.call("GET", f"{UPDATE_FILES}?update_session_id={update.id}")
        check_listed(update, {file["name"]: file for file in listed})
    else:
        item.update, item.given_up = None, item.state == DRAFT


async def verify(world: World) -> None:
    """What was answered is so: what was made is there, what was deleted is gone, and nothing else is there."""
    await _verify_lists(world)
    await _verify_answers(world)
    for download in list(world.downloads):
        try:
            await read_some(world, download)
        except Refused as refused:
            await check_over(world, download, refused)
    filled = [item for _, item in world.known() if item.state.files]
    if filled:
        await verify_bytes(world, world.random.choice(filled))


async def _verify_lists(world: World) -> None:
    there = set(await world.client.call("GET", "/library"))
    for library in world.libraries:
        assert library.id in there, f"library {library.id} ({library.name}) was created and is gone"
        items = set(await world.client.call("GET", f"{ITEMS}?library_id={library.id}"))
        known = {item.id for item in library.items}
        assert items == known, f"library {library.id} should hold the items {sorted(known)}, it holds {sorted(items)}"


async def _verify_answers(world: World) -> None:
    for target in list(world.deleted)[-3:]:
        assert not await _is_there(world, target), f"{target} was deleted and is there again"
    for session, state, when in list(world.ended)[-2:]:
        now = await session_state(world, UPDATES, session)
        swept = {None} if time.monotonic() - when > TOKEN_SECONDS else set()
        assert now in {state, *swept}, f"update session {session} was {state}, now it is {now}"
    for creation in list(world.creations)[-2:]:
        if time.monotonic() - creation.began < TOKEN_SECONDS:
            again = await world.client.call("POST", creation.target, creation.body)
            assert again == creation.identifier, f"{creation.target} made {creation.identifier}, repeated it makes {again}"
    for token in list(world.logged_out)[-1:]:
        assert not await world.client.is_logged_in(token), "a login session that was ended lives again"


async def verify_bytes(world: World, item: Item) -> None:
    """The files of an item, downloaded whole, are those that were stored."""
    session = await world.client.call("POST", DOWNLOADS, {"create_spec": {"library_item_id": item.id}})
    for name, content in item.state.files.items():
        target = f"{DOWNLOAD_FILES}/id:{session}?~action=prepare"
        file = await world.client.call("POST", target, {"file_name": name})
        assert file["status"] == "PREPARED", f"file {name} of item {item.id} is {file}"
        answer = await world.client.send("GET", file["download_endpoint"]["uri"])
        found = hashlib.sha256(answer.content).hexdigest()
        assert found == content.digest("SHA256"), (
            f"file {name} of item {item.id} has {len(answer.content)} bytes with SHA-256 {found}; "
            f"{content.size} bytes with {content.digest('SHA256')} were stored"
        )
    await world.client.call("DELETE", f"{DOWNLOADS}/id:{session}")


async def verify_drafts(world: World) -> None:
    """A draft gives way to a new item of its name, if a session on it has failed; else it keeps its name."""
    for library, item in world.known():
        if item.state == DRAFT:
            try:
                await world.create_item(library, item.name, replaced=item)
            except Refused as refused:
                assert refused.type == "ALREADY_EXISTS", refused  # no session was begun on it
                world.pending = None


def stored(world: World) -> set[Bytes]:
    """What is to be found on the storages for this client's items."""
    return {content for _, item in world.known() for content in item.state.files.values()}


async def _is_there(world: World, target: str) -> bool:
    try:
        await world.client.call("GET", target)
    except Refused as refused:
        assert refused.status == 404, refused
        return False
    return True


def _there(there: bool) -> str:
    return "there" if there else "gone"
