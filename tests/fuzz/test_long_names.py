"""Long names of combining marks, at every door that compares names: they cost no more time than other long names.

To normalise a run of combining marks takes time that is quadratic in its length.
"""

from __future__ import annotations

import base64
import io
import tarfile
import time
from collections.abc import Awaitable, Callable
from xml.sax.saxutils import quoteattr

import pytest

from contentlib.library.names import fold, plain
from contentlib.library.uris import check_host
from following import Follower, Shelf, subscription
from packages import descriptor, manifest
from publisher import Publisher
from vim.soap import Soap
from whole import CONTENT, TOKEN, HandClock, Whole

MARKS = 30_000
LONG = "a" + "\u0301" * (MARKS // 2) + "\u0316" * (MARKS // 2)
BENIGN = "a" + "b" * MARKS
MOST_TIMES, SLACK_SECONDS = 5, 0.3

Door = Callable[[Whole, str], Awaitable[object]]


async def basic(app: Whole, name: str) -> object:
    return await app.login(name, "wrong")


async def basic_at_api(app: Whole, name: str) -> object:
    both = base64.b64encode(f"{name}:wrong".encode()).decode()
    return await app.send("POST", "/api/session", headers={"authorization": f"Basic {both}", TOKEN: ""})


async def json_rpc(app: Whole, name: str) -> object:
    context = {"schemeId": "com.vmware.vapi.std.security.user_pass", "userName": name, "password": "wrong"}
    params = {"serviceId": "com.vmware.cis.session", "operationId": "create", "ctx": {"securityCtx": context}, "input": {}}
    return await app.send("POST", "/api", {"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": params}, {TOKEN: ""})


async def soap(app: Whole, name: str) -> object:
    client = Soap(app)
    client.token = None
    login = f"<userName>{name}</userName><password>wrong</password>"
    return await client.call("Login", ("SessionManager", "SessionManager"), login)


async def published(app: Whole, name: str) -> object:
    how = {"published": True, "authentication_method": "BASIC", "password": "secret"}
    library = await app.library(app.unused("shown"), publish_info=how)
    both = base64.b64encode(f"{name}:wrong".encode()).decode()
    return await app.send("GET", f"/cls/vcsp/lib/{library}/lib.json", headers={"authorization": f"Basic {both}", TOKEN: ""})


def posting(target: str, body: Callable[[str], object]) -> Door:
    """A door of `/rest` that is not asked for anything else first."""

    async def knock(app: Whole, name: str) -> object:
        return await app.send("POST", CONTENT + target, body(name))

    return knock


async def item_of_a_name(app: Whole, name: str) -> object:
    spec = {"library_id": await app.library(), "name": name, "type": name}
    return await app.send("POST", f"{CONTENT}/library/item", {"create_spec": spec})


async def file_of_a_name(app: Whole, name: str) -> object:
    session = await app.session(await app.item())
    target = f"{CONTENT}/library/item/updatesession/file/id:{session}?~action=add"
    return await app.send("POST", target, {"file_spec": {"name": name, "source_type": "PUSH"}})


async def fetched_from(app: Whole, name: str) -> object:
    session = await app.session(await app.item())
    target = f"{CONTENT}/library/item/updatesession/file/id:{session}?~action=add"
    source = {"uri": f"http://{name}/a.iso"}
    return await app.send("POST", target, {"file_spec": {"name": "a", "source_type": "PULL", "source_endpoint": source}})


async def probed(app: Whole, name: str) -> object:
    spec = {"source_endpoint": {"uri": f"http://{name}/a.iso"}}
    target = f"{CONTENT}/library/item/updatesession/file?~action=probe"
    return await app.send("POST", target, spec)


async def subscribed(app: Whole, name: str) -> object:
    spec = {"name": "mirror", "subscription_info": subscription(f"http://{name}/lib.json")}
    return await app.send("POST", f"{CONTENT}/subscribed-library", {"create_spec": spec})


async def package(app: Whole, name: str) -> object:
    """The name is that of a reference and of a line of the manifest."""
    text = descriptor({"disk.vmdk": b"disk"}).replace(b'"disk.vmdk"', quoteattr(name).encode())
    session = await app.session(await app.item())
    for each, data in {"a.ovf": text, "a.mf": manifest({name: b"disk"}), "disk.vmdk": b"disk"}.items():
        assert (await app.push(session, each, data)).status_code == 200
    return await app.refusal("POST", f"/library/item/update-session/id:{session}?~action=complete")


async def archive(app: Whole, name: str) -> object:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo(name))
    return await app.push(await app.session(await app.item()), "a.ova", written.getvalue())


DOORS: dict[str, Door] = {
    "basic": basic,
    "basic at /api": basic_at_api,
    "JSON-RPC": json_rpc,
    "SOAP": soap,
    "published": published,
    "find library": posting("/library?~action=find", lambda name: {"spec": {"name": name}}),
    "find item": posting("/library/item?~action=find", lambda name: {"spec": {"name": name}}),
    "find type": posting("/library/item?~action=find", lambda name: {"spec": {"type": name}}),
    "library": posting("/local-library", lambda name: {"create_spec": {"name": name}}),
    "item": item_of_a_name,
    "file": file_of_a_name,
    "pull": fetched_from,
    "probe": probed,
    "subscription": subscribed,
    "package": package,
    "archive": archive,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
async def test_a_long_run_of_marks_costs_what_another_long_name_costs(app: Whole, door: Door) -> None:
    async def seconds(name: str) -> float:
        start = time.process_time()
        await door(app, name)
        return time.process_time() - start

    benign = await seconds(BENIGN)
    assert await seconds(LONG) < MOST_TIMES * benign + SLACK_SECONDS


async def test_a_publisher_that_writes_such_names_costs_no_more(
    app: Whole, clock: HandClock, publisher: Publisher, shelf: Shelf
) -> None:
    follower = await Follower.new(app, clock, shelf.url)
    await follower.synced()

    async def seconds(name: str) -> float:
        for item in shelf.items.values():
            item["name"] = item["description"] = item["type"] = name
            for file in item["files"]:
                file["name"], file["hrefs"] = name, [f"http://{name}/{name}"]
        shelf.write()
        start = time.process_time()
        await follower.sync()
        return time.process_time() - start

    benign = await seconds(BENIGN)
    assert await seconds(LONG) < MOST_TIMES * benign + SLACK_SECONDS


@pytest.mark.parametrize("compare", [fold, plain])
def test_the_longest_name_that_is_compared_takes_no_time(compare: Callable[[str], str]) -> None:
    """The costliest of the lengths that are normalised; a loop makes the time one that a clock can tell."""
    name = "a" + "\u0344" * 127 + "\u0316" * 127
    start = time.process_time()
    for _ in range(100):
        compare(name)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("compare", [fold, plain])
def test_a_name_that_is_too_long_to_be_compared_is_only_itself(compare: Callable[[str], str]) -> None:
    assert compare("E\u0301" * 127) == compare("É" * 127)
    assert compare("E\u0301" * 128) == "E\u0301" * 128


@pytest.mark.parametrize(
    "uri", ["http://{}/a", "http:/\t/{}/a", " http://{}/a", "//{}", "http://user:{}@host/a", "http://a\\{}/a"], ids=ascii
)
def test_a_host_is_measured_before_it_is_parsed(uri: str) -> None:
    with pytest.raises(ValueError, match="at most 255 are allowed"):
        check_host(uri.format("\u0301" * 256))


@pytest.mark.parametrize("uri", [f"http://host/{LONG}", f"http://host?{LONG}", f"http://host#{LONG}", f"http://{BENIGN}/"])
def test_the_rest_of_a_url_may_be_long(uri: str) -> None:
    assert check_host(uri) == uri
