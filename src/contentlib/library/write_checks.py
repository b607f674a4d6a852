"""Checks in each writing transaction of a call or task that its user may still write.

The check that a call or task has passed before is of an earlier state: since then the user can have been removed, or lost a
privilege. Writing transactions take turns, so a check inside one is of the state that it changes.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType

from contentlib.library.actors import WriteCheck, authority
from contentlib.library.call_time import repeat_no_more
from contentlib.library.ports import AccessStore, Transaction


class CheckedStore:
    """A metadata store whose writing transactions begin with the check; all else is that of the store inside."""

    def __init__(self, inner: AccessStore) -> None:
        self._inner = inner
        self.reading = inner.reading
        self.access_generation, self.login_generation = inner.access_generation, inner.login_generation

    def transaction(self, *, durable: bool) -> AbstractAsyncContextManager[Transaction]:
        """Starts a transaction that may write, after the check. A call that has begun one is not repeated."""
        repeat_no_more()
        begun, check = self._inner.transaction(durable=durable), authority().check
        return begun if check is None else _Checked(begun, check)

    async def ping(self) -> None:
        """Returns when the store answers."""
        await self._inner.ping()

    async def close(self) -> None:
        """Closes the store."""
        await self._inner.close()


class _Checked:
    """A transaction that begins with a check."""

    __slots__ = ("_check", "_inner")

    def __init__(self, inner: AbstractAsyncContextManager[Transaction], check: WriteCheck) -> None:
        self._inner = inner
        self._check = check

    async def __aenter__(self) -> Transaction:
        rows = await self._inner.__aenter__()
        try:
            await self._check(rows)
        except BaseException as error:
            await self._inner.__aexit__(type(error), error, error.__traceback__)
            raise
        return rows

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)
