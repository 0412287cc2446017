"""All pages as one router; the root mounts it last, since `/{event}` takes every first word that nobody else wants."""

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from server.core.errors import SemmaError
from server.core.runtime import Runtime
from server.web.api_docs import show_docs
from server.web.doors import door_handlers
from server.web.edition_pages import edition_handlers
from server.web.live_pages import live_handlers
from server.web.looks import look
from server.web.pages import DoorClosed, show_door, viewer_handlers
from server.web.respond import fault_page
from server.web.search_page import search_handlers
from server.web.statics import Statics, read_statics, static_file
from server.web.studio import studio_handlers
from server.web.studio_captions import caption_handlers
from server.web.studio_edition import edition_studio_handlers
from server.web.studio_outside import outside_handlers
from server.web.studio_programme import programme_handlers
from server.web.studio_rooms import room_handlers
from server.web.studio_slides import slides_handlers
from server.web.view import View

AnyRequest = Request[Any, Any, Any]
_PROGRAMS = ("/api", "/media", "/live", "/healthz", "/readyz", "/metrics")


def wants_page(request: AnyRequest) -> bool:
    """Whether an error should be answered with a page: somebody looks at it with a browser."""
    return not request.url.path.startswith(_PROGRAMS) and "text/html" in request.headers.get("accept", "")


FaultAnswer = Callable[[AnyRequest, Exception], Response[bytes]]


def fault_answer(runtime: Runtime, view: View) -> FaultAnswer:
    """Any error as a page; a closed event asks for its access code instead.

    A function and not a method: Litestar copies exception handlers deeply, and engines cannot be copied.
    """

    def answer(request: AnyRequest, error: Exception) -> Response[bytes]:
        if isinstance(error, DoorClosed):
            actor = request.scope["state"]["actor"]
            return show_door(request, runtime, view, actor, error.event_slug)
        return fault_page(view, runtime, request, error)

    return answer


class Pages:
    """The pages of one process: the router, and `show_fault` for requests of people that no handler takes."""

    def __init__(self, runtime: Runtime, *, media_origins: tuple[str, ...] = ()) -> None:
        self._statics = read_statics()
        self._view = View(self._statics, media_origins=media_origins)
        self.show_fault = fault_answer(runtime, self._view)

    def router(self) -> Router:
        """Every page and static file."""
        view, statics = self._view, self._statics

        async def provide_view() -> View:
            return view

        async def provide_statics() -> Statics:
            return statics

        return Router(
            path="/",
            route_handlers=[
                static_file,
                show_docs,
                look,
                *viewer_handlers,
                *edition_handlers,
                *live_handlers,
                *search_handlers,
                *door_handlers,
                *studio_handlers,
                *room_handlers,
                *outside_handlers,
                *edition_studio_handlers,
                *programme_handlers,
                *slides_handlers,
                *caption_handlers,
            ],
            dependencies={"view": Provide(provide_view), "statics": Provide(provide_statics)},
            exception_handlers={
                SemmaError: self.show_fault,
                HTTPException: self.show_fault,
                Exception: self.show_fault,
            },
        )
