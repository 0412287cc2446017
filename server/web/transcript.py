"""The transcript on a talk's page: what is said, in paragraphs, in one of the languages there are captions in."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel import UnknownLocaleError

from server.media.transcript import Paragraph, paragraphs
from server.playback.captions_keep import cues_of
from server.playback.models import CaptionTrack
from server.web.languages import own_name


@dataclass(frozen=True, slots=True)
class TranscriptLanguage:
    """A language to read in."""

    language: str
    label: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What is said, from one track, and the languages to choose from."""

    track: str
    language: str
    label: str
    paragraphs: tuple[Paragraph, ...]
    languages: tuple[TranscriptLanguage, ...]


def transcript_of(tracks: Sequence[CaptionTrack], *, wanted: str, page: str, talk: str) -> Transcript | None:
    """The transcript in the `wanted` language, else the page's, else the talk's, else the first; None without words."""
    shown = chosen(tracks, wanted, page, talk)
    found = tuple(paragraphs(cues_of(shown))) if shown else ()
    if shown is None or not found:
        return None
    return Transcript(
        track=shown.id,
        language=shown.language,
        label=name_of(shown),
        paragraphs=found,
        languages=tuple(TranscriptLanguage(one.language, name_of(one), one is shown) for one in tracks),
    )


def chosen(tracks: Sequence[CaptionTrack], *wishes: str) -> CaptionTrack | None:
    """The track of the first wish that can be met: its very language, else another variety of it."""
    for wish in filter(None, wishes):
        exact = (one for one in tracks if one.language.lower() == wish.lower())
        alike = (one for one in tracks if _primary(one.language) == _primary(wish))
        if found := next(exact, None) or next(alike, None):
            return found
    return tracks[0] if tracks else None


def _primary(language: str) -> str:
    return language.split("-")[0].lower()


def name_of(track: CaptionTrack) -> str:
    """What menus call a track."""
    return track.label or language_label(track.language)


def language_label(language: str) -> str:
    """A language's name in that language; the tag itself where nobody knows it."""
    try:
        return own_name(language.replace("-", "_"))
    except (ValueError, LookupError, UnknownLocaleError):
        return language
