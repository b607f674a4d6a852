"""Names of files, as descriptors, manifests and tools write them: with spaces, accents, and as in an address."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from packages import archive, descriptor, manifest
from publisher import Publisher, publishing
from pulling import Pulling
from whole import Whole

DISK = b"disk " * 1000
NAME = "größe 1 (neu).vmdk"
WRITTEN = pytest.mark.parametrize(
    "written", [NAME, quote(NAME), quote(NAME, safe="()"), unicodedata.normalize("NFD", NAME)], ids=ascii
)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


def package(written: str, listed: str) -> dict[str, bytes]:
    """A package whose descriptor and manifest write the name of its disk so."""
    text = descriptor({written: DISK})
    return {"a b.ovf": text, "a b.mf": manifest({"a b.ovf": text, listed: DISK}), NAME: DISK}


@WRITTEN
@pytest.mark.parametrize("whole", [True, False], ids=["archive", "files"])
async def test_a_file_is_found_however_its_name_is_written(app: Whole, written: str, whole: bool) -> None:
    for listed in (NAME, written):
        files = package(written, listed)
        item = await app.item(f"tiny {listed[:3]} {whole}", await app.library())
        session = await app.session(item)
        for name, data in ({"a.ova": archive(files)} if whole else files).items():
            assert (await app.push(session, name, data)).status_code == 200
        await app.complete(session)
        assert await app.content(item) == files


async def test_a_file_that_is_written_in_another_way_and_differs_is_refused(app: Whole) -> None:
    files = {**package(quote(NAME), quote(NAME)), NAME: DISK[:-1] + b"x"}
    session = await app.session(await app.item())
    for name, data in files.items():
        await app.push(session, name, data)
    _, _, text = await app.refusal("POST", f"/library/item/update-session/id:{session}?~action=complete")
    assert f"file {NAME!r} has SHA256 checksum" in text


@WRITTEN
async def test_a_file_is_fetched_however_its_name_is_written(pulling: Pulling, publisher: Publisher, written: str) -> None:
    files = package(written, NAME)
    publisher.files = {f"/{quote(name, safe='()')}": data for name, data in files.items()}
    publisher.files |= {f"/{quote(written, safe='()%')}": DISK, f"/{quote(NAME)}": DISK}
    session, item = await pulling.pull("/a%20b.ovf", name="a b.ovf")
    await pulling.app.complete(session)
    ended = await pulling.ended(session)
    assert ended["state"] == "DONE", ended
    assert sorted((await pulling.app.content(item)).values()) == sorted(files.values())
