"""Captions as files to be saved: WebVTT, SubRip, text."""

import re
from typing import Literal

from server.core.db import Db
from server.media.captions import write_srt, write_webvtt
from server.media.transcript import write_text
from server.playback.captions_keep import cues_of
from server.playback.models import CaptionTrack
from server.sessions.models import Session

FileForm = Literal["vtt", "srt", "txt"]
# https://www.iana.org/assignments/media-types: SubRip has none of its own, this is what everybody says. The framework
# gives text its charset.
_TYPES: dict[FileForm, str] = {"vtt": "text/vtt", "srt": "application/x-subrip; charset=utf-8", "txt": "text/plain"}


def track_file(track: CaptionTrack, form: FileForm) -> tuple[bytes, str]:
    """The file and its media type."""
    cues = cues_of(track)
    if form == "vtt":
        text = write_webvtt(cues, track.language)
    else:
        text = write_srt(cues) if form == "srt" else write_text(cues)
    return text.encode(), _TYPES[form]


async def file_name(db: Db, track: CaptionTrack, form: FileForm) -> str:
    """What the file is called where it is saved: the talk's address and the language."""
    session = await db.get(Session, track.session_id)
    talk = session.slug if session else "captions"
    language = f".{track.language}" if re.fullmatch(r"[A-Za-z0-9-]+", track.language) else ""
    return f"{talk}{language}.{form}"
