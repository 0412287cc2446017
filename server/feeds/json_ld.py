"""What search engines and other programs read on pages: schema.org as JSON-LD. Pure.

A VideoObject names its chapters as Clips, and how to come to any second (SeekToAction).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

CONTEXT = "https://schema.org"
_MOST_DESCRIPTION = 5000


@dataclass(frozen=True, kw_only=True)
class VideoFacts:
    """A published talk; addresses are whole. `chapters` are (start in ms, title)."""

    title: str
    description: str
    url: str
    embed_url: str
    poster: str
    published: datetime
    duration_ms: int
    language: str = ""
    licence: str = ""
    speakers: Sequence[tuple[str, str]] = ()  # name, address
    chapters: Sequence[tuple[int, str]] = ()
    event: tuple[str, str] = ("", "")  # title, address


def iso_duration(milliseconds: int) -> str:
    """A length by ISO 8601."""
    seconds = max(1, round(milliseconds / 1000))
    hours, rest = divmod(seconds, 3600)
    return "PT" + (f"{hours}H" if hours else "") + f"{rest // 60}M{rest % 60}S"


def video_ld(facts: VideoFacts) -> dict[str, Any]:
    """A VideoObject. What is not known is left out."""
    found = {
        "@context": CONTEXT,
        "@type": "VideoObject",
        "name": facts.title,
        "description": facts.description[:_MOST_DESCRIPTION] or facts.title,
        "thumbnailUrl": [facts.poster] if facts.poster else None,
        "uploadDate": facts.published.isoformat(),
        "duration": iso_duration(facts.duration_ms),
        "url": facts.url,
        "embedUrl": facts.embed_url,
        "inLanguage": facts.language,
        "license": facts.licence if facts.licence.startswith(("https://", "http://")) else None,
        "actor": [{"@type": "Person", "name": name, "url": url} for name, url in facts.speakers],
        "hasPart": _clips(facts),
        "recordedAt": {"@type": "Event", "name": facts.event[0], "url": facts.event[1]} if facts.event[0] else None,
        "potentialAction": {
            "@type": "SeekToAction",
            "target": f"{facts.url}?t={{seek_to_second_number}}",
            "startOffset-input": "required name=seek_to_second_number",
        },
    }
    return _known(found)


def _clips(facts: VideoFacts) -> list[dict[str, Any]]:
    ends = [*(start for start, _title in facts.chapters), facts.duration_ms][1:]
    return [
        {
            "@type": "Clip",
            "name": title,
            "startOffset": start // 1000,
            "endOffset": end // 1000,
            "url": f"{facts.url}?t={start // 1000}",
        }
        for (start, title), end in zip(facts.chapters, ends, strict=True)
        if end // 1000 > start // 1000
    ]


@dataclass(frozen=True, kw_only=True)
class EventFacts:
    """An edition; `venue` is its name and address."""

    title: str
    description: str
    url: str
    starts_on: date
    ends_on: date | None = None
    venue: tuple[str, str] = ("", "")
    image: str = ""
    series: tuple[str, str] = ("", "")


def event_ld(facts: EventFacts) -> dict[str, Any]:
    """An Event that can be attended in its place and here."""
    places: list[dict[str, Any]] = [{"@type": "VirtualLocation", "url": facts.url}]
    if facts.venue[0]:
        places.insert(0, _known({"@type": "Place", "name": facts.venue[0], "address": facts.venue[1]}))
    mode = "MixedEventAttendanceMode" if facts.venue[0] else "OnlineEventAttendanceMode"
    found = {
        "@context": CONTEXT,
        "@type": "Event",
        "name": facts.title,
        "description": facts.description[:_MOST_DESCRIPTION],
        "url": facts.url,
        "startDate": facts.starts_on.isoformat(),
        "endDate": (facts.ends_on or facts.starts_on).isoformat(),
        "eventStatus": f"{CONTEXT}/EventScheduled",
        "eventAttendanceMode": f"{CONTEXT}/{mode}",
        "location": places,
        "image": [facts.image] if facts.image else None,
        "superEvent": (
            {"@type": "EventSeries", "name": facts.series[0], "url": facts.series[1]} if facts.series[0] else None
        ),
    }
    return _known(found)


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, "", [], ())}
