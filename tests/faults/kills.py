"""What can be killed in a running Semma, and how."""

import contextlib
import os
import random
import signal

import redis

from tests.private_semma import PrivateSemma, is_ffmpeg, processes
from tests.waiting import eventually

# Children of the supervisor, an ffmpeg of a worker, everything in Redis, and everything at once.
UPLOAD_VICTIMS = ("web", "valkey", "s3", "flush", "light")
ENCODE_VICTIMS = ("encode", "ffmpeg", "s3", "valkey", "flush", "light", "web", "everything")


def environment(semma: PrivateSemma) -> dict[str, str]:
    """Addresses and keys of the instance's engines, as `semma up` wrote them down."""
    lines = (semma.data_dir / "environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def kill(semma: PrivateSemma, victim: str, chance: random.Random) -> str:
    """Do the damage; says what was done, or nothing when there is none of them to kill just now."""
    if victim == "flush":
        return _flush(semma)
    if victim == "everything":
        semma.process.kill()
        semma.restart()
        return "killed the supervisor, started again"
    if victim == "ffmpeg":
        return _kill_one(semma, [process.pid for process in processes(semma) if is_ffmpeg(process)], victim, chance)
    mine = [process.pid for process in processes(semma) if process.child == victim and not is_ffmpeg(process)]
    return _kill_one(semma, mine, victim, chance)


def _kill_one(semma: PrivateSemma, pids: list[int], victim: str, chance: random.Random) -> str:
    """SIGKILL one of them: the child itself or one of the processes it forked."""
    if not pids:
        return ""
    pid = chance.choice(sorted(pids))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return ""
    return f"{victim}: killed one of {len(pids)}"


def _flush(semma: PrivateSemma) -> str:
    """Empty Redis; when it is just starting again, a moment later."""
    client = redis.Redis.from_url(environment(semma)["REDIS_URL"], socket_timeout=5)

    def flushed() -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(client.flushall())
        return False

    eventually(flushed, what="FLUSHALL")
    client.close()
    return "emptied Redis"
