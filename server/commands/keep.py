"""Commands that look after a deployment: migrate, doctor, backup, restore, settings."""

import asyncio
import json
import os
import sys
from pathlib import Path

import click

from server.core.settings import Settings, read_settings, settings_table
from server.local import local_environment


def _settings() -> Settings:
    return read_settings(local_environment())


@click.command()
def migrate() -> None:
    """Bring the database to the newest version and make the bucket; does nothing when both are there.

    Safe to run at every start, by several machines at once.
    """
    from server.prepare import prepare  # noqa: PLC0415 -- slow import

    for sentence in asyncio.run(prepare(_settings())):
        click.echo(sentence)


@click.command()
def settings() -> None:
    """Print the table of all settings, in Markdown, as it stands in docs/settings.md."""
    click.echo(settings_table(), nl=False)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def doctor(as_json: bool) -> None:
    """Say what was found, what is wrong and what to do about it. Exit code 1 when something is wrong."""
    from server.doctor import as_text, examine  # noqa: PLC0415 -- slow import

    findings = asyncio.run(examine(local_environment()))
    click.echo(json.dumps(findings.as_json(), indent=1) if as_json else as_text(findings))
    sys.exit(0 if findings.is_well else 1)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-objects", is_flag=True, help="Put the objects themselves into the file too (may be large).")
def backup(file: Path, with_objects: bool) -> None:
    """Write the database, the secret key and a list of all objects into FILE, one tar archive, while Semma runs.

    The objects stay in the bucket; copy it with the means of your storage, or ask for them here. The file holds the
    secret key: keep it as you keep passwords.
    """
    from server.backup import write_backup  # noqa: PLC0415 -- slow import

    for sentence in asyncio.run(write_backup(os.environ, file, with_objects=with_objects)):
        click.echo(sentence)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Empty a database that already holds something.")
def restore(file: Path, replace: bool) -> None:
    """Bring the backup in FILE back: database, secret key, and the objects when it holds them.

    Stop Semma's web and worker processes first. Works between SQLite and PostgreSQL, in both directions.
    """
    from server.backup import read_backup  # noqa: PLC0415 -- slow import

    for sentence in asyncio.run(read_backup(os.environ, file, replace=replace)):
        click.echo(sentence)
