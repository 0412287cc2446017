"""The Celery application: `celery -A workers.app worker -Q light` (or encode), `celery -A workers.app beat`.

One task, `semma.work`, takes a job's id. Beat rings `semma.housekeep` and `semma.search` on the light queue; their
ticks are idempotent.
"""

import contextlib
import logging
from typing import Any

from celery.signals import (
    after_task_publish,
    beat_init,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)

from server.core.log import configure_logging
from server.core.notify import tell_alive, tell_ready
from server.core.queue import WORK, make_celery
from server.core.settings import read_settings
from server.media.ffmpeg import find_ffmpeg
from server.media.refusals import NoFfmpeg
from workers.runtime import WorkerProcess

SEARCH_EVERY_S = 2  # what changed is found within seconds

settings = read_settings()
app = make_celery(settings.redis_url or "redis://127.0.0.1:6379/0")
app.conf.beat_schedule = {
    "housekeep": {
        "task": "semma.housekeep",
        "schedule": settings.housekeeping_s,
        # a tick nobody took before the next one is worth nothing
        "options": {"queue": "light", "expires": max(settings.housekeeping_s, 5)},
    },
    "search": {
        "task": "semma.search",
        "schedule": SEARCH_EVERY_S,
        "options": {"queue": "light", "expires": SEARCH_EVERY_S},
    },
}
app.conf.beat_schedule_filename = str(settings.data_dir / "celerybeat-schedule")
process = WorkerProcess()


@setup_logging.connect
def _set_up_logging(**_arguments: Any) -> None:
    configure_logging(level=settings.log_level, form=settings.log_format, process="worker")
    for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).addFilter(lambda record: "semma.search" not in record.getMessage() or _is_bad(record))


def _is_bad(record: logging.LogRecord) -> bool:
    """A tick every other second is worth a line only when it goes wrong."""
    return record.levelno > logging.INFO


@worker_init.connect
def _prepare(**_arguments: Any) -> None:
    """What every child will need, once, before the fork, so that no first job waits for it."""
    import workers.handlers  # noqa: F401, PLC0415 -- circular import: registers every handler

    with contextlib.suppress(NoFfmpeg):  # the jobs that need it say so
        find_ffmpeg(settings.ffmpeg or None)


@worker_ready.connect
def _worker_is_ready(sender: Any, **_arguments: Any) -> None:
    tell_ready()
    sender.timer.call_repeatedly(10, tell_alive)  # from the worker's own loop: one that hangs falls silent


@beat_init.connect
def _beat_is_ready(**_arguments: Any) -> None:
    tell_ready()
    after_task_publish.connect(_beat_is_alive)


def _beat_is_alive(**_arguments: Any) -> None:
    tell_alive()


@worker_process_init.connect
def _start(**_arguments: Any) -> None:
    process.start(settings)


@worker_process_shutdown.connect
def _stop(**_arguments: Any) -> None:
    process.stop()


@app.task(name=WORK)
def work(job_id: str) -> None:
    """Run one job if it is still free."""
    process.run_job(job_id)


@app.task(name="semma.housekeep")
def housekeep() -> None:
    """Look after what no request looks after."""
    process.run_housekeeping()


@app.task(name="semma.search")
def search() -> None:
    """Look whether the search index is behind."""
    process.run_search()
