"""Marks a prefix of a bucket as belonging to one server, and verifies the mark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from contentlib.blobs.bucket import Bucket
from contentlib.blobs.marks import MARK, Mark, MarkedPlace


class MarkedBucket(MarkedPlace):
    """The prefix of a storage. Checked once by each process, and again whenever something is missing."""

    def __init__(self, storage: str, bucket: Bucket) -> None:
        super().__init__(storage, str(bucket))
        self.bucket = bucket
        self._checked = False

    def read(self) -> Mark | None:
        """Returns the mark, or None if it is missing."""
        try:
            return self.decode(self.bucket.get(MARK))
        except FileNotFoundError:
            return None

    def claim(self) -> None:
        """Marks the prefix."""
        with suppress(FileExistsError):
            self.bucket.put(MARK, self.encode(), new=True)

    def hold(self, *, shared: bool = False) -> None:
        """Does nothing: a bucket has no locks. A second server is kept away by the mark, and by the lock on its database."""

    def found(self) -> Iterator[str]:
        """The names of the blobs in it."""
        return (key.removeprefix("blobs/") for key in self.bucket.keys("blobs/"))

    def check(self) -> None:
        """Raises OSError with the cause unless the prefix has the right mark."""
        if not self._checked:
            self.check_again()

    def check_again(self) -> None:
        """The same, now."""
        self._checked = False
        self.check_mark()
        self._checked = True
