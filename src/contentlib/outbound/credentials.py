"""Decides which credentials are sent to which origin: only those that were given for it."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field

from yarl import URL

from contentlib.library.model import Authentication, Subscription
from contentlib.library.uris import check_host

_USER = "vcsp"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user, whose name may be empty, and a password, for the origin of an address."""

    user: str
    password: str = field(repr=False)
    address: str

    def header(self, url: URL) -> dict[str, str]:
        """Returns the header for a target, empty if it must not be sent. A redirect from http to https on one host keeps it."""
        theirs = URL(self.address)
        moved = (theirs.scheme, theirs.port, url.scheme, url.port) == ("http", 80, "https", 443)
        if theirs.host != url.host or not (moved or (theirs.scheme, theirs.port) == (url.scheme, url.port)):
            return {}
        both = base64.b64encode(f"{self.user}:{self.password}".encode("utf-8", "surrogatepass")).decode()
        return {"Authorization": f"Basic {both}"}


def within(url: URL) -> Credentials | None:
    """Those that an address holds itself."""
    return None if url.user is None and url.password is None else Credentials(url.user or "", url.password or "", str(url))


def credentials_of(subscription: Subscription) -> Credentials | None:
    """Returns the credentials for a publisher. The default user name is that of vCenter."""
    if subscription.authentication is Authentication.BASIC:
        user = _USER if subscription.user_name is None else subscription.user_name
        return Credentials(user, subscription.password or "", subscription.url)
    with suppress(ValueError):  # the request will report the invalid URL
        return within(URL(check_host(subscription.url)))
    return None
