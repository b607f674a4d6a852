"""`contentlib publish-static` writes a library as files, for a plain web server or an object store."""

from __future__ import annotations

from typing import Annotated

import typer

from contentlib.cli.modes import as_started
from contentlib.cli.progress import Bar, told
from contentlib.cli.settings import Config, DataDir, settings_or_exit

Library = Annotated[str, typer.Argument(metavar="LIBRARY", help="Id or name of the library.")]
Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="Directory of the tree, which is created, or s3://BUCKET/PREFIX.")
]
Link = Annotated[
    bool, typer.Option("--link/--copy", help="Hard links to the server's files, where the file system is the same, or copies.")
]


def publish_static(
    library: Library, target: Target, data_dir: DataDir = None, config: Config = None, link: Link = True
) -> None:
    """Writes a library as a tree of files that subscribers can follow; writes only what has changed."""
    settings = settings_or_exit(config, data_dir)
    with told(), as_started(), Bar() as bar:
        from contentlib import offline

        offered, written = offline.publish_static(settings, library, target, bar, link=link)
    changes = f"{written.files} files and {written.documents} documents written, {written.removed} removed"
    typer.echo(f"{target}: library {offered.name!r}, version {offered.version}: {changes}")
