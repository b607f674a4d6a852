"""Parses user names in the notations that clients use."""

from __future__ import annotations

from contentlib.access import messages
from contentlib.library.errors import Invalid
from contentlib.library.messages import TOO_LONG
from contentlib.library.names import fold

LONGEST_NAME = 255
_DOMAIN = "vsphere.local"


class UserNames:
    r"""Reads `name@domain`, `DOMAIN\name`, and a bare name of the administrator's domain."""

    def __init__(self, administrator: str) -> None:
        self._domain = fold(administrator.rpartition("@")[2] if "@" in administrator else _DOMAIN)

    @property
    def domain(self) -> str:
        """The domain of local users, folded."""
        return self._domain

    def meant(self, written: str) -> tuple[str, ...]:
        """The names that may be meant, the likeliest first; none where the name is longer than any."""
        if not written or len(written) > LONGEST_NAME:
            return ()
        whole = self._whole(fold(written))
        return tuple(dict.fromkeys([written, whole, whole.removesuffix(f"@{self._domain}")]))

    def whole(self, field: str, written: str) -> str:
        """The whole name of a new user, with its domain; Invalid where it cannot be one."""
        if not written.isprintable() or written != written.strip() or any(each in written for each in ':/"'):
            raise Invalid(messages.USER_NAME_CHARACTERS(field=field))
        domain, backslash, user = written.partition("\\")
        name = f"{user}@{domain}" if backslash else written if "@" in written else f"{written}@{self._domain}"
        if len(name) > LONGEST_NAME:
            raise Invalid(TOO_LONG(field=field, length=len(name), most=LONGEST_NAME))
        if name.count("@") != 1 or name.startswith("@") or name.endswith("@") or "\\" in name:
            raise Invalid(messages.USER_NAME_FORM(field=field, given=written[:80]))
        return name

    def key(self, written: str) -> str:
        """The same text for each way of writing a name."""
        return self._whole(fold(written))

    def _whole(self, name: str) -> str:
        domain, backslash, user = name.partition("\\")
        if backslash and user and domain:
            return f"{user}@{domain}"
        return name if "@" in name else f"{name}@{self._domain}"
