from __future__ import annotations

import asyncio
import ssl

import pytest

from contentlib.outbound.client import Outbound, _broken
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.problems import Problem, ProblemKind, RequestFailed
from listening import listening
from publisher import Publisher, publishing


async def read(client: Outbound, uri: str, *, thumbprint: str | None = None, certificate: str | None = None) -> bytes:
    async with client.get(uri, thumbprint=thumbprint, certificate=certificate) as answer:
        found = b""
        while data := await answer.read():
            found += data
        return found


async def problem(client: Outbound, uri: str, **more: str) -> Problem:
    with pytest.raises(RequestFailed) as failed:
        await read(client, uri, **more)
    return failed.value.problem


async def test_a_file_is_read_with_the_headers_that_are_given(client: Outbound, publisher: Publisher) -> None:
    async with client.get(publisher.uri("/a.iso"), {"Range": "bytes=4-"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"of it")
    (asked,) = publisher.asked
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("contentlib/")


async def test_an_address_is_asked_for_as_it_was_written(client: Outbound, publisher: Publisher) -> None:
    publisher.files["/a%2Bb%20c"] = b"x"
    assert await read(client, publisher.uri("/a%2Bb%20c?sig=a%2Fb+c")) == b"x"
    assert publisher.asked[0].path == "/a%2Bb%20c?sig=a%2Fb+c"


async def test_credentials_in_an_address_are_sent_and_never_told(client: Outbound, publisher: Publisher) -> None:
    publisher.statuses["/a.iso?key=hidden"] = 403
    found = await problem(client, publisher.uri("/a.iso?key=hidden", host="ann:secret@127.0.0.1"))
    assert publisher.asked[0].headers["authorization"].startswith("Basic ")
    assert (found.kind, found.status, found.again) == (ProblemKind.STATUS, 403, False)
    assert found.text == f"http://127.0.0.1:{publisher.port}/a.iso answered 403 Forbidden"


@pytest.mark.parametrize(("status", "again"), [(400, False), (404, False), (429, True), (500, True), (503, True)])
async def test_a_status_tells_whether_to_try_again(client: Outbound, publisher: Publisher, status: int, again: bool) -> None:
    publisher.statuses["/a.iso"] = status
    found = await problem(client, publisher.uri("/a.iso"))
    assert (found.kind, found.status, found.again) == (ProblemKind.STATUS, status, again)


async def test_redirects_are_followed(client: Outbound, publisher: Publisher) -> None:
    async with publishing({"/there": b"it is here"}) as other:
        publisher.redirects = {"/a": "b?c=d", "/b?c=d": other.uri("/there")}
        assert await read(client, publisher.uri("/a")) == b"it is here"


async def test_redirects_come_to_an_end(client: Outbound, publisher: Publisher) -> None:
    publisher.redirects["/a"] = "/a"
    assert "redirects more than 5 times" in (await problem(client, publisher.uri("/a"))).text
    assert len(publisher.asked) == 6


@pytest.mark.parametrize("location", ["ftp://lib.example/a", "file:///etc/passwd", "http://[::1/", "http://a..b/"])
async def test_a_redirect_to_what_is_no_address_is_refused(client: Outbound, publisher: Publisher, location: str) -> None:
    publisher.redirects["/a"] = location
    assert (await problem(client, publisher.uri("/a"))).kind is ProblemKind.URL


async def test_a_redirect_to_a_forbidden_host_is_not_followed(publisher: Publisher) -> None:
    async with publishing({"/a": b"secret"}, host="127.0.0.2") as forbidden:
        client = Outbound(OutboundPolicy(["127.0.0.1"]))
        publisher.redirects["/a"] = forbidden.uri("/a", host="127.0.0.2")
        found = await problem(client, publisher.uri("/a"))
        await client.close()
        assert (found.kind, found.again, forbidden.asked) == (ProblemKind.POLICY, False, [])
        assert found.text.startswith("requests to loopback address 127.0.0.2 are blocked")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "0.0.0.0"])
async def test_however_loopback_is_written_it_is_not_reached(publisher: Publisher, host: str) -> None:
    client = Outbound(OutboundPolicy())
    found = await problem(client, publisher.uri("/a.iso", host=host))
    await client.close()
    assert found.kind in (ProblemKind.POLICY, ProblemKind.URL)
    assert publisher.asked == []


async def test_a_name_is_allowed_by_the_address_that_it_has(client: Outbound, publisher: Publisher) -> None:
    assert await read(client, publisher.uri("/a.iso", host="localhost")) == b"all of it"


async def test_a_denied_name_is_not_reached(publisher: Publisher) -> None:
    client = Outbound(OutboundPolicy(["127.0.0.0/8", "::1"], ["local*"]))
    assert "are denied" in (await problem(client, publisher.uri("/a.iso", host="localhost"))).text
    await client.close()
    assert publisher.asked == []


async def test_a_name_without_an_address_is_told(client: Outbound) -> None:
    found = await problem(client, "http://nobody.invalid/a")
    assert (found.kind, found.again) == (ProblemKind.HOST_NOT_FOUND, True)
    assert found.text.startswith("host nobody.invalid not found")


async def test_a_refused_connection_is_told(client: Outbound) -> None:
    async with publishing() as gone:
        uri = gone.uri("/a")
    found = await problem(client, uri)
    assert (found.kind, found.again) == (ProblemKind.CONNECTION, True)
    assert found.text == f"connection to {uri} failed: Connection refused"


async def test_a_connection_that_breaks_is_told_after_what_came(client: Outbound, publisher: Publisher) -> None:
    publisher.cuts = [3]
    async with client.get(publisher.uri("/a.iso")) as answer:
        assert await answer.read() == b"all"
        with pytest.raises(RequestFailed, match="closed before all bytes were received"):
            await answer.read()


async def test_a_publisher_that_says_nothing_is_not_waited_for(impatient: Outbound, publisher: Publisher) -> None:
    publisher.silent = True
    found = await problem(impatient, publisher.uri("/a.iso"))
    assert (found.kind, found.again) == (ProblemKind.TIMED_OUT, True)
    assert found.text.endswith("did not respond within 0.5 seconds")


async def test_a_slow_publisher_is_waited_for(publisher: Publisher) -> None:
    client = Outbound(OutboundPolicy(["127.0.0.0/8"]), timeout=2)
    publisher.files["/slow"] = bytes(5 * 65536)
    publisher.pause = 0.45  # five of them are longer than the patience
    assert await read(client, publisher.uri("/slow")) == publisher.files["/slow"]
    await client.close()


@pytest.mark.parametrize(
    "uri", ["", "a.iso", "http:///a", "http://", "http://[::1/a", "http://a:99999/", "ftp://lib.example/a"]
)
async def test_what_is_no_address_is_told(client: Outbound, uri: str) -> None:
    found = await problem(client, uri)
    assert (found.kind, found.again) == (ProblemKind.URL, False)


@pytest.mark.parametrize("host", ["a..b", "...", "xn--", "xn--a", f"{'a' * 64}.example"])
async def test_a_host_that_no_name_can_be_is_no_address(client: Outbound, host: str) -> None:
    found = await problem(client, f"http://{host}/a.iso")
    assert (found.kind, found.again) == (ProblemKind.URL, False)


async def test_of_what_is_no_address_no_secret_is_told(client: Outbound) -> None:
    found = await problem(client, "http://ann:secret@a..b/a.iso?key=hidden")
    assert found.text.startswith("'http://a..b/a.iso' is not a valid URL")


async def test_behind_a_proxy_everything_goes_through_it(publisher: Publisher) -> None:
    client = Outbound(OutboundPolicy(), proxy=publisher.uri(""))
    publisher.files["http://lib.example/a"] = b"through the proxy"
    assert await read(client, "http://lib.example/a") == b"through the proxy"
    assert (await problem(client, publisher.uri("/a.iso"))).kind is ProblemKind.POLICY
    await client.close()


async def test_a_client_that_is_cancelled_lets_go(client: Outbound, publisher: Publisher) -> None:
    publisher.silent = True
    reading = asyncio.create_task(read(client, publisher.uri("/a.iso")))
    while not publisher.asked:  # noqa: ASYNC110 - the publisher tells of no change
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_what_another_server_says_is_not_told(client: Outbound) -> None:
    """Whoever may probe may not read the greeting of a server that is not theirs."""
    secret = b"220 internal-secret ESMTP ready\r\n"

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(secret)
        writer.close()

    async with listening(greet) as port:
        found = await problem(client, f"http://127.0.0.1:{port}/a")
    assert found.text == f"connection to http://127.0.0.1:{port}/a failed: the response is not HTTP"


async def test_of_where_a_redirect_leads_only_the_host_is_told(client: Outbound, publisher: Publisher) -> None:
    publisher.redirects["/a"] = "/secret-of-theirs"
    found = await problem(client, publisher.uri("/a"))
    assert found.text == f"{publisher.uri('')} (redirected from {publisher.uri('/a')}) answered 404 Not Found"
    publisher.redirects["/a"] = "gopher://secret"
    assert "secret" not in (await problem(client, publisher.uri("/a"))).text


async def test_an_address_of_https_where_none_is_spoken_says_so(client: Outbound) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listening(refuse) as port:
        found = await problem(client, f"https://127.0.0.1:{port}/a")
    assert found.text.endswith("failed: the server does not speak TLS; try http or another port")


@pytest.mark.parametrize("error", [ssl.SSLError(1, "[SSL: X] no cipher (_ssl.c:1006)"), OSError("x_ssl.c:1")])
def test_no_internals_of_a_library_are_told(error: OSError) -> None:
    told = _broken("it", 1.0, error).problem.text
    assert "_ssl" not in told


async def test_what_is_sent_is_never_redirected(client: Outbound, publisher: Publisher) -> None:
    publisher.redirects["/token"] = publisher.uri("/elsewhere")
    async with client.send(publisher.uri("/token"), {"Authorization": "Basic secret"}) as answer:
        assert answer.status in (301, 302, 303, 307, 308)
    assert [each.path for each in publisher.asked] == ["/token"]
