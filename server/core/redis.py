"""Redis (Valkey): fan-out, short locks and rate limits. Everything in it can vanish without loss."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

PREFIX = "semma:"

# INCR and its expiry in one step, so that a crash between them cannot leave a counter that never ends.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}
"""


# A set of who was seen within a time: those longer unseen go, one is added (unless it is ""), the rest counted.
_SEEN = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[2])
if ARGV[3] ~= '' then
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('ZCARD', KEYS[1])
"""


def make_redis(url: str) -> Redis:
    """A client for commands that answer at once (5 s at the most); made after the fork."""
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=3, health_check_interval=30)


def make_listener(url: str) -> Redis:
    """A client for waiting: redis-py 8 gives up after 5 s unless told otherwise."""
    return Redis.from_url(url, socket_timeout=None, socket_connect_timeout=3, health_check_interval=15)


async def count_within(redis: Redis, key: str, *, window_ms: int) -> tuple[int, int]:
    """Count one more under the key; returns the count and the milliseconds until it starts anew."""
    script = redis.register_script(_COUNT)
    count, left_ms = await script(keys=[PREFIX + key], args=[window_ms])
    return int(count), max(int(left_ms), 0)


async def touch_member(redis: Redis, key: str, member: str, *, within_s: float) -> int | None:
    """Note that somebody was seen now; returns how many were within the time, None when Redis is away."""
    try:
        script = redis.register_script(_SEEN)
        return int(await script(keys=[PREFIX + key], args=[time.time_ns() // 10**6, int(within_s * 1000), member]))
    except (RedisError, OSError):
        return None


async def count_members(redis: Redis, key: str, *, within_s: float) -> int | None:
    """How many were seen within the time; None when Redis is away."""
    return await touch_member(redis, key, "", within_s=within_s)


async def empty_lists(redis: Redis, names: Sequence[str]) -> list[str] | None:
    """Which of these lists hold nothing; None when Redis is away."""
    try:
        return [name for name in names if not await redis.llen(name)]
    except (RedisError, OSError):
        return None


async def first_within(redis: Redis, key: str, *, seconds: int) -> bool:
    """Whether nobody asked for this key within the time; no, when Redis is away."""
    try:
        return bool(await redis.set(PREFIX + key, 1, nx=True, ex=seconds))
    except (RedisError, OSError):
        return False


async def publish(redis: Redis, channel: str, message: dict[str, Any]) -> None:
    """Tell every process; a Redis that is away only costs the announcement, never the act announced."""
    try:
        await redis.publish(PREFIX + channel, json.dumps(message, separators=(",", ":")))
    except (RedisError, OSError) as error:
        log.warning("redis.publish_failed", channel=channel, error=str(error))


async def listen(redis: Redis, channel: str) -> AsyncIterator[dict[str, Any] | None]:
    """Messages of a channel as they come; None whenever the connection was (re)made, so that the listener can look
    at what it may have missed. Never ends by itself; survives Redis going away."""
    while True:
        pubsub: PubSub = redis.pubsub(ignore_subscribe_messages=False)
        try:
            await pubsub.subscribe(PREFIX + channel)
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message":
                    yield json.loads(message["data"])
        except (RedisError, OSError) as error:
            log.warning("redis.listen_lost", channel=channel, error=str(error))
            await asyncio.sleep(0.5)
        finally:
            with contextlib.suppress(Exception):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
