"""The better encode of a talk that was live, made in the background while viewers keep what they have (DESIGN §3.3).

It is the recording's *next generation*: its renditions and chunks stand beside those that are shown and take their
place in one commit, under the same address, when all are there. Until then nothing of it is seen; cancelled or failed,
it leaves no trace but a note for the organiser.
"""

from typing import Any

import msgspec
from sqlalchemy import delete

from server.core.db import Db
from server.core.jobs import cancel_jobs, enqueue
from server.core.removals import remove_later
from server.media.source_info import SourceInfo
from server.recordings.jobs import WORK_ON_A_RECORDING, JoinCut
from server.recordings.keys import generation_prefix, joined_path, recording_prefix
from server.recordings.live_list import LiveList, live_of, shown_live, take_generation
from server.recordings.models import ENCODING, READY, Chunk, Recording, Rendition, Source

# Of the whole work, roughly: joining is a copy.
JOIN_SHARE = 0.05
_JOINED = "joined"


def is_making(recording: Recording, generation: int) -> bool:
    """Whether files of this generation are still wanted."""
    if recording.deleted_at is not None:
        return False
    shown = recording.generation == generation and recording.state == ENCODING
    return (shown and shown_live(recording) is None) or recording.next_generation == generation


async def order_better(db: Db, recording: Recording) -> int | None:
    """Begin the better encode of what is shown; returns its generation, None when there is nothing to better."""
    live = shown_live(recording)
    if live is None or not live.complete or not live.runs or recording.next_generation is not None:
        return None
    recording.next_generation = take_generation(recording)
    recording.next_progress = 0.0
    recording.version += 1
    order = JoinCut(recording=recording.id, generation=recording.next_generation)
    await enqueue(db, order, subject=recording.id)
    return recording.next_generation


def list_to_join(recording: Recording, generation: int) -> LiveList | None:
    """What the better encode is made of; None when this one is not wanted any more."""
    return live_of(recording.plan) if recording.next_generation == generation else None


def note_joined(recording: Recording, generation: int, info: SourceInfo) -> None:
    """The joined file is stored: chunks and sound are made from it."""
    recording.plan = {
        **recording.plan,
        _JOINED: {"generation": generation, "info": msgspec.to_builtins(info)},
    }


def joined_source(recording: Recording, generation: int) -> Source | None:
    """The joined file as a source (a row that is never stored), when this generation is made from one."""
    joined: dict[str, Any] | None = recording.plan.get(_JOINED)
    if joined is None or joined["generation"] != generation:
        return None
    key = recording_prefix(recording.id) + joined_path(generation)
    return Source(id="", event_id=recording.event_id, kind="joined", key=key, size_bytes=0, info=joined["info"])


def note_better_progress(recording: Recording, share: float) -> bool:
    """How far encoding it is (0…1); False when that is nothing new."""
    progress = JOIN_SHARE + (1 - JOIN_SHARE) * share
    if progress <= recording.next_progress:
        return False
    recording.next_progress = progress
    recording.version += 1
    return True


async def abandon_better(db: Db, recording: Recording, *, note: dict[str, Any] | None = None) -> bool:
    """Give up the better encode; what is shown stays. `note` tells the organiser why. False when none is made."""
    generation = recording.next_generation
    if generation is None:
        return False
    await cancel_jobs(db, subject=recording.id, names=WORK_ON_A_RECORDING)
    await remove_later(
        db,
        generation_prefix(recording.id, generation),
        reason="better encode given up",
        owner_id=f"{recording.id}:g{generation}",
        after_s=0,
    )
    await db.execute(delete(Chunk).where(Chunk.recording_id == recording.id, Chunk.generation == generation))
    await db.execute(
        delete(Rendition).where(Rendition.recording_id == recording.id, Rendition.generation == generation)
    )
    _forget_next(recording)
    if note is not None:
        recording.warnings = [*(one for one in recording.warnings if one["code"] != note["code"]), note]
    recording.version += 1
    return True


def _forget_next(recording: Recording) -> None:
    recording.next_generation, recording.next_progress = None, 0.0
    recording.plan = {name: value for name, value in recording.plan.items() if name not in (_JOINED, "next_poster")}


async def show_better(db: Db, recording: Recording, *, has_picture: bool) -> None:
    """The better encode is complete: viewers who come now get it, under the same address.

    Those who are watching go on with what they have, since archived segments stay with their broadcast.
    """
    old, generation = recording.generation, recording.next_generation
    if generation is None:
        return
    info = msgspec.convert(recording.plan[_JOINED]["info"], SourceInfo)
    poster = recording.plan.get("next_poster")
    await db.execute(delete(Chunk).where(Chunk.recording_id == recording.id, Chunk.generation == old))
    await db.execute(delete(Rendition).where(Rendition.recording_id == recording.id, Rendition.generation == old))
    joined = recording_prefix(recording.id) + joined_path(generation)
    await remove_later(db, joined, reason="joined file used", owner_id=f"{recording.id}:joined", after_s=0)
    _forget_next(recording)
    recording.generation, recording.state = generation, READY
    recording.poster_key = poster or recording.poster_key
    recording.storyboard = {"ready": True} if has_picture else {}
    recording.duration_ms = recording.playable_ms = info.duration_ms
    recording.version += 1


def keep_poster(recording: Recording, generation: int, path: str) -> bool:
    """Note the poster of a generation: shown at once, or when its generation is. False when nobody wants it."""
    if generation == recording.generation:
        recording.poster_key = path
    elif generation == recording.next_generation:
        recording.plan = {**recording.plan, "next_poster": path}
    else:
        return False
    recording.version += 1
    return True
