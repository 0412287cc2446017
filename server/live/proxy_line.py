"""The line with which a TCP proxy says whom it speaks for (PROXY protocol, version 1, §2.1)."""

import ipaddress

MAX_LINE_BYTES = 107


class BadProxyLine(ValueError):
    """The line is none, though a proxy should have sent it."""

    code = "live.bad_proxy_line"


def read_proxy_line(line: bytes) -> str | None:
    """The client's address from `PROXY TCP4 192.0.2.1 198.51.100.7 56324 1935`; None when the proxy knows none."""
    words = line.decode("ascii", "replace").split()
    if len(line) > MAX_LINE_BYTES or words[:1] != ["PROXY"] or not line.endswith(b"\r\n"):
        raise BadProxyLine("no line of the PROXY protocol")
    if words[1:2] == ["UNKNOWN"]:
        return None
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise BadProxyLine("no line of the PROXY protocol")
    try:
        return str(ipaddress.ip_address(words[2]))
    except ValueError as error:
        raise BadProxyLine("no address in the line of the PROXY protocol") from error
