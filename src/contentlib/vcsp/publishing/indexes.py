"""Writes index pages of published libraries, for browsers and for tools that follow links."""

from __future__ import annotations

import html
from collections.abc import Iterable
from urllib.parse import quote

from contentlib.http.message import Response

_HEADERS = [
    ("cache-control", "no-cache"),
    ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
]
Link = tuple[str, str]
"""A step, which ends in a slash where more is below it, and the name that is shown for it."""


def page(title: str, links: Iterable[Link]) -> Response:
    """Returns a page with links to the content of its URL."""
    rows = "".join(f'<li><a href="{_step(step)}">{html.escape(name)}</a></li>\n' for step, name in links)
    told = html.escape(title)
    body = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{told}</title></head>\n'
    body += f"<body><h1>{told}</h1>\n<ul>\n{rows}</ul></body></html>\n"
    return Response(200, body.encode("utf-8", "replace"), "text/html; charset=utf-8", list(_HEADERS))


def with_slash(path: str) -> Response:
    """Leads to the same address with a slash at its end, below which links are; by a relative path, for proxies."""
    return Response(302, headers=[("location", f"{quote(path.rpartition('/')[2])}/")])


def is_wanted(accept: str, *, folder: bool) -> bool:
    """Whether a page is requested instead of a document, by the header `Accept` and a trailing slash."""
    kinds = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
    return "text/html" in kinds or (folder and "application/json" not in kinds)


def _step(step: str) -> str:
    """Returns a path segment as a reference that cannot be read as a URL with a scheme."""
    return "./" + quote(step, safe="/")
