from __future__ import annotations

import pytest

from contentlib.http.cookies import cookie
from contentlib.http.message import Request

BROWSER = {"user-agent": "Mozilla/5.0 (Windows NT 6.1; Trident/7.0) like Gecko"}
POWERSHELL = {"user-agent": "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.17763.1"}


class Nothing:
    async def chunks(self):  # type: ignore[no-untyped-def] # it is not read
        yield b""


def found(method: str = "POST", **headers: str) -> str | None:
    named = {"host": "lib.example:8443", "cookie": 'a=b; token="t"'} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return cookie(Request(method, "/", "", named, "https", "192.0.2.1", "r", Nothing()), "token")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://lib.example:8443"},
        {"origin": "https://LIB.example:8443", **BROWSER},
        {"sec_fetch_site": "same-origin", "origin": "https://outside.example"},  # a proxy has changed the host
        {"sec_fetch_site": "none"},
        {"referer": "https://lib.example:8443/page", **BROWSER},
        {"user_agent": POWERSHELL["user-agent"]},
        {"user_agent": "python-requests/2.32.3"},
    ],
)
def test_a_cookie_counts_for_programs_and_for_pages_of_the_server(headers: dict[str, str]) -> None:
    assert found(**headers) == "t"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://lib.example"},
        {"origin": "null"},
        {"origin": "https://["},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": "https://lib.example:8443"},
        {"sec_fetch_site": "none", "origin": "https://evil.example"},
        {"referer": "https://evil.example/lib.example:8443"},
        {"user_agent": BROWSER["user-agent"]},
        {"cookie": "other=t"},
    ],
)
def test_a_cookie_does_not_count_for_a_page_of_another_site(headers: dict[str, str]) -> None:
    assert found(**headers) is None


def test_an_old_browser_may_follow_a_link() -> None:
    assert found("GET", user_agent=BROWSER["user-agent"]) == "t"
