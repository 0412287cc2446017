"""Where the bytes of a live segment come from: this process's memory, else Redis, else the object storage."""

from server.core.live_bus import Bus, BusAway
from server.core.runtime import Runtime
from server.core.storage import ObjectMissing
from server.live import origin_answers as answers
from server.live import rows, storage_keys
from server.live.errors import LiveNotFound
from server.live.mirror_broadcast import BroadcastMirror
from server.live.origin_answers import Answer, Scope

# What was just shown may yet have to be forgotten (do-not-record), so caches keep nothing for long that a border of a
# talk may still cut off. Parts are asked for while they are new only.
PART_S, RECENT_S, ARCHIVED_S, INIT_S = 60, 60, 3600, 86_400


async def find_part(
    mirror: BroadcastMirror, bus: Bus, scope: Scope, track: str, msn: int, part: int, *, kept_s: int
) -> Answer:
    """A part; raises LiveNotFound when no one has it any more."""
    body = mirror.part(track, msn, part)
    if body is None:
        parts = await _from_redis(mirror, bus, msn)
        body = parts[part].get(track) if parts and part < len(parts) else None
    if body is None:
        raise LiveNotFound
    return answers.media(scope, "m4s", (body,), kept_s=min(kept_s, PART_S))


async def find_segment(
    runtime: Runtime, bus: Bus, mirror: BroadcastMirror, scope: Scope, track: str, msn: int, *, kept_s: int
) -> Answer:
    """A closed segment that may be listed; raises LiveNotFound when no one has it (yet: the storage may be away)."""
    segment = mirror.timeline.find(msn)
    if segment is None:
        raise LiveNotFound
    pieces = mirror.whole(track, segment)
    if pieces is None:
        parts = await _from_redis(mirror, bus, msn)
        pieces = [part[track] for part in parts] if parts else None
    if pieces is not None:
        return answers.media(scope, "m4s", pieces, kept_s=min(kept_s, RECENT_S))
    key = storage_keys.broadcast_prefix(mirror.id) + storage_keys.segment_path(track, msn)
    return await _from_storage(runtime, scope, key, kept_s=min(kept_s, ARCHIVED_S))


async def find_init(
    runtime: Runtime, bus: Bus, mirror: BroadcastMirror, scope: Scope, track: str, name: str, *, kept_s: int
) -> Answer:
    """An init; raises LiveNotFound."""
    key = f"{track}/{name}"
    body = mirror.inits.get(key)
    if body is None:
        try:
            body = await bus.get_field(rows.inits_key(mirror.id), key)
        except BusAway:
            body = None
        if body is not None:
            mirror.inits[key] = body
    if body is not None:
        return answers.media(scope, "mp4", (body,), kept_s=min(kept_s, INIT_S))
    stored = storage_keys.broadcast_prefix(mirror.id) + storage_keys.init_path(track, name)
    return await _from_storage(runtime, scope, stored, kept_s=min(kept_s, INIT_S))


async def _from_redis(mirror: BroadcastMirror, bus: Bus, msn: int) -> list[dict[str, bytes]] | None:
    """The parts of a segment of which Redis still has all; None when it has not. What was fetched is kept a while."""
    segment = mirror.timeline.find(msn)
    if segment is None or not segment.part_count or msn in mirror.in_archive:
        return None
    if held := mirror.borrowed(msn):
        return held
    try:
        found = await bus.get_many([rows.row_key(mirror.id, msn, part) for part in range(segment.part_count)])
    except BusAway:
        return None
    if None in found:
        if segment.closed:
            mirror.in_archive.add(msn)
        return None
    parts = [rows.read_published(data).row.pieces for data in found if data is not None]
    return mirror.borrow(msn, [{track: piece.data for track, piece in pieces.items()} for pieces in parts])


async def _from_storage(runtime: Runtime, scope: Scope, key: str, *, kept_s: int) -> Answer:
    """An object of the archive, passed through, or handed to the proxy."""
    kind = key.rsplit(".", 1)[1]
    headers = answers.media_headers(kind, kept_s=kept_s)
    if runtime.x_accel_prefix:
        signed = await runtime.store.presign(key, expires_s=3600)
        path = runtime.x_accel_prefix.rstrip("/") + "/" + signed.split("://", 1)[1].split("/", 1)[1]
        return Answer(200, [*headers, (b"x-accel-redirect", path.encode()), (b"content-length", b"0")])
    try:
        if scope["method"] == "GET" and answers.header_of(scope, b"range") is None:
            stored, stream = await runtime.store.open(key)
            return Answer(200, [*headers, (b"content-length", b"%d" % stored.size_bytes)], stream=stream)
        if scope["method"] == "HEAD":
            size_bytes = (await runtime.store.head(key)).size_bytes
            return Answer(200, [*headers, (b"content-length", b"%d" % size_bytes)])
        return answers.media(scope, kind, (await runtime.store.get(key),), kept_s=kept_s)
    except ObjectMissing:
        raise LiveNotFound from None
