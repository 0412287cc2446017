"""Rate limits by actor and address, counted in Redis."""

from ipaddress import IPv4Address, IPv6Network, ip_address

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.core.errors import TooMany
from server.core.redis import count_within

log = structlog.get_logger(__name__)


async def check_rate(redis: Redis, key: str, *, most: int, window_s: int) -> None:
    """Count one attempt under the key; raises TooMany beyond `most` in `window_s`.

    When Redis is away the attempt passes: a limiter must not lock everybody out.
    """
    try:
        count, left_ms = await count_within(redis, f"rate:{key}", window_ms=window_s * 1000)
    except (RedisError, OSError) as error:
        log.warning("limits.redis_away", error=str(error))
        return
    if count > most:
        raise TooMany(retry_after_s=left_ms // 1000 + 1)


def counted_address(peer: str) -> str:
    """The address as rate limits count it: an IPv6 network counts as one, its holder has 2⁶⁴ addresses.

    `peer` is an address, alone or with its port: `192.0.2.1:5000`, `[2001:db8::1]:5000`.
    """
    host = peer[1:].partition("]")[0] if peer.startswith("[") else peer
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False).network_address)
