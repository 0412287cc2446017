"""Endpoints of sessions, their links, and speakers."""

from typing import Any

from server.sessions.routes import links, programme, speakers

ROUTES: list[Any] = [*programme.ROUTES, *links.ROUTES, *speakers.ROUTES]
