"""The engines: database and its version, Redis, jobs."""

from sqlalchemy import func, select

from server.core.clock import now
from server.core.db import Database
from server.core.jobs import QUEUED, JobRow
from server.core.redis import make_redis
from server.core.settings import Settings
from server.doctor.findings import Finding, note, ok, wrong
from server.migrate import current_revision, head_revision

_LATE_S = 300.0


async def look_at_database(database: Database) -> list[Finding]:
    """Whether it answers, and whether its tables are those of this code."""
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    try:
        revision = await current_revision(database)
    except Exception as error:
        advice = "Start the database, or correct DATABASE_URL."
        return [wrong("database", f"{kind} does not answer: {error}".splitlines()[0], advice)]
    head = head_revision()
    if revision != head:
        says = f"{kind}, at revision {revision or 'none'}; this code needs {head}"
        return [wrong("database", says, "Run `semma migrate`.", revision=revision, needed=head)]
    return [ok("database", f"{kind}, at revision {revision}", revision=revision), await _jobs(database)]


async def _jobs(database: Database) -> Finding:
    """How much work waits, since when, and whether anybody takes it."""
    async with database.read() as db:
        rows = await db.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
        counts = {str(state): int(count) for state, count in rows}
        oldest = await db.scalar(
            select(func.min(JobRow.run_after)).where(JobRow.state == QUEUED, JobRow.run_after <= now())
        )
    says = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none yet"
    waited_s = (now() - oldest).total_seconds() if oldest else 0.0
    if waited_s > _LATE_S:
        advice = "Look whether workers run: `semma worker light` and `semma worker encode`."
        return note("jobs", f"{says}; the oldest waits for {waited_s / 60:.0f} minutes", advice, **counts)
    return ok("jobs", says, **counts)


async def look_at_redis(settings: Settings) -> list[Finding]:
    """Whether it answers, keeps what it holds, and how many bells wait."""
    if not settings.redis_url:
        return [wrong("redis", "not given", "Start `semma up`, which brings its own, or set REDIS_URL.")]
    client = make_redis(settings.redis_url)
    try:
        facts = await client.info("server")
        memory = await client.info("memory")
        waiting = {queue: int(await client.llen(queue)) for queue in ("light", "encode")}
    except Exception as error:
        return [wrong("redis", f"does not answer: {error}", "Start `semma up` or the Redis that REDIS_URL names.")]
    finally:
        await client.aclose()
    version = facts.get("valkey_version") or facts.get("redis_version")
    says = f"version {version}, {memory.get('used_memory', 0) // 1024} KiB used, bells waiting: {waiting}"
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return [note("redis", f"{says}; evicts keys ({policy})", "Set maxmemory-policy noeviction.", **waiting)]
    return [ok("redis", says, **waiting)]
