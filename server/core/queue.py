"""The bell: Celery messages that carry only a job's id.

Sent after the job's row is committed. If Redis is away the message is lost and housekeeping rings again, so ringing
never fails the act that enqueued the job.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from celery import Celery

log = structlog.get_logger(__name__)

WORK = "semma.work"
QUEUES = ("light", "encode")


def make_celery(redis_url: str) -> Celery:
    """The Celery application both sides share; the worker adds the task, the web process only sends."""
    url = redis_url.replace("unix://", "redis+socket://", 1)
    app = Celery("semma", broker=url, set_as_current=True)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,  # the row is the queue: an early ack cannot lose work, a late one would repeat it
        task_default_queue="light",
        worker_disable_prefetch=True,  # a reserved message would wait behind an hour of encoding
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_serializer="json",
        accept_content=["json"],
        broker_transport_options={
            "visibility_timeout": 86400,  # nothing is acked late; far beyond any doubt
            "socket_timeout": 15,  # kombu's default waits for ever on a half-open connection
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 15,
        },
    )
    return app


class Ringer:
    """Rings bells from async code without blocking its loop."""

    def __init__(self, redis_url: str) -> None:
        self._app = make_celery(redis_url)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bell")

    async def __call__(self, bells: list[tuple[str, str]]) -> None:
        """Ring each (queue, job id); failures are logged, never raised."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._send, bells)

    def _send(self, bells: list[tuple[str, str]]) -> None:
        for queue, job_id in bells:
            try:
                options: dict[str, Any] = {"queue": queue, "retry": False, "ignore_result": True}
                self._app.send_task(WORK, args=[job_id], **options)
            except Exception as error:
                log.warning("queue.bell_lost", queue=queue, job_id=job_id, error=str(error))
                return

    def close(self) -> None:
        """Forget bells not yet rung; housekeeping will ring them."""
        self._pool.shutdown(wait=False, cancel_futures=True)
