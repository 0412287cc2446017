"""Composition root of the web process: settings in, Litestar out; the one place that names every feature.

`uvicorn --factory server.app:create_app`. Everything below is made in the process that serves (after any fork).
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

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
from server.core.settle import settle
from server.core.stopping import told_to_stop
from server.events.fan_out import ChangeFanOut
from server.events.routes import ROUTES as EVENT_ROUTES
from server.feeds.archive_routes import archive_router
from server.feeds.feed_routes import feeds_router
from server.feeds.schedule_routes import schedule_router
from server.feeds.site_routes import site_router
from server.live.mirror import LiveMirrors
from server.live.origin import LiveOrigin
from server.live.origin_routes import PREFIX as LIVE_PREFIX
from server.live.origin_routes import live_handler
from server.live.programme import Programme
from server.live.routes import ROUTES as LIVE_ROUTES
from server.playback.caption_routes import captions_router
from server.playback.chapters import ChapterReader
from server.playback.download_routes import SlideFiles, downloads_router
from server.playback.media_routes import media_router
from server.playback.routes import playback_router
from server.playback.watch import SlidePages
from server.process import make_runtime
from server.recordings.routes import recordings_router
from server.room_programme import ROOM_PROGRAMME
from server.search.routes import search_router
from server.session_media import count_slide_pages, list_slide_files, read_media_and_slides, read_talk_chapters
from server.sessions.access import present_epochs
from server.sessions.access_routes import access_router
from server.sessions.media import SessionMediaReader
from server.sessions.routes import ROUTES as SESSION_ROUTES
from server.slides.cue_routes import slides_router
from server.slides.picture_routes import pictures_router
from server.slides.routes import decks_router
from server.upload_purposes import make_desk
from server.uploads import protocol as tus
from server.uploads.desk import Desk
from server.uploads.routes import uploads_router
from server.web.api_docs import describe_api
from server.web.routes import Pages, wants_page
from server.webhooks.routes import webhooks_router


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


class LiveFirst(Litestar):
    """The application, with the live origin before the framework: 2,000 answers a second do not go through middleware
    that has nothing to do for them."""

    def __init__(self, origin: LiveOrigin, **settings: Any) -> None:
        super().__init__(**settings)
        self._origin = origin

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or live for one lifespan."""
        if scope["type"] == "http" and scope["path"].startswith(LIVE_PREFIX):
            await self._origin(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def route_handlers() -> list[Any]:
    """Every handler of every feature."""
    return [
        healthz,
        readyz,
        metrics,
        accounts_router,
        access_router,
        *EVENT_ROUTES,
        *SESSION_ROUTES,
        *LIVE_ROUTES,
        uploads_router,
        recordings_router,
        playback_router,
        downloads_router,
        webhooks_router,
        feeds_router,
        site_router,
        archive_router,
        captions_router,
        decks_router,
        slides_router,
        search_router,
        media_router,
        pictures_router,
        schedule_router,
    ]


def create_app(settings: Settings | None = None) -> Litestar:
    """The web application; reads the environment unless settings are given."""
    settings = settings or read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format, process="web")
    ringer = Ringer(settings.redis_url)
    runtime = make_runtime(settings, ringer)
    changes = ChangeFanOut(settings.redis_url)
    desk = make_desk(runtime)
    pages = Pages(runtime, media_origins=(settings.s3_public_url,) if settings.s3_public_url else ())
    mirrors = LiveMirrors(runtime)
    origin = LiveOrigin(runtime, mirrors)

    return LiveFirst(
        origin,
        route_handlers=[*route_handlers(), live_handler(origin), pages.router()],
        dependencies=dependencies(runtime, changes, desk),
        middleware=[RequestContext(), CsrfProtection(runtime)],
        lifespan=[lifespan(runtime, ringer, changes, desk, mirrors)],
        exception_handlers=fault_answers(pages),
        openapi_config=describe_api(),
        cors_config=cors(settings),
        # What the process works with, for tools that look at a running application.
        state=State({"runtime": runtime, "changes": changes}),
        debug=False,
    )


def lifespan(
    runtime: Runtime, ringer: Ringer, changes: ChangeFanOut, desk: Desk, mirrors: LiveMirrors
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """What surrounds serving: listen to other processes meanwhile, close every engine at the end."""

    @contextlib.asynccontextmanager
    async def engines(_app: Litestar) -> AsyncIterator[None]:
        changes.reopen()

        def end_all() -> None:
            changes.end_all()
            mirrors.end_all()

        try:
            with told_to_stop(end_all):
                async with desk.listening(), mirrors.running():
                    settle()
                    yield
        finally:
            await changes.close()
            await runtime.database.close()
            await runtime.redis.aclose()
            runtime.store.close()
            ringer.close()

    return engines


def dependencies(runtime: Runtime, changes: ChangeFanOut, desk: Desk) -> dict[str, Provide]:
    """What handlers may ask for by name."""

    async def provide_runtime() -> Runtime:
        return runtime

    async def provide_changes() -> ChangeFanOut:
        return changes

    async def provide_upload_desk() -> Desk:
        return desk

    async def provide_session_media() -> SessionMediaReader:
        return read_media_and_slides

    async def provide_chapters() -> ChapterReader:
        return read_talk_chapters

    async def provide_slide_pages() -> SlidePages:
        return count_slide_pages

    async def provide_slide_files() -> SlideFiles:
        return list_slide_files

    async def provide_room_programme() -> Programme:
        return ROOM_PROGRAMME

    return {
        "runtime": Provide(provide_runtime),
        "actor": Provide(actor_provider(present_epochs)),
        "changes": Provide(provide_changes),
        "session_media": Provide(provide_session_media),
        "slide_pages": Provide(provide_slide_pages),
        "slide_files": Provide(provide_slide_files),
        "read_chapters": Provide(provide_chapters),
        "room_programme": Provide(provide_room_programme),
        "upload_desk": Provide(provide_upload_desk),
    }


def fault_answers(pages: Pages) -> dict[int | type[Exception], Any]:
    """Errors outside the pages' own routes: as a page for who looks with a browser, as problem+json for programs."""
    show_fault = pages.show_fault

    def or_page(answer: Callable[..., Response[bytes]]) -> Callable[..., Response[bytes]]:
        def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
            return show_fault(request, error) if wants_page(request) else answer(request, error)

        return handle

    return {
        SemmaError: or_page(semma_error_response),
        HTTPException: or_page(http_error_response),
        Exception: or_page(unexpected_response),
    }


def cors(settings: Settings) -> CORSConfig | None:
    """Which other sites may use the API, without cookies, and what their scripts may send and read."""
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if not origins:
        return None
    return CORSConfig(
        allow_origins=origins,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=[*tus.REQUEST_HEADERS, "If-Match", "If-None-Match"],
        expose_headers=[*tus.RESPONSE_HEADERS, "ETag", "Retry-After"],
        max_age=86400,
    )
