"""Hear early that this process is asked to stop.

The web server first waits until every answer has ended and only then tells the application that it stops; a stream of
changes never ends by itself. So whoever holds streams open listens to the signal too.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_to_stop(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` in the running loop when the signal comes, before the web server acts on it.

    Does nothing where no web server of ours has taken the signals (tests, other threads).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    taken = {number: handler for number in _SIGNALS if _is_server(handler := signal.getsignal(number))}

    def both(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handler: Any = taken[signal.Signals(number)]
        handler(number, frame)

    for number in taken:
        signal.signal(number, both)
    try:
        yield
    finally:
        for number, handler in taken.items():
            if signal.getsignal(number) is both:
                signal.signal(number, handler)


def _is_server(handler: Any) -> bool:
    return type(getattr(handler, "__self__", None)).__module__.startswith("uvicorn")
