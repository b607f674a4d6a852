"""Shows the progress and the errors of long-running commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def told() -> Iterator[None]:
    """Prints an error of a command to standard error and exits with 1."""
    from contentlib.library.errors import LibraryError

    try:
        yield
    except (LibraryError, OSError, RuntimeError) as error:
        typer.echo(f"contentlib: {error}", err=True)
        raise typer.Exit(1) from error


class Bar:
    """A progress bar on standard error, if that is a terminal."""

    def __init__(self) -> None:
        self._shown: tuple[Progress, TaskID] | None = None
        self._total = 0

    @property
    def is_shown(self) -> bool:
        """Whether there is a terminal."""
        return self._shown is not None

    def __enter__(self) -> Bar:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

            columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            progress = Progress(*columns, console=Console(stderr=True), transient=True)
            progress.start()
            self._shown = progress, progress.add_task("", total=None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    def expect(self, count: int) -> None:
        """Adds to the expected number of bytes."""
        self._total += count
        if self._shown is not None:
            self._shown[0].update(self._shown[1], total=self._total)

    def advance(self, count: int) -> None:
        """So many more are done."""
        if self._shown is not None:
            self._shown[0].advance(self._shown[1], count)
