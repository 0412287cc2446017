"""What follows a fact, all in one place."""

from server.recordings.jobs import RecordingPublished, RecordingReady
from server.recordings.models import Recording
from server.recordings.retire import replace_older
from workers.recordings import tell
from workers.runtime import Work, handles


async def _settle_session(recording_id: str, work: Work) -> None:
    """A recording that is complete and published takes the place of the session's older ones."""
    async with work.transaction(last=True) as db:
        recording = await db.get(Recording, recording_id)
        if recording is None or recording.deleted_at is not None:
            return
        replaced = await replace_older(db, recording, undo_s=work.runtime.limits.undo_s)
        for older in replaced:
            tell(db, work.runtime, await db.get(Recording, older))


@handles(RecordingPublished)
async def recording_published(job: RecordingPublished, work: Work) -> None:
    """Viewers can watch."""
    await _settle_session(job.recording, work)


@handles(RecordingReady)
async def recording_ready(job: RecordingReady, work: Work) -> None:
    """Every rendition is complete."""
    await _settle_session(job.recording, work)
