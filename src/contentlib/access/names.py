"""Parses user names in the notations that clients use."""

from __future__ import annotations

from contentlib.library.names import fold

LONGEST_NAME = 255
_DOMAIN = "vsphere.local"


class UserNames:
    r"""Reads `name@domain`, `DOMAIN\name`, and a bare name of the administrator's domain."""

    def __init__(self, administrator: str) -> None:
        self._domain = fold(administrator.rpartition("@")[2] if "@" in administrator else _DOMAIN)

    def meant(self, written: str) -> tuple[str, ...]:
        """The names that may be meant, the likeliest first; none where the name is longer than any."""
        if not written or len(written) > LONGEST_NAME:
            return ()
        whole = self._whole(fold(written))
        return tuple(dict.fromkeys([written, whole, whole.removesuffix(f"@{self._domain}")]))

    def key(self, written: str) -> str:
        """The same text for each way of writing a name."""
        return self._whole(fold(written))

    def _whole(self, name: str) -> str:
        domain, backslash, user = name.partition("\\")
        if backslash and user and domain:
            return f"{user}@{domain}"
        return name if "@" in name else f"{name}@{self._domain}"
