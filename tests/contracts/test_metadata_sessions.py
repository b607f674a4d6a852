"""What every metadata store must do: sessions and their files, tokens, logins, users, the server's own state."""

from __future__ import annotations

from typing import Protocol

import pytest
from msgspec.structs import replace

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.model import (
    DownloadSession,
    EndpointType,
    Login,
    Preparation,
    PrepareStatus,
    Session,
    Source,
    SourceEndpoint,
    State,
    Token,
    Touches,
    TransferStatus,
    UpdateSession,
    User,
)
from contentlib.library.ports import DownloadSessionRows, MetadataStore, Transaction, UpdateSessionRows
from contracts import made


class Kind(Protocol):
    def make(self, item: str, **changes: object) -> Session: ...

    def rows(self, transaction: Transaction) -> UpdateSessionRows | DownloadSessionRows: ...


class Updates:
    make = staticmethod(made.update_session)

    def rows(self, transaction: Transaction) -> UpdateSessionRows:
        return transaction.update_sessions


class Downloads:
    make = staticmethod(made.download_session)

    def rows(self, transaction: Transaction) -> DownloadSessionRows:
        return transaction.download_sessions


async def _add(rows: UpdateSessionRows | DownloadSessionRows, *sessions: Session) -> None:
    for each in sessions:
        await rows.add(each)  # type: ignore[arg-type]  # each kind is given its own sessions


BOTH = pytest.mark.parametrize("kind", [Updates(), Downloads()], ids=["update", "download"])


async def test_sessions_come_back_as_they_were_added_and_as_they_were_put(store: MetadataStore) -> None:
    update = made.update_session("i", ignored_warnings=(("w", True), ("x", False)), base="v")
    download = made.download_session("i", version_id="v", progress=7)
    ended: list[Session] = [
        replace(each, state=State.ERROR, ended=9, fault=made.FAULT, progress=100) for each in (update, download)
    ]
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(update)
        await rows.download_sessions.add(download)
        assert await rows.update_sessions.get(update.id) == update
        assert await rows.download_sessions.get(download.id) == download
        for each in ended:
            if isinstance(each, UpdateSession):
                await rows.update_sessions.put(each)
            elif isinstance(each, DownloadSession):
                await rows.download_sessions.put(each)
        assert [await rows.update_sessions.get(update.id), await rows.download_sessions.get(download.id)] == ended


@BOTH
async def test_a_user_finds_own_sessions_in_order_of_creation(store: MetadataStore, kind: Kind) -> None:
    library = made.library()
    items = [made.item(library.id, name=name) for name in ("i", "j", "k")]
    late, early = kind.make(items[0].id, created=9), kind.make(items[1].id, created=3)
    foreign = kind.make(items[2].id, created=1, user="bob")
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(library)
        for item in items:
            await transaction.items.add(item)
        rows = kind.rows(transaction)
        await _add(rows, late, early, foreign)
        assert await rows.ids("ann", None) == [early.id, late.id]
        assert await rows.ids("ann", items[0].id) == [late.id]
        assert await rows.ids("ann", items[2].id) == []
        assert await rows.ids("nobody", None) == []


@BOTH
async def test_sessions_are_given_to_another_owner(store: MetadataStore, kind: Kind) -> None:
    session, foreign = kind.make("item"), kind.make("other", user="bob")
    async with store.transaction(durable=False) as transaction:
        await _add(kind.rows(transaction), session, foreign)
    async with store.reading() as transaction:  # which may be remembered
        assert await kind.rows(transaction).get(session.id) == session
    async with store.transaction(durable=False) as transaction:
        await kind.rows(transaction).disown("ann", "removed/ann")
    async with store.reading() as transaction:
        found = [await kind.rows(transaction).get(each.id) for each in (session, foreign)]
    assert [each.user for each in found if each is not None] == ["removed/ann", "bob"]


@BOTH
async def test_a_user_finds_no_sessions_on_items_that_are_deleted(store: MetadataStore, kind: Kind) -> None:
    library = made.library()
    item = made.item(library.id)
    session = kind.make(item.id)
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(library)
        await transaction.items.add(item)
        rows = kind.rows(transaction)
        await _add(rows, session, kind.make("gone"))
        await transaction.deleted_items.add(item.id, "ann", 1, 2)
        assert await rows.ids("ann", None) == await rows.ids("ann", item.id) == []
        await transaction.deleted_items.restore(item)
        assert await rows.ids("ann", None) == [session.id]


@BOTH
async def test_idle_and_ended_sessions_are_those_before_a_time(store: MetadataStore, kind: Kind) -> None:
    idle, busy = kind.make("i", touched=10), kind.make("j", touched=11)
    ended = kind.make("k", touched=1, state=State.CANCELED, ended=10)
    async with store.transaction(durable=False) as transaction:
        rows = kind.rows(transaction)
        await _add(rows, idle, busy, ended)
        assert await rows.idle(11) == [idle.id]
        assert await rows.idle(10) == []
        assert await rows.ended(11) == [ended.id]
        assert await rows.ended(10) == []


@BOTH
async def test_of_idle_and_ended_sessions_some_are_listed_on_request(store: MetadataStore, kind: Kind) -> None:
    idle = [kind.make(f"i{n}", touched=10) for n in range(3)]
    ended = [kind.make(f"j{n}", state=State.CANCELED, ended=10) for n in range(3)]
    async with store.transaction(durable=False) as transaction:
        rows = kind.rows(transaction)
        await _add(rows, *idle, *ended)
        for found, wanted in ((await rows.idle(11, 2), idle), (await rows.ended(11, 2), ended)):
            assert len(found) == len(set(found)) == 2
            assert set(found) < {each.id for each in wanted}
        assert (len(await rows.idle(11, 9)), len(await rows.ended(11, 9))) == (3, 3)


async def test_an_item_has_one_active_update_session(store: MetadataStore) -> None:
    done = made.update_session("i", state=State.DONE, ended=1)
    active = made.update_session("i")
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(done)
        assert await rows.update_sessions.active_of("i") is None
        await rows.update_sessions.add(active)
        assert await rows.update_sessions.active_of("i") == active
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with store.transaction(durable=False) as rows:
            await rows.update_sessions.add(made.update_session("i"))


async def test_the_active_sessions_in_a_library_are_those_of_its_items(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    other, _ = await made.add_item(store)
    active = made.update_session(item.id)
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(active)
        await rows.update_sessions.add(made.update_session(item.id, state=State.DONE, ended=1))
        await rows.update_sessions.add(made.update_session(other.id))
        assert await rows.update_sessions.active_in(item.library) == [active]


async def test_active_sessions_on_a_storage_are_found(store: MetadataStore) -> None:
    active = made.update_session("i")
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(active)
        await rows.update_sessions.add(made.update_session("i", state=State.DONE, ended=1))
        await rows.update_sessions.add(made.update_session("j", storage="datastore-2"))
        assert await rows.update_sessions.active_on("datastore-1") == [active]
        assert await rows.update_sessions.active_on("datastore-3") == []


async def test_sessions_with_pulled_files_are_those_that_say_so_and_are_active(store: MetadataStore) -> None:
    pulled = made.update_session("i", pulled=7, completing=True)
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(made.update_session("j"))
        await rows.update_sessions.add(made.update_session("k", pulled=7, state=State.DONE, ended=1))
        await rows.update_sessions.add(pulled)
        assert await rows.update_sessions.pulled() == [pulled]


async def test_files_of_a_session_keep_their_order_when_they_are_replaced(store: MetadataStore) -> None:
    session = made.update_session("i")
    files = [made.update_file(session.id, name) for name in ("b", "a", "A")]
    checksum = Checksum(Algorithm.MD5, "0" * 32)
    new = made.update_file(
        session.id, "b", size=2**40, checksum=checksum, content=checksum, received=9, blob="x", removed=True, fault=made.FAULT
    )
    new = replace(new, endpoint=SourceEndpoint("https://lib.example/b", "ab:cd", "PEM"), task="t", archive="a")
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(session)
        for each in files:
            await rows.update_files.put(each)
        await rows.update_files.put(new)
        assert await rows.update_files.of(session.id) == [new, *files[1:]]
        assert (await rows.update_files.count(session.id), await rows.update_files.count("other")) == (len(files), 0)
        assert await rows.update_files.get(session.id, "b") == new
        assert await rows.update_files.get(session.id, "B") is None
        assert await rows.update_files.by_id(session.id, new.id) == new
        assert await rows.update_files.by_id(session.id, files[0].id) is None
        assert await rows.update_files.by_id("other", new.id) is None


async def test_a_file_is_changed_by_its_identifier_and_keeps_its_place(store: MetadataStore) -> None:
    session = made.update_session("i")
    first, second = (made.update_file(session.id, name) for name in "ab")
    changed = replace(first, name="c", received=9, status=TransferStatus.READY)
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(session)
        for each in (first, second):
            await rows.update_files.put(each)
        await rows.update_files.change(changed)
        await rows.update_files.change(made.update_file(session.id, "gone"))
        assert await rows.update_files.of(session.id) == [changed, second]


async def test_a_file_that_was_removed_and_added_again_is_the_last(store: MetadataStore) -> None:
    session = made.update_session("i")
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(session)
        for name in ("a", "b"):
            await rows.update_files.put(made.update_file(session.id, name))
        await rows.update_files.remove(session.id, "a")
        await rows.update_files.remove(session.id, "never")
        await rows.update_files.put(made.update_file(session.id, "a"))
        assert [each.name for each in await rows.update_files.of(session.id)] == ["b", "a"]


async def test_what_belongs_to_a_session_goes_with_it(store: MetadataStore) -> None:
    update, download = made.update_session("i"), made.download_session("i")
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(update)
        await rows.update_files.put(made.update_file(update.id, "a"))
        await rows.download_sessions.add(download)
        await rows.preparations.put(Preparation(download.id, "a", PrepareStatus.PREPARED))
        await rows.update_sessions.remove(update.id)
        await rows.download_sessions.remove(download.id)
        assert await rows.update_files.of(update.id) == []
        assert await rows.preparations.of(download.id) == []


async def test_uploads_are_the_files_of_active_sessions(store: MetadataStore) -> None:
    active, done = made.update_session("i"), made.update_session("j", state=State.DONE, ended=1)
    async with store.transaction(durable=False) as rows:
        for session in (active, done):
            await rows.update_sessions.add(session)
        mine, theirs = made.update_file(active.id, "a"), made.update_file(done.id, "a")
        for file in (mine, theirs):
            await rows.update_files.put(file)
        assert await rows.update_files.uploads() == {mine.id}


async def test_files_that_an_ended_process_received_are_in_error(store: MetadataStore) -> None:
    session, coming = made.update_session("i"), TransferStatus.TRANSFERRING
    received = made.update_file(session.id, "a", received=5, status=coming, writer="here")
    pulled = made.update_file(session.id, "pulled", source=Source.PULL, status=coming, writer="here")
    others = [made.update_file(session.id, status, status=status) for status in TransferStatus]
    others.append(made.update_file(session.id, "b", status=coming, writer="there"))
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(session)
        for each in (received, pulled, *others):
            await rows.update_files.put(each)
        assert await rows.update_files.writers() == {"here", "there"}
        await rows.update_files.interrupt(made.FAULT, ["here"])
        stopped = replace(received, status=TransferStatus.ERROR, fault=made.FAULT, writer=None)
        assert await rows.update_files.of(session.id) == [stopped, replace(pulled, writer=None), *others]
        assert await rows.update_files.writers() == {"there"}


async def test_a_preparation_replaces_the_one_of_the_same_name(store: MetadataStore) -> None:
    session = made.download_session("i")
    first = Preparation(session.id, "a", PrepareStatus.ERROR, EndpointType.HTTPS, made.FAULT)
    second = Preparation(session.id, "a", PrepareStatus.PREPARED, EndpointType.DIRECT)
    other = Preparation(session.id, "b", PrepareStatus.PREPARED)
    async with store.transaction(durable=False) as rows:
        await rows.download_sessions.add(session)
        for each in (first, other, second):
            await rows.preparations.put(each)
        assert sorted(await rows.preparations.of(session.id), key=lambda each: each.name) == [second, other]


async def test_a_token_is_one_of_a_user_and_an_operation(store: MetadataStore) -> None:
    token = Token("ann", "create", "uuid")
    async with store.transaction(durable=False) as rows:
        await rows.tokens.add(token, "made", 10)
        assert await rows.tokens.find(token) == "made"
        for other in (replace(token, user="bob"), replace(token, operation="copy"), replace(token, value="other")):
            assert await rows.tokens.find(other) is None
        await rows.tokens.forget(10)
        assert await rows.tokens.find(token) == "made"
        await rows.tokens.forget(11)
        assert await rows.tokens.find(token) is None


async def test_a_token_cannot_be_kept_twice(store: MetadataStore) -> None:
    token = Token("ann", "create", "uuid")
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with store.transaction(durable=False) as rows:
            await rows.tokens.add(token, "one", 1)
            await rows.tokens.add(token, "two", 1)


async def test_tokens_and_login_sessions_are_forgotten_a_few_at_a_time(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        for n in range(5):
            await rows.tokens.add(Token("ann", "create", f"uuid-{n}"), "made", 10)
            await rows.logins.add(Login(f"l{n}", "ann", 1, 10))
        assert [await rows.tokens.forget(11, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert [await rows.logins.forget(11, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert (await rows.tokens.forget(11), await rows.logins.forget(11)) == (0, 0)


async def test_login_sessions_are_forgotten_by_their_last_touch(store: MetadataStore) -> None:
    old, new = Login("old", "ann", 1, 10), Login("new", "ann", 1, 11)
    async with store.transaction(durable=False) as rows:
        for each in (old, new):
            await rows.logins.add(each)
        assert await rows.logins.get("old") == old
        await rows.logins.forget(11)
        assert [await rows.logins.get(each) for each in ("old", "new")] == [None, new]
        await rows.logins.remove("new")
        assert await rows.logins.get("new") is None


async def test_of_a_users_login_sessions_those_stay_that_were_touched_last(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name, user, touched in [("a", "ann", 10), ("b", "ann", 30), ("c", "ann", 20), ("d", "bob", 1)]:
            await rows.logins.add(Login(name, user, 1, touched))
        await rows.logins.trim("ann", 2)
        assert [await rows.logins.get(name) is not None for name in "abcd"] == [False, True, True, True]
        await rows.logins.trim("ann", 0)
        assert [await rows.logins.get(name) is not None for name in "abcd"] == [False, False, False, True]


async def test_the_login_sessions_of_a_user_are_listed_oldest_first(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name, user, created in [("a", "ann", 30), ("b", "ann", 10), ("c", "bob", 20)]:
            await rows.logins.add(Login(name, user, created, 40))
        assert [each.token_hash for each in await rows.logins.of("ann")] == ["b", "a"]
        assert await rows.logins.of("carl") == []


async def test_a_user_is_found_without_regard_to_case_and_replaced_as_a_whole(store: MetadataStore) -> None:
    user = User("Ann", "ann", "hash", "Ann A.", "ann@lab.example", enabled=False, source="ldap")
    async with store.transaction(durable=False) as rows:
        await rows.users.put(user)
        assert await rows.users.get("ANN") == user
        await rows.users.put(replace(user, password_hash="new", display_name=""))
        assert await rows.users.get("ann") == replace(user, password_hash="new", display_name="")


async def test_a_value_of_the_server_is_replaced(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        await rows.state.put("key", "one")
        await rows.state.put("key", "two")
        assert await rows.state.get("key") == "two"


async def test_a_job_belongs_to_one_owner_until_its_lease_is_over(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        assert await rows.state.claim("sweep", "one", 10, 20)
        assert not await rows.state.claim("sweep", "two", 15, 30)
        assert await rows.state.claim("sweep", "one", 15, 25)
        assert not await rows.state.claim("sweep", "two", 25, 40)
        assert await rows.state.claim("sweep", "two", 26, 40)
        assert not await rows.state.claim("sweep", "one", 27, 50)
        assert await rows.state.claim("other", "one", 27, 50)
        assert await rows.state.owners() == {"one", "two"}
        await rows.state.let_go(["two"])
        assert await rows.state.owners() == {"one"}
        assert await rows.state.claim("sweep", "one", 27, 50)


async def test_touches_move_times_forward_only(store: MetadataStore) -> None:
    update, download = made.update_session("i", touched=10), made.download_session("i", touched=10)
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(update)
        await rows.download_sessions.add(download)
        await rows.logins.add(Login("l", "ann", 1, 10))
        await rows.state.touch(Touches({update.id: 20, download.id: 5, "gone": 30}, {"l": 30, "gone": 30}, {"gone": 3}))
        assert await rows.update_sessions.get(update.id) == replace(update, touched=20)
        assert await rows.download_sessions.get(download.id) == download
        assert await rows.logins.get("l") == Login("l", "ann", 1, 30)


async def test_progress_is_noted_for_files_that_are_coming(store: MetadataStore) -> None:
    session = made.update_session("i")
    coming = made.update_file(session.id, "a", status=TransferStatus.TRANSFERRING, writer="process")
    paused = made.update_file(session.id, "c", status=TransferStatus.TRANSFERRING, received=9)
    ready = made.update_file(session.id, "b", status=TransferStatus.READY, received=7)
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(session)
        for each in (coming, ready, paused):
            await rows.update_files.put(each)
        await rows.state.touch(Touches({}, {}, {coming.id: 5, ready.id: 5, paused.id: 5}))
        assert await rows.update_files.of(session.id) == [replace(coming, received=5), ready, paused]


@BOTH
async def test_active_sessions_are_counted(store: MetadataStore, kind: Kind) -> None:
    async with store.transaction(durable=False) as transaction:
        rows = kind.rows(transaction)
        await _add(rows, kind.make("i"), kind.make("j"), kind.make("k", state=State.CANCELED, ended=10))
        assert await rows.active() == 2


async def test_login_sessions_are_counted(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        assert await rows.logins.count() == 0
        await rows.logins.add(Login("a", "ann", 1, 10))
        assert await rows.logins.count() == 1
