"""Endpoints of sessions, their links, speakers, and imports."""

from typing import Any

from server.sessions.routes import imports, links, programme, programme_sources, speakers

ROUTES: list[Any] = [*programme.ROUTES, *links.ROUTES, *speakers.ROUTES, *programme_sources.ROUTES, *imports.ROUTES]
