"""Commands that run processes."""

import os
import sys

import click

from server import programs
from server.core.settings import Settings, read_settings
from server.local import use_local_environment

_DATA_DIR_HELP = "Where all state is kept; the same as SEMMA_DATA_DIR.  [default: var]"


def _become(argv: tuple[str, ...]) -> None:
    """Replace this process by the program, so that signals and exit codes are its own."""
    sys.stdout.flush()
    os.execv(argv[0], list(argv))


def _settings() -> Settings:
    """The settings of this machine, in the environment for the program that follows too."""
    use_local_environment()
    return read_settings()


def _run_up(data_dir: str | None, port: int | None, host: str | None, *, is_demo: bool) -> None:
    from server.up import run_up  # noqa: PLC0415 -- slow import

    given = {"SEMMA_DATA_DIR": data_dir, "SEMMA_PORT": str(port) if port else None, "SEMMA_HOST": host}
    environ = {**os.environ, **{name: value for name, value in given.items() if value}}
    once_ready = programs.semma_argv("make-demo") if is_demo else ()
    beside = {"studio": programs.semma_argv("demo-encoder")} if is_demo else {}
    sys.exit(run_up(environ=environ, once_ready=once_ready, beside=beside))


@click.command()
@click.option("--data-dir", help=_DATA_DIR_HELP)
@click.option("--port", type=int, help="Port of the pages; the same as SEMMA_PORT.  [default: 8000]")
@click.option("--host", help="Address to listen on; 0.0.0.0 lets others in (SEMMA_HOST).  [default: 127.0.0.1]")
def up(data_dir: str | None, port: int | None, host: str | None) -> None:
    """Run everything on this machine: engines, web, workers and housekeeping, supervised.

    Starts an own Valkey and an own S3 server unless REDIS_URL or S3_ENDPOINT_URL name others, and SQLite unless
    DATABASE_URL names a PostgreSQL. A process that ends is started again. Logs are in the data directory under log/.
    Ctrl-C stops everything in order, a second Ctrl-C at once.
    """
    _run_up(data_dir, port, host, is_demo=False)


@click.command()
@click.option("--data-dir", help=_DATA_DIR_HELP)
@click.option("--port", type=int, help="Port of the pages; the same as SEMMA_PORT.  [default: 8000]")
@click.option("--host", help="Address to listen on (SEMMA_HOST).  [default: 127.0.0.1]")
def demo(data_dir: str | None, port: int | None, host: str | None) -> None:
    """Run everything and put a demo seminar in it: two rooms, six sessions, really encoded video, one room live.

    The seminar is made once; a second start finds it again. Prints a sign-in link for the organiser that works once.
    """
    _run_up(data_dir, port, host, is_demo=True)


@click.command()
def web() -> None:
    """Run a web process: pages, API, uploads and playback. Stateless; any number may run.

    Listens on SEMMA_HOST and SEMMA_PORT with SEMMA_WEB_WORKERS processes.
    """
    settings = _settings()
    _become(
        programs.web_argv(
            host=settings.host,
            port=settings.port,
            workers=settings.web_workers,
            trusted_proxies=settings.trusted_proxies,
        )
    )


@click.command()
@click.argument("queue", type=click.Choice(["light", "encode"]))
@click.option("--concurrency", type=click.IntRange(1), help="Jobs at once.  [default: from the settings]")
def worker(queue: programs.Queue, concurrency: int | None) -> None:
    """Run a worker for one queue. Any number may run, on any machine that reaches database, Redis and S3.

    `light` does what must not wait: probing, mail, clean-up. `encode` turns recordings into renditions.
    """
    settings = _settings()
    default = {"light": settings.light_concurrency, "encode": settings.encode_concurrency}[queue]
    _become(programs.worker_argv(queue, concurrency=concurrency or default))


@click.command()
def ingest() -> None:
    """Take encoders (RTMP, SRT) and write the live streams of all rooms. One is needed; a second one takes over.

    Listens on SEMMA_HOST and SEMMA_RTMP_PORT, and on a UDP port for each room and role from SEMMA_SRT_PORT upwards.
    Needs ffmpeg, and a disk that survives a restart for what the object storage does not have yet (SEMMA_SPOOL_DIR).
    """
    _settings()
    _become(programs.ingest_argv())


@click.command()
def beat() -> None:
    """Run the clock that rings housekeeping. One is enough; two do no harm."""
    _settings()
    _become(programs.beat_argv())
