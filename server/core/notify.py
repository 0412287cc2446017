"""Tell whoever started this process that it is ready, and later that it is alive.

By the protocol of sd_notify(3), which systemd (`Type=notify`, `WatchdogSec=`) and `semma up` both understand; and by
touching $SEMMA_HEARTBEAT_FILE, which a container's health check looks at (`semma alive`). Never fails the caller.
"""

import contextlib
import os
import socket
from pathlib import Path


def tell_ready() -> None:
    """Send READY=1, and be alive."""
    _send(b"READY=1")
    tell_alive()


def tell_alive() -> None:
    """Send WATCHDOG=1 and touch the heartbeat file."""
    _send(b"WATCHDOG=1")
    heartbeat = os.environ.get("SEMMA_HEARTBEAT_FILE", "")
    if heartbeat:
        with contextlib.suppress(OSError):
            Path(heartbeat).touch()


def _send(message: bytes) -> None:
    """Send to $NOTIFY_SOCKET, if somebody set it; does not wait for who does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # sd_notify(3): a leading @ stands for the zero byte of an abstract socket
    target = "\0" + address[1:] if address.startswith("@") else address
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as client,
    ):
        client.sendto(message, target)
