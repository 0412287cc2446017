"""What follows a fact, all in one place."""

from sqlalchemy import select

from server.live.jobs import RoomEnded, RoomLive, TalkEnded
from server.live.models import Stretch
from server.playback.captions_keep import settle_captions
from server.recordings.consent import follow_consent
from server.recordings.jobs import RecordingFailed, RecordingPublished, RecordingReady, RecordingRetired
from server.recordings.models import Recording
from server.recordings.retire import replace_older
from server.sessions.jobs import RecordingConsentChanged
from server.sessions.models import Session
from server.slides.jobs import DeckReady, DecksChanged
from workers.downloads import drop_downloads, order_podcast_of
from workers.live_cuts import cut_now, mind_consent
from workers.recordings import tell
from workers.runtime import Work, handles
from workers.slide_match import settle_slides
from workers.webhooks import FAILED, PUBLISHED, ROOM_ENDED, ROOM_LIVE, tell_of_recording, tell_of_room


async def _settle_session(recording_id: str, work: Work) -> None:
    """A recording that is complete and published takes the place of the session's older ones."""
    async with work.transaction() as db:
        recording = await db.get(Recording, recording_id)
        if recording is None or recording.deleted_at is not None:
            return
        replaced = await replace_older(db, recording, undo_s=work.runtime.limits.undo_s)
        for older in replaced:
            tell(db, work.runtime, await db.get(Recording, older))


async def _settle_captions(session_id: str, work: Work) -> None:
    """Captions stay with the words when another cut is shown."""
    async with work.transaction() as db:
        await settle_captions(db, session_id)


@handles(RecordingPublished)
async def recording_published(job: RecordingPublished, work: Work) -> None:
    """Viewers can watch."""
    await tell_of_recording(work, job.recording, fact=PUBLISHED)
    await order_podcast_of(work, job.session)
    await _settle_session(job.recording, work)
    await _settle_captions(job.session, work)
    await settle_slides(work, job.session)


@handles(RecordingFailed)
async def recording_failed(job: RecordingFailed, work: Work) -> None:
    """Work on it ended for good, with words why."""
    await tell_of_recording(work, job.recording, fact=FAILED)


@handles(RoomLive)
async def room_live(job: RoomLive, work: Work) -> None:
    """A room is on air."""
    await tell_of_room(work, job.broadcast, fact=ROOM_LIVE)


@handles(RoomEnded)
async def room_ended(job: RoomEnded, work: Work) -> None:
    """A room's broadcast is over."""
    await tell_of_room(work, job.broadcast, fact=ROOM_ENDED)


@handles(RecordingReady)
async def recording_ready(job: RecordingReady, work: Work) -> None:
    """Every rendition is complete, or its borders are others: slides are looked for in it."""
    await order_podcast_of(work, job.session)
    await _settle_session(job.recording, work)
    await _settle_captions(job.session, work)
    await settle_slides(work, job.session)


@handles(RecordingRetired)
async def recording_retired(job: RecordingRetired, work: Work) -> None:
    """Another recording is shown, or none: nothing more is looked for in this one."""
    await _settle_captions(job.session, work)
    await settle_slides(work, job.session)


@handles(TalkEnded)
async def talk_ended(job: TalkEnded, work: Work) -> None:
    """A live talk becomes a recording at once."""
    await cut_now(work, job.broadcast, job.session)


@handles(RecordingConsentChanged)
async def recording_consent_changed(job: RecordingConsentChanged, work: Work) -> None:
    """What was published is hidden, or shown again, and no file to download stays. Of a talk that may not be recorded
    any more nothing that was live stays either, unless a programme says so, which may change its mind, of one that
    ended."""
    async with work.transaction() as db:
        session = await db.get(Session, job.session)
        for recording in await follow_consent(db, session) if session is not None else []:
            tell(db, work.runtime, recording)
        on_air = select(Stretch.id).where(Stretch.session_id == job.session, Stretch.ends_at.is_(None))
        is_on = (await db.scalars(on_air.limit(1))).first() is not None
    await drop_downloads(work, job.session)
    if is_on or not job.keep_files:
        await mind_consent(work, job.session)


@handles(DeckReady)
async def deck_ready(job: DeckReady, work: Work) -> None:
    """A deck's pages are there: they are looked for in the recording."""
    await settle_slides(work, job.session)


@handles(DecksChanged)
async def decks_changed(job: DecksChanged, work: Work) -> None:
    """Other decks are shown with a session."""
    await settle_slides(work, job.session)
