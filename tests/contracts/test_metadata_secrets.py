"""What every metadata store must do: encrypted secrets in rows of other kinds."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.model import SIGNING_KEY, Library, LibraryType, SealedSecret, SecretPurpose, SecretUse, Subscription
from contentlib.library.ports import MetadataStore
from contracts import made

OF_SIGNING_KEY = SealedSecret(SecretUse(SecretPurpose.SIGNING_KEY, SIGNING_KEY), "seal")


def subscribed(password: str | None) -> Library:
    return replace(made.library(), type=LibraryType.SUBSCRIBED, subscription=Subscription("https://there", password=password))


def secret(library: Library, seal: str | None = None) -> SealedSecret:
    password = seal or (library.subscription and library.subscription.password)
    return SealedSecret(SecretUse(SecretPurpose.SUBSCRIPTION, library.id), password or "")


async def add(store: MetadataStore, *libraries: Library) -> list[Library]:
    """The libraries, in the order of their identifiers."""
    async with store.transaction(durable=True) as rows:
        for each in libraries:
            await rows.libraries.add(each)
    return sorted(libraries, key=lambda each: each.id)


async def test_secrets_are_read_in_pages(store: MetadataStore) -> None:
    libraries = await add(store, *(subscribed(f"seal {n}") for n in range(7)))
    found: list[SealedSecret] = []
    async with store.reading() as rows:
        while page := await rows.secrets.page(found[-1].use.owner if found else "", 3):
            assert len(page) <= 3
            found += page
    assert found == [secret(each) for each in libraries]


async def test_rows_without_a_secret_are_left_out(store: MetadataStore) -> None:
    last, *_ = sorted([subscribed(f"seal {n}") for n in range(9)], key=lambda each: each.id, reverse=True)
    await add(store, made.library(), *(subscribed(None) for _ in range(5)), subscribed(""), last)
    async with store.reading() as rows:
        assert await rows.secrets.page("", 2) == [secret(last)]
        assert await rows.secrets.page(last.id, 2) == []


async def test_secrets_in_the_trash_are_read_and_replaced(store: MetadataStore) -> None:
    (library,) = await add(store, subscribed("old"))
    async with store.transaction(durable=True) as rows:
        await rows.deleted_libraries.add(library.id, "ann", 1, 2)
        assert await rows.secrets.page("", 9) == [secret(library)]
        await rows.secrets.put(secret(library, "new"))
    async with store.reading() as rows:
        deleted = await rows.deleted_libraries.get(library.id)
    assert deleted is not None
    assert deleted.row.subscription == Subscription("https://there", password="new")


async def test_a_replaced_seal_changes_nothing_else(store: MetadataStore) -> None:
    first, second = await add(store, subscribed("one"), subscribed("two"))
    async with store.reading() as rows:
        await rows.libraries.get(first.id)  # may be remembered
    async with store.transaction(durable=True) as rows:
        await rows.secrets.put(secret(first, "new"))
    async with store.reading() as rows:
        assert await rows.libraries.get(first.id) == replace(first, subscription=Subscription("https://there", password="new"))
        assert await rows.libraries.get(second.id) == second


async def test_a_secret_that_is_gone_does_not_come_back(store: MetadataStore) -> None:
    (library,) = await add(store, subscribed(None))
    async with store.transaction(durable=True) as rows:
        await rows.secrets.put(secret(library, "new"))
        await rows.secrets.put(secret(made.library(), "new"))
        assert await rows.secrets.page("", 9) == []


async def test_the_signing_key_follows_all_other_secrets(store: MetadataStore) -> None:
    (library,) = await add(store, subscribed("seal"))
    async with store.transaction(durable=True) as rows:
        await rows.state.put(SIGNING_KEY, "old")
        await rows.secrets.put(replace(OF_SIGNING_KEY, seal="new"))
        assert await rows.state.get(SIGNING_KEY) == "new"
        assert await rows.secrets.page("", 1) == [secret(library)]
        assert await rows.secrets.page("", 2) == [secret(library), replace(OF_SIGNING_KEY, seal="new")]
        assert await rows.secrets.page(library.id, 1) == [replace(OF_SIGNING_KEY, seal="new")]
        assert await rows.secrets.page(SIGNING_KEY, 1) == []


async def test_a_signing_key_that_is_not_there_is_not_made_by_a_seal(store: MetadataStore) -> None:
    async with store.transaction(durable=True) as rows:
        await rows.secrets.put(OF_SIGNING_KEY)
        assert await rows.state.get(SIGNING_KEY) is None
        assert await rows.secrets.page("", 9) == []
