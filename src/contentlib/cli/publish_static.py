"""Implements `contentlib publish-static`: writes a library as static files for a web server or an object store."""

from __future__ import annotations

from typing import Annotated

import typer

from contentlib.cli.modes import as_started
from contentlib.cli.progress import Bar, told
from contentlib.cli.settings import Config, DataDir, settings_or_exit

Library = Annotated[str, typer.Argument(metavar="LIBRARY", help="Id or name of the library.")]
Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="Directory to write to, created if missing, or s3://BUCKET/PREFIX.")
]
Link = Annotated[
    bool, typer.Option("--link/--copy", help="Hard-link the server's files if on the same file system, or copy them.")
]


def publish_static(
    library: Library, target: Target, data_dir: DataDir = None, config: Config = None, link: Link = True
) -> None:
    """Writes a library as static files that subscribers can read. Only writes what has changed."""
    settings = settings_or_exit(config, data_dir)
    with told(), as_started(), Bar() as bar:
        from contentlib import offline

        offered, written = offline.publish_static(settings, library, target, bar, link=link)
    changes = f"{written.files} files and {written.documents} documents written, {written.removed} removed"
    typer.echo(f"{target}: library {offered.name!r}, version {offered.version}: {changes}")
