"""Reads cookies, and ignores those in requests that come from another site's page.

Programs send no Origin, Referer or Sec-Fetch-Site header; their cookies are accepted.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from contentlib.http.message import Request

_OWN = ("same-origin", "none")  # `none` is the user: an address that was typed, a bookmark, a link in a mail


def cookie(request: Request, name: str) -> str | None:
    """Returns the value of a cookie, or None if it is missing or a page of another site sent the request."""
    return None if "cookie" not in request.headers or is_foreign(request) else returned_cookie(request, name)


def returned_cookie(request: Request, name: str) -> str | None:
    """Returns the value of a cookie also where another site led the browser here, for a request that is authenticated else."""
    header = request.headers.get("cookie", "")
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value.strip('"') for found, _, value in pairs if found == name), None)


def is_foreign(request: Request) -> bool:
    """Whether a page of another site sent the request."""
    headers = request.headers
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OWN:
        return True
    origin = headers.get("origin")
    if origin is not None:
        return site != "same-origin" and _authority(origin) != headers.get("host", "").lower()
    if site is not None or request.method in ("GET", "HEAD"):
        return False
    if "referer" in headers:
        return _authority(headers["referer"]) != headers.get("host", "").lower()
    return _is_browser(headers.get("user-agent", ""))


def _authority(url: str) -> str | None:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return None


def _is_browser(agent: str) -> bool:
    """Whether the client identifies as a browser. Old browsers that send no origin are not trusted."""
    return agent.startswith("Mozilla/") and "PowerShell" not in agent
