"""How each process of Semma is started: one argument list each, the same by hand, under `semma up`, in containers.

Each flag has its reason; everything else is in the settings.
"""

import sys
from collections.abc import Sequence
from typing import Literal

Queue = Literal["light", "encode"]


def web_argv(*, host: str, port: int, workers: int, trusted_proxies: str) -> tuple[str, ...]:
    """The web process: uvicorn with the application's factory."""
    return (
        *(sys.executable, "-m", "uvicorn", "--factory", "server.app:create_app"),
        *("--host", host),
        *("--port", str(port)),
        *("--workers", str(workers)),
        *("--loop", "uvloop"),
        *("--http", "httptools"),
        "--no-access-log",  # the application writes one structured line a request
        "--no-server-header",
        *("--timeout-graceful-shutdown", "3"),  # server-sent events would otherwise be waited for without end
        *("--timeout-keep-alive", "75"),  # longer than nginx keeps idle connections (60 s), so it never meets a close
        *_proxy_flags(trusted_proxies),
    )


def _proxy_flags(trusted_proxies: str) -> tuple[str, ...]:
    """Believe X-Forwarded-* only from the proxies named."""
    if not trusted_proxies:
        return ("--no-proxy-headers",)
    return ("--proxy-headers", "--forwarded-allow-ips", trusted_proxies)


def worker_argv(queue: Queue, *, concurrency: int) -> tuple[str, ...]:
    """A Celery worker for one queue."""
    return (
        *(sys.executable, "-m", "celery", "-A", "workers.app", "worker"),
        *("--queues", queue),
        *("--hostname", f"{queue}@%h"),
        *("--concurrency", str(concurrency)),
        *("--pool", "prefork"),  # threads cannot be stopped, and ffmpeg's parent must be a process of its own
        # workers need nothing of one another: the rows say who works on what
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        *("--loglevel", "info"),
    )


def ingest_argv() -> tuple[str, ...]:
    """The process that takes encoders; one for all rooms."""
    return (sys.executable, "-m", "server.ingest")


def beat_argv() -> tuple[str, ...]:
    """The clock of housekeeping; a second one does no harm, its ticks are idempotent."""
    return (sys.executable, "-m", "celery", "-A", "workers.app", "beat", "--loglevel", "info", "--pidfile", "")


def semma_argv(*words: str) -> tuple[str, ...]:
    """A command of this command line, run by this Python."""
    return (sys.executable, "-m", "server.cli", *words)


def queues() -> Sequence[Queue]:
    """Every queue that needs a worker."""
    return ("light", "encode")
