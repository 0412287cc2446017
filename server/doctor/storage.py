"""The object storage: whether it answers, what lies in it, what waits to go and what nobody owns."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from server.core.clock import now
from server.core.db import Database
from server.core.removals import Removal
from server.core.settings import Settings
from server.core.storage import ObjectStore
from server.doctor.findings import Finding, note, ok, wrong
from server.orphans import find_orphans
from server.prepare import make_store

_MOST_LISTED = 200_000


async def look_at_storage(settings: Settings, database: Database) -> list[Finding]:
    """Everything about the bucket."""
    if not settings.s3_endpoint_url and not settings.aws_access_key_id:
        advice = "Start `semma up`, which brings its own S3 server, or set S3_ENDPOINT_URL and its keys."
        return [wrong("storage", "not given", advice)]
    store = make_store(settings)
    try:
        await store.check()
        return [await _objects(store), *await _waste(settings, database, store)]
    except Exception as error:
        advice = "Start `semma up` or the S3 server, check the keys, and run `semma migrate` to make the bucket."
        return [wrong("storage", f"{settings.s3_endpoint_url} bucket {settings.s3_bucket}: {error}", advice)]
    finally:
        store.close()


async def _objects(store: ObjectStore) -> Finding:
    """Objects and bytes by kind, the kind being the first word of the key."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    async for stored in store.objects("", most=_MOST_LISTED):
        kind = stored.key.split("/", 1)[0] if "/" in stored.key else "other"
        counts[kind] += 1
        sizes[kind] += stored.size_bytes
    says = "; ".join(f"{kind}: {counts[kind]} objects, {sizes[kind] / 1024**2:.1f} MiB" for kind in sorted(counts))
    more = " (only the first were counted)" if counts.total() >= _MOST_LISTED else ""
    return ok("storage", (says or "the bucket is empty") + more, objects=dict(counts), size_bytes=dict(sizes))


async def _waste(settings: Settings, database: Database, store: ObjectStore) -> list[Finding]:
    """Removals due, multiparts nobody goes on with, objects without an owner."""
    async with database.read() as db:
        planned = await db.scalar(select(func.count()).select_from(Removal)) or 0
        due = await db.scalar(select(func.count()).select_from(Removal).where(Removal.due_at <= now())) or 0
    oldest = now() - timedelta(hours=settings.upload_expires_h)
    multiparts = await store.open_multiparts()
    abandoned = [item for item in multiparts if item.initiated < oldest]
    orphans = await find_orphans(database, store)
    findings = [
        ok("removals", f"{planned} planned, {due} due now", planned=planned, due=due),
        ok("multiparts", f"{len(multiparts)} open, {len(abandoned)} abandoned", abandoned=len(abandoned)),
    ]
    if not orphans:
        return [*findings, ok("orphans", "none", orphans=0)]
    size_mib = sum(orphan.size_bytes for orphan in orphans) / 1024**2
    says = f"{len(orphans)} objects, {size_mib:.1f} MiB, belong to no row"
    return [*findings, note("orphans", says, "Housekeeping removes them: see that beat runs.", orphans=len(orphans))]
