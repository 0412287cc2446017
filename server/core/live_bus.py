"""Redis as the live window uses it: atomic scripts over bytes, plain reads of bytes, and a subscription to bytes.

The scripts themselves are the live feature's; here is only the client. Every failure is one error, `BusAway`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import OutOfMemoryError, RedisError

from server.core.errors import Unavailable
from server.core.redis import PREFIX, make_listener

log = structlog.get_logger(__name__)

Value = bytes | str | int | float
_AGAIN_S = 0.25  # between two attempts to subscribe


class BusAway(Unavailable):
    """Redis does not answer, or refuses (out of memory, loading its data)."""

    code = "live.bus_away"
    says = "The live stream's memory does not answer; try again in a moment."


class BusFull(BusAway):
    """Redis has no memory left for what was to be written."""

    code = "live.bus_full"
    says = "The live stream's memory is full."


class Bus:
    """Bytes in and out of Redis, all keys below Semma's prefix.

    A client of its own: what fails, fails within two seconds and is not tried again here. Who uses it knows better
    when, and the common client's growing pauses would outlast the outage.
    """

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self._redis = Redis.from_url(
            redis_url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0), health_check_interval=30
        )
        self._scripts: dict[str, AsyncScript] = {}

    async def close(self) -> None:
        """Close its connections."""
        await self._redis.aclose()

    async def run(self, script: str, *, keys: Sequence[str], args: Sequence[Value]) -> Any:
        """Run a Lua script as one step; raises BusAway. The script's text is sent once."""
        found = self._scripts.get(script)
        if found is None:
            found = self._scripts[script] = self._redis.register_script(script)
        try:
            return await found(keys=[PREFIX + key for key in keys], args=list(args))
        except (RedisError, OSError) as error:
            raise _named(error) from error

    async def get(self, key: str) -> bytes | None:
        """One value; raises BusAway."""
        return (await self.get_many([key]))[0]

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Values in the order of their keys; raises BusAway."""
        try:
            found: list[Any] = await self._redis.mget([PREFIX + key for key in keys]) if keys else []
            return found
        except (RedisError, OSError) as error:
            raise _named(error) from error

    async def get_hash(self, key: str) -> dict[bytes, bytes]:
        """All fields of a hash; empty when there is none. Raises BusAway."""
        try:
            found: dict[Any, Any] = await self._redis.hgetall(PREFIX + key)
            return found
        except (RedisError, OSError) as error:
            raise _named(error) from error

    async def get_field(self, key: str, field: str) -> bytes | None:
        """One field of a hash; raises BusAway."""
        try:
            found = await self._redis.hget(PREFIX + key, field)
        except (RedisError, OSError) as error:
            raise _named(error) from error
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, *, seconds: int) -> None:
        """Set one value that vanishes by itself; raises BusAway."""
        try:
            await self._redis.set(PREFIX + key, value, ex=seconds)
        except (RedisError, OSError) as error:
            raise _named(error) from error

    async def remove(self, keys: Sequence[str], *, from_hash: str, fields: Sequence[str]) -> None:
        """Remove keys, and fields of a hash; works with a full Redis too. Raises BusAway."""
        try:
            async with self._redis.pipeline(transaction=True) as both:
                both.delete(*(PREFIX + key for key in keys))
                both.hdel(PREFIX + from_hash, *fields)
                await both.execute()
        except (RedisError, OSError) as error:
            raise _named(error) from error

    async def put_fields(self, key: str, fields: dict[str, bytes], *, seconds: int) -> None:
        """Set fields of a hash that vanishes by itself; raises BusAway."""
        try:
            async with self._redis.pipeline(transaction=True) as both:
                both.hset(PREFIX + key, mapping=dict[Any, Any](fields))
                both.expire(PREFIX + key, seconds)
                await both.execute()
        except (RedisError, OSError) as error:
            raise _named(error) from error


def _named(error: Exception) -> BusAway:
    """One of ours. A script that ran out of memory says so only in its words."""
    kind = BusFull if isinstance(error, OutOfMemoryError) or "OOM command" in str(error) else BusAway
    return kind(f"Redis: {error}")


def channel(name: str) -> str:
    """A channel's full name, for scripts that publish."""
    return PREFIX + name


async def listen_bytes(redis_url: str, name: str) -> AsyncIterator[bytes | None]:
    """Messages of a channel as they are; None whenever the subscription was (re)made, so that the listener can look
    at what it may have missed. Never ends by itself; a connection of its own."""
    redis = make_listener(redis_url)
    try:
        while True:
            pubsub: PubSub = redis.pubsub(ignore_subscribe_messages=False)
            try:
                await pubsub.subscribe(PREFIX + name)
                async for message in pubsub.listen():
                    if message["type"] == "subscribe":
                        yield None
                    elif message["type"] == "message":
                        yield message["data"]
            except (RedisError, OSError) as error:
                log.warning("live.subscription_lost", channel=name, error=str(error))
                await asyncio.sleep(_AGAIN_S)
            finally:
                with contextlib.suppress(Exception):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
    finally:
        await redis.aclose()
