"""Imports and exports at a running server, over lines that break."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from client.making import Counted, content, library, written
from clients.cutting import cutting
from contentlib.client.connection import ServerConnection
from contentlib.client.exporting import Exporter
from contentlib.client.failures import Answered, ClientFailed
from contentlib.client.finding import NameFinder
from contentlib.client.importing import ImportedItem, Importer
from contentlib.client.local import items_at
from contentlib.client.profiles import Profile
from contentlib.services.content_library_item_file import FileService
from contentlib.services.content_library_item_update_session import UpdateSessionService
from packages import archive, package
from publisher import publishing

SIZE = 1_500_000


async def names(connection: ServerConnection, item: str) -> dict[str, int]:
    found = await connection.call(FileService.list, library_item_id=item)
    return {file.name: file.size for file in found}


async def test_an_image_is_imported_and_exported(connection: ServerConnection, folder: Path, tmp_path: Path) -> None:
    made, shown = await library(connection), Counted()
    written(folder, {"debian.iso": content(SIZE)})
    (wanted,) = items_at(folder / "debian.iso")
    done = await Importer(connection, shown).files(made, wanted)
    assert (done.name, done.result, done.size, shown.done) == ("debian", "created", SIZE, SIZE)
    assert (await Importer(connection, shown).files(made, wanted)).result == "unchanged"
    item = await NameFinder(connection).item(f"{made.name}/debian")
    assert item.type == "iso"
    exported = await Exporter(connection, Counted()).item(item, tmp_path / "out")
    assert (tmp_path / "out" / "debian.iso").read_bytes() == content(SIZE)
    assert exported.read == 1
    assert (await Exporter(connection, Counted()).item(item, tmp_path / "out")).read == 0


async def test_new_content_becomes_a_new_version(connection: ServerConnection, folder: Path) -> None:
    made = await library(connection)
    written(folder, {"a/one": b"1", "a/two": b"2"})
    (wanted,) = items_at(folder)
    first = await Importer(connection, Counted()).files(made, wanted)
    (folder / "a" / "two").unlink()
    written(folder, {"a/one": b"1", "a/three": b"3"})
    (wanted,) = items_at(folder)
    second = await Importer(connection, Counted()).files(made, wanted)
    assert (second.item, second.result) == (first.item, "updated")
    assert int(second.version) > int(first.version)
    assert await names(connection, first.item) == {"one": 1, "three": 1}


async def test_an_archive_is_sent_member_by_member(connection: ServerConnection, folder: Path) -> None:
    made, files = await library(connection), package()
    written(folder, {"tiny.ova": archive(files)})
    (wanted,) = items_at(folder / "tiny.ova")
    done = await Importer(connection, Counted()).files(made, wanted)
    assert await names(connection, done.item) == {name: len(data) for name, data in files.items()}


async def test_transfers_continue_over_a_line_that_breaks(
    connection: ServerConnection, profile: Profile, folder: Path, tmp_path: Path
) -> None:
    made, shown, read = await library(connection), Counted(), Counted()
    written(folder, {f"image-{n}.iso": content(SIZE, str(n)) for n in range(2)})
    with cutting(profile.url, up=800_000) as address:
        async with ServerConnection(Profile(address, session=profile.session)) as cut:
            importer = Importer(cut, shown)
            done = await asyncio.gather(*(importer.files(made, wanted) for wanted in items_at(folder)))
    assert {each.result for each in done} == {"created"}
    assert shown.done == 2 * SIZE
    with cutting(profile.url, down=800_000) as address:
        async with ServerConnection(Profile(address, session=profile.session)) as cut:
            for item in await NameFinder(connection).items(made.id or ""):
                await Exporter(cut, read).item(item, tmp_path / (item.name or ""))
    assert read.done == 2 * SIZE
    for n in range(2):
        assert (tmp_path / f"image-{n}" / f"image-{n}.iso").read_bytes() == content(SIZE, str(n))
        assert [each.name for each in (tmp_path / f"image-{n}").iterdir()] == [f"image-{n}.iso"]


async def test_an_interrupted_import_continues_in_its_session(connection: ServerConnection, folder: Path) -> None:
    made = await library(connection)
    written(folder, {"image.iso": content(SIZE)})
    (wanted,) = items_at(folder)

    interrupted = asyncio.ensure_future(Importer(connection, Stopping(SIZE // 2)).files(made, wanted))
    with pytest.raises(ClientFailed, match="stop here"):
        await interrupted
    (session,) = await connection.call(UpdateSessionService.list, library_item_id=(await item_id(connection, made.name)))
    done = await Importer(connection, Counted()).files(made, wanted)
    assert await connection.call(UpdateSessionService.list, library_item_id=done.item) == [session]


class Stopping(Counted):
    """Fails when some bytes are done, as a program that is stopped there."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def advance(self, count: int) -> None:
        super().advance(count)
        if self.done >= self.limit:
            raise ClientFailed("stop here")


async def item_id(connection: ServerConnection, library_name: str | None) -> str:
    return (await NameFinder(connection).item(f"{library_name}/image")).id or ""


async def test_a_refused_file_is_an_error_at_once(connection: ServerConnection, folder: Path) -> None:
    made = await library(connection)
    files = package() | {"disk1.vmdk": b"changed"}
    written(folder, {"tiny.ova": archive(files)})
    (wanted,) = items_at(folder)
    with pytest.raises(Answered, match=r"disk1\.vmdk"):
        await Importer(connection, Counted()).files(made, wanted)


async def test_a_session_that_ends_meanwhile_is_replaced(connection: ServerConnection, folder: Path) -> None:
    made = await library(connection)
    written(folder, {"image.iso": content(SIZE)})
    (wanted,) = items_at(folder)
    ended: list[str] = []

    class Late(Importer):
        async def _complete(self, session: str) -> None:
            if not ended:
                ended.append(session)
                await connection.call(UpdateSessionService.cancel, update_session_id=session)
            await super()._complete(session)

    done = await Late(connection, Counted()).files(made, wanted)
    assert len(ended) == 1
    assert await names(connection, done.item) == {"image.iso": SIZE}


async def test_the_server_fetches_what_a_url_names(connection: ServerConnection, folder: Path) -> None:
    made, shown = await library(connection), Counted()
    written(folder, {"a/old": b"old"})
    (old,) = items_at(folder)
    await Importer(connection, Counted()).files(made, old)
    async with publishing({"/images/b%20c.iso": content(SIZE)}) as publisher:
        done = await Importer(connection, shown).url(made, publisher.uri("/images/b%20c.iso"), "a")
        assert (done.name, done.result) == ("a", "updated")
        assert await names(connection, done.item) == {"b c.iso": SIZE}
        with pytest.raises(ClientFailed, match=r"server cannot fetch 'none\.iso'"):
            await Importer(connection, shown).url(made, publisher.uri("/none.iso"), None)


async def test_an_item_that_is_imported_twice_at_the_same_time_is_complete(connection: ServerConnection, folder: Path) -> None:
    made = await library(connection)
    written(folder, {"image.iso": content(SIZE)})
    (wanted,) = items_at(folder)
    others: list[ImportedItem] = []

    class Late(Importer):
        """Completes its session when another import has done so."""

        async def _complete(self, session: str) -> None:
            if not others:
                others.append(await Importer(connection, Counted()).files(made, wanted))
            await super()._complete(session)

    done = await Late(connection, Counted()).files(made, wanted)
    assert [each.item for each in others] == [done.item]
    assert await names(connection, done.item) == {"image.iso": SIZE}
