"""Specifies what logins require of directories that check passwords in place of this server."""

from __future__ import annotations

from typing import Protocol

from contentlib.access.guessing import Attempt
from contentlib.library.model import User


class Directories(Protocol):
    """The directories whose users can log in."""

    def meant(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names that may be meant, with the name here of a user who is written in another way that a directory knows."""

    def serves(self, names: tuple[str, ...], user: User | None) -> bool:
        """Whether a directory checks the password of a name, which may be that of a user."""

    async def verified(self, names: tuple[str, ...], user: User | None, attempt: Attempt, password: str) -> User | None:
        """The user of a name and a password, created or updated. None if they are wrong.

        Raises Unauthenticated if the directory refuses the user for another reason, and ServiceUnavailable if it cannot be
        asked, or if too many passwords are tried.
        """


class NoDirectories:
    """No directories: all passwords are checked here."""

    def meant(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The same names."""
        return names

    def serves(self, names: tuple[str, ...], user: User | None) -> bool:  # noqa: ARG002 - as in the protocol
        """Never."""
        return False

    async def verified(
        self,
        names: tuple[str, ...],  # noqa: ARG002 - as in the protocol
        user: User | None,  # noqa: ARG002 - see above
        attempt: Attempt,  # noqa: ARG002 - see above
        password: str,  # noqa: ARG002 - see above
    ) -> User | None:
        """Never a user."""
        return None
