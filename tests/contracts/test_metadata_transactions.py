"""What every metadata store must do: transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from contentlib.library.ports import MetadataStore
from contracts import made

Open = Callable[[], MetadataStore]


@pytest.mark.parametrize("durable", [True, False])
async def test_what_was_committed_is_there_for_a_store_that_opens_later(
    store: MetadataStore, another: Open, durable: bool
) -> None:
    await made.put_state(store, "key", "value", durable=durable)
    assert await made.state_of(another(), "key") == "value"


async def test_a_block_that_raises_undoes_all_of_it_and_nothing_else(store: MetadataStore) -> None:
    await made.put_state(store, "kept", "1")
    with pytest.raises(ZeroDivisionError):
        async with store.transaction(durable=True) as transaction:
            await transaction.state.put("kept", "2")
            await transaction.state.put("undone", "2")
            raise ZeroDivisionError
    assert await made.state_of(store, "kept") == "1"
    assert await made.state_of(store, "undone") is None


async def test_a_block_that_is_cancelled_is_undone_and_the_store_goes_on(store: MetadataStore) -> None:
    inside = asyncio.Event()

    async def block() -> None:
        async with store.transaction(durable=True) as transaction:
            await transaction.state.put("key", "half")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await made.put_state(store, "other", "1")
    assert await made.state_of(store, "key") is None


async def test_one_who_is_cancelled_while_waiting_for_a_turn_holds_up_nobody(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as transaction:
        waiting = asyncio.create_task(made.put_state(store, "key", "never"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await transaction.state.put("key", "first")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await made.put_state(store, "other", "1")
    assert await made.state_of(store, "key") == "first"


async def test_a_transaction_sees_what_it_wrote_and_no_reader_does(store: MetadataStore, another: Open) -> None:
    second = another()
    async with store.transaction(durable=True) as transaction:
        await transaction.state.put("key", "value")
        assert await transaction.state.get("key") == "value"
        assert await made.state_of(store, "key") is None
        assert await made.state_of(second, "key") is None
    assert await made.state_of(store, "key") == await made.state_of(second, "key") == "value"


async def test_a_reader_sees_one_state_to_its_end(store: MetadataStore) -> None:
    await made.put_state(store, "one", "old")
    await made.put_state(store, "two", "old")
    async with store.reading() as transaction:
        assert await transaction.state.get("one") == "old"
        async with store.transaction(durable=False) as writing:
            await writing.state.put("one", "new")
            await writing.state.put("two", "new")
        assert await transaction.state.get("two") == "old"
    assert await made.state_of(store, "two") == "new"


async def test_readers_overlap_in_any_order(store: MetadataStore) -> None:
    first, second = store.reading(), store.reading()
    one = await first.__aenter__()
    two = await second.__aenter__()
    assert await one.state.get("key") is await two.state.get("key") is None
    await first.__aexit__(None, None, None)
    assert await two.state.get("key") is None
    await second.__aexit__(None, None, None)


async def test_a_reader_that_raises_leaves_the_store_usable(store: MetadataStore) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.reading() as transaction:
            await transaction.state.get("key")
            raise ZeroDivisionError
    assert await made.state_of(store, "key") is None


async def _count_up(store: MetadataStore, times: int, *, durable: bool) -> None:
    for _ in range(times):
        async with store.transaction(durable=durable) as transaction:
            count = int(await transaction.state.get("count") or "0")
            await asyncio.sleep(0)
            await transaction.state.put("count", str(count + 1))


async def test_writers_of_one_store_and_of_another_take_turns(store: MetadataStore, another: Open) -> None:
    second = another()
    writers = [_count_up(each, 10, durable=durable) for each in (store, second) for durable in (True, False, False)]
    await asyncio.gather(*writers)
    assert await made.state_of(store, "count") == "60"


async def test_a_writer_that_fails_takes_no_other_with_it(store: MetadataStore) -> None:
    async def write(number: int) -> None:
        async with store.transaction(durable=number % 3 == 0) as transaction:
            await transaction.state.put(f"key-{number}", "value")
            if number % 2:
                raise ZeroDivisionError

    ended = await asyncio.gather(*[write(number) for number in range(20)], return_exceptions=True)
    assert [isinstance(each, ZeroDivisionError) for each in ended] == [bool(number % 2) for number in range(20)]
    kept = [await made.state_of(store, f"key-{number}") for number in range(20)]
    assert kept == [None if number % 2 else "value" for number in range(20)]


async def test_who_is_answered_has_been_committed(store: MetadataStore, another: Open) -> None:
    second = another()

    async def write(key: str) -> str | None:
        await made.put_state(store, key, "value")
        return await made.state_of(second, key)

    assert await asyncio.gather(*[write(f"key-{number}") for number in range(20)]) == ["value"] * 20


async def test_a_transaction_inside_one_of_the_same_task_is_refused_and_not_waited_for(store: MetadataStore) -> None:
    async with asyncio.timeout(5):
        async with store.transaction(durable=False) as transaction:
            with pytest.raises(RuntimeError, match="inside a transaction"):
                await made.put_state(store, "key", "inner")
            await transaction.state.put("key", "outer")
    assert await made.state_of(store, "key") == "outer"


async def test_a_broken_rule_of_the_tables_undoes_the_transaction_and_the_store_goes_on(store: MetadataStore) -> None:
    library = made.library()
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with store.transaction(durable=False) as transaction:
            await transaction.libraries.add(library)
            await transaction.libraries.add(library)
    async with store.reading() as transaction:
        assert await transaction.libraries.get(library.id) is None
    await made.put_state(store, "key", "value")


async def test_a_store_can_be_closed_twice(store: MetadataStore) -> None:
    await made.put_state(store, "key", "value")
    await store.close()
    await store.close()


async def test_a_store_that_answers_pings(store: MetadataStore) -> None:
    await store.ping()
