"""Checks new passwords: minimum length, and not in a list of breached passwords."""

from __future__ import annotations

import hashlib
from io import BufferedReader
from pathlib import Path

from contentlib.access import messages
from contentlib.library.errors import Invalid
from contentlib.library.names import check_password
from contentlib.library.regular import open_regular
from contentlib.library.threads import Threads

_SHA1_DIGITS = 40


class PasswordPolicy:
    """Checks new passwords; `breached` is a file with a password, or the SHA-1 of one in hexadecimal digits, in each line."""

    def __init__(self, shortest: int, breached: Path | None = None) -> None:
        self._shortest = shortest
        self._breached = breached
        self._threads = Threads(1, "breached passwords")

    async def check(self, field: str, password: str, user: str = "") -> None:
        """Invalid where the policy does not allow a password."""
        check_password(field, password)
        if len(password) < self._shortest:
            raise Invalid(messages.PASSWORD_SHORT(field=field, least=self._shortest))
        if password.casefold() in (user.casefold(), user.partition("@")[0].casefold()):
            raise Invalid(messages.PASSWORD_IS_NAME(field=field))
        if self._breached is not None and await self._threads.run(_is_listed, self._breached, password):
            raise Invalid(messages.PASSWORD_BREACHED(field=field))


def _is_listed(path: Path, password: str) -> bool:
    """Whether a list has a password; it is read line by line, as it may be larger than memory."""
    plain = password.encode("utf-8", "surrogatepass")
    digest = hashlib.sha1(plain, usedforsecurity=False).hexdigest().encode()
    with BufferedReader(open_regular(path)) as file:
        for line in file:
            entry = line.rstrip(b"\r\n")
            if entry == plain or (len(entry) >= _SHA1_DIGITS and entry.partition(b":")[0].lower() == digest):
                return True
    return False
