"""Real stores that break off at a chosen step, as a server that is killed there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from contentlib.library.ports import Description, MetadataStore, NewBlob, Transaction
from off_loop import OffLoopBlobs


class KilledError(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class Steps:
    """Counts down to the step at which everything breaks off, if one is set."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self) -> None:
        if self.left == 0:
            raise KilledError
        if self.left is not None:
            self.left -= 1


class FragileBlobs(OffLoopBlobs):
    """Breaks off before and after everything that changes what is on the disk."""

    steps: Steps

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        self.steps()
        kept = super().keep(storage, upload, blob)
        self.steps()
        return kept

    def discard(self, storage: str, upload: str) -> None:
        self.steps()
        super().discard(storage, upload)
        self.steps()

    def flush(self, storage: str, blob: str) -> None:
        super().flush(storage, blob)
        self.steps()

    def keep_all(self, storage: str, contents: Sequence[bytes]) -> list[NewBlob]:
        self.steps()
        kept = super().keep_all(storage, contents)
        self.steps()
        return kept

    def describe_all(self, storage: str, texts: Sequence[Description]) -> None:
        super().describe_all(storage, texts)
        self.steps()


class FragileMetadata:
    """Breaks off before a transaction, before its commit and after it."""

    def __init__(self, inner: MetadataStore, steps: Steps) -> None:
        self._inner = inner
        self._steps = steps

    @asynccontextmanager
    async def transaction(self, *, durable: bool) -> AsyncIterator[Transaction]:
        self._steps()
        async with self._inner.transaction(durable=durable) as rows:
            yield rows
            self._steps()
        self._steps()

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self._inner.reading()

    async def ping(self) -> None:
        await self._inner.ping()

    async def close(self) -> None:
        await self._inner.close()
