"""Endpoints of series, events, rooms, tracks, links, what stands around them, and the stream of changes."""

from typing import Any

from server.events.routes import around, changes, editions, links, rooms, series, tracks

ROUTES: list[Any] = [
    *series.ROUTES,
    *editions.ROUTES,
    *rooms.ROUTES,
    *tracks.ROUTES,
    *links.ROUTES,
    *around.ROUTES,
    *changes.ROUTES,
]
