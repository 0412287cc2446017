"""Endpoints of live rooms: stream keys, SRT doors, broadcasts and their talks, what a room shows."""

from typing import Any

from server.live.routes import broadcasts, keys, rooms, stretches

ROUTES: list[Any] = [*rooms.ROUTES, *keys.ROUTES, *broadcasts.ROUTES, *stretches.ROUTES]
