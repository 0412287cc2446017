"""Caption tracks as people edit them: cues replaced as a whole, language and label, a new track to write in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.core.db import Db
from server.core.ids import new_id
from server.media.captions import Cue, vtt_time
from server.media.captions_read import DAY_MS, MAX_CUES, is_setting
from server.media.captions_text import clean_text
from server.playback.captions_keep import final_duration_ms, keep_cues, warn_of_end
from server.playback.errors import CaptionsLanguageTaken, CuesInvalid
from server.playback.models import CaptionTrack
from server.playback.queries import present_recording
from server.sessions.models import Session

MOST_TEXT = 2000  # characters of one cue: two lines have at most a hundred
MOST_SAID = 50  # what is wrong with so many cues is said at once


@dataclass(frozen=True, slots=True, kw_only=True)
class CueWish:
    """A cue as somebody sends it."""

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


def checked_cues(wishes: Sequence[CueWish]) -> list[Cue]:
    """The cues in order of time, their text valid. Raises CuesInvalid with a sentence for each that is wrong. Pure."""
    if len(wishes) > MAX_CUES:
        raise CuesInvalid(f"These are more than {MAX_CUES} captions.")
    cues, wrong = list[Cue](), list[dict[str, str]]()
    for at, wish in enumerate(wishes):
        text, _dropped = clean_text(wish.text)
        cue = Cue(wish.start_ms, wish.end_ms, text, settings=" ".join(wish.settings.split()))
        said = list(_wrong_with(cue))
        wrong += [
            {"field": f"cues.{at}.{field}", "message": f"Caption {at + 1} ({_at(cue)}) {what}"} for field, what in said
        ]
        cues.append(cue)
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise CuesInvalid(f"{wrong[0]['message']}{more}", errors=wrong[:MOST_SAID])
    return sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))


def _at(cue: Cue) -> str:
    return vtt_time(cue.start_ms) if cue.start_ms >= 0 else f"−{vtt_time(-cue.start_ms)}"


def _wrong_with(cue: Cue) -> list[tuple[str, str]]:
    """(field, what is wrong with it) of one cue."""
    wrong = []
    if cue.start_ms < 0:
        wrong.append(("start_ms", "begins before the recording does."))
    if cue.end_ms <= cue.start_ms:
        wrong.append(("end_ms", "ends before it begins."))
    if cue.end_ms > DAY_MS:
        wrong.append(("end_ms", "ends after more than 24 hours."))
    if not cue.plain_text:
        wrong.append(("text", "has no words."))
    if len(cue.text) > MOST_TEXT:
        wrong.append(("text", f"has more than {MOST_TEXT} characters."))
    bad = [word for word in cue.settings.split() if not is_setting(word)]
    if bad:
        wrong.append(("settings", f"has a position that captions do not know: {bad[0][:40]}"))
    return wrong


async def replace_cues(db: Db, track: CaptionTrack, cues: Sequence[Cue]) -> None:
    """The track says this from now on; times are those of the recording shown now. What a file's reader remarked on is
    told no longer: somebody has seen to the captions."""
    recording = await present_recording(db, track.session_id)
    keep_cues(track, cues)
    track.cut = list(recording.cut) if recording else []
    track.warnings = []
    warn_of_end(track, cues, final_duration_ms(recording))


async def add_track(
    db: Db, session: Session, *, language: str, label: str = "", cues: Sequence[Cue] = ()
) -> CaptionTrack:
    """A new track, as long as there is none in this language. Raises CaptionsLanguageTaken."""
    await _need_free(db, session.id, language)
    track = CaptionTrack(
        id=new_id(), event_id=session.event_id, session_id=session.id, language=language, label=label, warnings=[]
    )
    await replace_cues(db, track, cues)
    db.add(track)
    await db.flush()
    return track


async def describe_track(db: Db, track: CaptionTrack, *, language: str | None, label: str | None) -> None:
    """Another language or name; None leaves it. Raises CaptionsLanguageTaken."""
    if language is not None and language != track.language:
        await _need_free(db, track.session_id, language)
        track.language = language
    if label is not None:
        track.label = label
    track.version += 1


async def _need_free(db: Db, session_id: str, language: str) -> None:
    taken = await db.scalar(
        select(CaptionTrack.id)
        .where(
            CaptionTrack.session_id == session_id,
            CaptionTrack.language == language,
            CaptionTrack.deleted_at.is_(None),
        )
        .limit(1)
    )
    if taken is not None:
        raise CaptionsLanguageTaken
