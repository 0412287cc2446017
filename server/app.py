"""Composition root of the web process: settings in, Litestar out; the one place that names every feature.

`uvicorn --factory server.app:create_app`. Everything below is made in the process that serves (after any fork).
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Response, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig

from server import readiness
from server.accounts.guards import CsrfProtection, actor_provider
from server.accounts.routes import accounts_router
from server.core.errors import SemmaError
from server.core.http import (
    RequestContext,
    http_error_response,
    semma_error_response,
    unexpected_response,
)
from server.core.log import configure_logging
from server.core.metrics import render_metrics
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import Settings, read_settings
from server.events.fan_out import ChangeFanOut
from server.events.routes import ROUTES as EVENT_ROUTES
from server.process import make_runtime
from server.sessions.access import present_epochs
from server.sessions.access_routes import access_router


@get("/healthz", sync_to_thread=False, opt={"public": True}, include_in_schema=False)
def healthz() -> dict[str, str]:
    """Alive: this process answers."""
    return {"status": "alive"}


@get("/readyz", opt={"public": True}, include_in_schema=False)
async def readyz(runtime: NamedDependency[Runtime]) -> Response[dict[str, Any]]:
    """Whether this process can serve, with each dependency named."""
    found = await readiness.look(runtime)
    return Response(found, status_code=200 if found["ready"] else 503, headers={"Cache-Control": "no-store"})


@get("/metrics", opt={"public": True}, include_in_schema=False)
async def metrics(runtime: NamedDependency[Runtime]) -> Response[bytes]:
    """Counters for Prometheus."""
    await readiness.measure(runtime)
    body, content_type = render_metrics()
    return Response(body, media_type=content_type)


def route_handlers() -> list[Any]:
    """Every handler of every feature."""
    return [
        healthz,
        readyz,
        metrics,
        accounts_router,
        access_router,
        *EVENT_ROUTES,
    ]


def create_app(settings: Settings | None = None) -> Litestar:
    """The web application; reads the environment unless settings are given."""
    settings = settings or read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format, process="web")
    ringer = Ringer(settings.redis_url)
    runtime = make_runtime(settings, ringer)
    changes = ChangeFanOut(settings.redis_url)

    @contextlib.asynccontextmanager
    async def engines(_app: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await changes.close()
            await runtime.database.close()
            await runtime.redis.aclose()
            runtime.store.close()
            ringer.close()

    async def provide_runtime() -> Runtime:
        return runtime

    async def provide_changes() -> ChangeFanOut:
        return changes

    return Litestar(
        route_handlers=route_handlers(),
        dependencies={
            "runtime": Provide(provide_runtime),
            "actor": Provide(actor_provider(present_epochs)),
            "changes": Provide(provide_changes),
        },
        middleware=[RequestContext(), CsrfProtection(runtime)],
        lifespan=[engines],
        exception_handlers={
            SemmaError: semma_error_response,
            HTTPException: http_error_response,
            Exception: unexpected_response,
        },
        openapi_config=openapi(),
        state=None,
        debug=False,
    )


def openapi() -> OpenAPIConfig:
    """The description at /api/openapi.json and its page at /api/docs."""
    return OpenAPIConfig(title="Semma", version="1", path="/api", description="Seminars live and their archive.")
