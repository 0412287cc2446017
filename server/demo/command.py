"""`semma make-demo`: what `semma demo` runs once everything serves."""

import asyncio

import click

from server.commands.user import opened_runtime
from server.core.settings import read_settings
from server.demo.seed import seed
from server.local import local_environment


@click.command()
def make_demo() -> None:
    """Put the demo seminar into the Semma that runs for this data directory; safe to run again."""
    asyncio.run(_make())


async def _make() -> None:
    settings = read_settings(local_environment())
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    async with opened_runtime() as runtime:
        await seed(
            runtime,
            settings.data_dir / "demo",
            server_url=f"http://{host}:{settings.port}",
            say=lambda line: click.echo(f"  {line}"),
        )
