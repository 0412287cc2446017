"""Endpoints of series, events, rooms, tracks, links, and the stream of changes."""

from typing import Any

from server.events.routes import changes, editions, links, rooms, series, tracks

ROUTES: list[Any] = [
    *series.ROUTES,
    *editions.ROUTES,
    *rooms.ROUTES,
    *tracks.ROUTES,
    *links.ROUTES,
    *changes.ROUTES,
]
