"""Where the live origin stands in the web application: everything below /live/.

It is a route like any other, so that the application lists it; `server/app.py` hands these requests to it before the
framework's routing and middleware, which would cost more than the answers themselves.
"""

from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from server.live.origin import LiveOrigin

PREFIX = "/live/"


def live_handler(origin: LiveOrigin) -> ASGIRouteHandler:
    """The origin as a route. (No mount: a mount at /live would also take /live-2026.)"""

    @asgi("/live/{file:path}", opt={"public": True}, copy_scope=False)
    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        """Playlists, parts, segments and inits of rooms on air, for who holds the audience's token."""
        await origin(scope, receive, send)  # type: ignore[arg-type]

    return live
