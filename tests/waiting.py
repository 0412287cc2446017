"""Waiting for a condition, never for seconds."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_NEVER = threading.Event()


def eventually(condition: Callable[[], T], *, timeout_s: float = 30, every_s: float = 0.05, what: str = "") -> T:
    """The condition's first true value; fails saying what did not come."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for {what or condition}")
        _NEVER.wait(every_s)


async def soon(
    condition: Callable[[], Awaitable[T]], *, timeout_s: float = 30, every_s: float = 0.05, what: str = ""
) -> T:
    """The async condition's first true value; fails saying what did not come."""
    end = time.monotonic() + timeout_s
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for {what or condition}")
        waiter = asyncio.Event()
        asyncio.get_running_loop().call_later(every_s, waiter.set)
        await waiter.wait()
