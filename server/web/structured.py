"""Pages' facts for search engines, from what the pages show anyway."""

from collections.abc import Sequence
from typing import Any

from server.feeds.json_ld import EventFacts, VideoFacts, event_ld, video_ld
from server.web.editions import Surroundings
from server.web.shown import Day, EventHead, PlaybackShown, TalkView


def talk_structured(talk: TalkView, playback: PlaybackShown | None, base_url: str) -> dict[str, Any] | None:
    """A public talk that can be watched as a VideoObject; None for every other page."""
    if talk.visibility != "public" or playback is None or playback.published_at is None or not playback.duration_ms:
        return None
    return video_ld(
        VideoFacts(
            title=talk.title,
            description=talk.abstract or talk.description or talk.subtitle,
            url=base_url + talk.url,
            embed_url=f"{base_url}/embed{talk.url}",
            poster=base_url + playback.poster if playback.poster else "",
            published=playback.published_at,
            duration_ms=playback.duration_ms,
            language=talk.language,
            licence=talk.licence,
            speakers=[(speaker.name, base_url + speaker.url) for speaker in talk.speakers],
            chapters=[(one["start_ms"], one["title"]) for one in playback.for_script.get("chapters", [])],
            event=(talk.event_title, f"{base_url}/{talk.event_slug}"),
        )
    )


def event_structured(
    event: EventHead, around: Surroundings, days: Sequence[Day], base_url: str
) -> dict[str, Any] | None:
    """A public event as an Event, on its own dates, else on the days of its programme; None for every other."""
    starts_on = event.starts_on or (days[0].date if days else None)
    if event.visibility != "public" or starts_on is None:
        return None
    return event_ld(
        EventFacts(
            title=event.title,
            description=event.description or event.subtitle,
            url=f"{base_url}/{event.slug}",
            starts_on=starts_on,
            ends_on=event.ends_on or (days[-1].date if event.starts_on is None else None),
            venue=(around.venue_name, around.venue_address),
            image=base_url + around.logo.url if around.logo else "",
            series=(event.series_title, f"{base_url}/series/{event.series_slug}") if event.series_slug else ("", ""),
        )
    )
