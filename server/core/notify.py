"""Tell whoever started this process that it is ready, by the protocol of sd_notify(3).

systemd (`Type=notify`) and `semma up` both listen: a process that says nothing else can still say when it serves.
"""

import os
import socket


def tell_ready() -> None:
    """Send READY=1 to $NOTIFY_SOCKET; does nothing when nobody asked, and never fails the caller."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # sd_notify(3): a leading @ stands for the zero byte of an abstract socket
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
            client.connect(target)
            client.send(b"READY=1")
    except OSError:
        return
