"""Implements `contentlib bundle export` and `contentlib bundle import`: transfer a library as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contentlib.cli.modes import as_started
from contentlib.cli.progress import Bar, told
from contentlib.cli.settings import Config, DataDir, prepare, settings_or_exit

Library = Annotated[str, typer.Argument(metavar="LIBRARY", help="Id or name of the library.")]
Target = Annotated[Path, typer.Argument(metavar="FILE", help="Bundle to write; an existing file is replaced.")]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="Bundle to read.")]
Since = Annotated[
    int | None, typer.Option("--since", metavar="VERSION", help="Only include the content that is newer than this version.")
]

bundle = typer.Typer(help="Transfers a library across an air gap as one file.", no_args_is_help=True)


@bundle.command("export")
def export_bundle(
    library: Library, target: Target, since: Since = None, data_dir: DataDir = None, config: Config = None
) -> None:
    """Exports a library, or its changes since a version, to a file. The server can be running."""
    settings = settings_or_exit(config, data_dir)
    with told(), as_started(), Bar() as bar:
        from contentlib import offline

        manifest = offline.export_bundle(settings, library, target, since, bar)
    carried = [each for each in manifest.payload if each.carried]
    size = sum(each.size for each in carried)
    span = manifest.version if manifest.since is None else f"{manifest.since} to {manifest.version}"
    counted = f"{len(carried)} of {len(manifest.payload)} files, {size} bytes"
    typer.echo(f"{target}: library {manifest.name!r} ({manifest.library}), version {span}: {counted}")


@bundle.command("import")
def import_bundle(source: Source, data_dir: DataDir = None, config: Config = None) -> None:
    """Verifies a bundle and creates or updates a local library from it. The server can be running."""
    settings = settings_or_exit(config, data_dir)
    with told(), Bar() as bar:
        prepare(settings)
        from contentlib import offline

        manifest, taken = offline.take_bundle(settings, source, bar)
    what = "is now" if taken else "was already"
    typer.echo(f"library {manifest.name!r} ({manifest.library}) {what} at version {manifest.version}")
