"""Rate limits by actor and address, counted in Redis."""

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
