"""`semma make-demo`: what `semma demo` runs once everything serves; `semma demo-encoder`: what it runs besides."""

import asyncio
from pathlib import Path

import click

from server.commands.user import opened_runtime
from server.core.settings import read_settings
from server.demo.broadcast import become_encoder, prepare_broadcast
from server.demo.film import FILM_HEIGHT
from server.demo.seed import seed
from server.local import local_environment


@click.command()
@click.option(
    "--height",
    type=click.IntRange(180, 1080),
    default=FILM_HEIGHT,
    show_default=True,
    help="Height of the drawn films in pixels; smaller ones are made sooner.",
)
def make_demo(height: int) -> None:
    """Put the demo seminar into the Semma that runs for this data directory; safe to run again."""
    asyncio.run(_make(height))


async def _make(height: int) -> None:
    settings = read_settings(local_environment())
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    async with opened_runtime() as runtime:
        await seed(
            runtime,
            settings.data_dir / "demo",
            server_url=f"http://{host}:{settings.port}",
            say=lambda line: click.echo(f"  {line}"),
            height=height,
        )


@click.command()
def demo_encoder() -> None:
    """Send the demo's live room, without end."""
    settings = read_settings(local_environment())
    ffmpeg, key, film = asyncio.run(_prepare(settings.data_dir / "demo"))
    become_encoder(ffmpeg, film, f"rtmp://127.0.0.1:{settings.rtmp_port}/live/{key}")


async def _prepare(folder: Path) -> tuple[str, str, Path]:
    async with opened_runtime() as runtime:
        return await prepare_broadcast(runtime, folder)
