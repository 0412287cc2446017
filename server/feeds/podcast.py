"""Podcasts of talks: RSS 2.0 with the iTunes tags and Podcasting 2.0. Pure.

An episode is there once its file is made; its guid is the session's, so a better file is the same episode.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from server.feeds.podcast_names import PodcastChannel, PodcastEpisode
from server.feeds.syndicate import FeedHead, plain, start_feed, urn_of
from server.feeds.talks import FeedTalk

# podcast:guid is a UUIDv5 of the feed's address, without scheme and trailing slashes, in this namespace.
_FEEDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
_MOST_SUMMARY = 4000  # bytes of it that directories take, roughly


def podcast_guid(self_url: str) -> str:
    """The feed's own name, wherever it moves."""
    return str(uuid.uuid5(_FEEDS, self_url.split("://", 1)[-1].rstrip("/")))


def write_podcast(head: FeedHead, talks: Sequence[FeedTalk], kind: str, *, author: str, base_url: str) -> bytes:
    """The feed; `talks` have a file of this kind ("audio", "video")."""
    feed = start_feed(head, talks)
    feed.load_extension("podcast")
    feed.register_extension("podcast2", PodcastChannel, PodcastEpisode, atom=False, rss=True)
    feed.podcast.itunes_author(plain(author))
    feed.podcast.itunes_category("Education")
    feed.podcast.itunes_explicit("no")
    feed.podcast.itunes_type("episodic")
    feed.podcast.itunes_summary(plain(head.description)[:_MOST_SUMMARY] or plain(head.title))
    poster = next((talk.poster for talk in talks if talk.poster), None)
    if poster:
        feed.podcast.itunes_image(poster)
        feed.image(url=poster, title=plain(head.title), link=head.url)
    feed.podcast2.tag("guid", podcast_guid(head.self_url.split("?", 1)[0]))
    feed.podcast2.tag("medium", "podcast" if kind == "audio" else "video")
    for talk in talks:
        _episode(feed.add_entry(order="append"), talk, kind, base_url=base_url)
    return bytes(feed.rss_str(pretty=True))


def _episode(entry: Any, talk: FeedTalk, kind: str, *, base_url: str) -> None:
    file, session = talk.files[kind], talk.item.session
    entry.guid(urn_of(session.id), permalink=False)
    entry.title(plain(session.title))
    entry.link(href=talk.url, rel="alternate")
    entry.published(talk.published)
    entry.description(plain(talk.summary) or plain(session.title))
    entry.enclosure(url=file.url, length=str(file.size_bytes), type=file.content_type)
    entry.podcast.itunes_duration(clock(file.duration_ms))
    entry.podcast.itunes_explicit("no")
    entry.podcast.itunes_episode_type("full")
    if talk.speakers:
        entry.podcast.itunes_author(plain(talk.speakers))
    if talk.summary:
        entry.podcast.itunes_summary(plain(talk.summary)[:_MOST_SUMMARY])
    if talk.poster:
        entry.podcast.itunes_image(talk.poster)
    _more(entry.podcast2, talk, base_url=base_url)


def _more(tags: Any, talk: FeedTalk, *, base_url: str) -> None:
    for speaker in talk.item.speakers:
        tags.tag("person", plain(speaker.name), href=f"{base_url}/speakers/{speaker.slug}", role="guest")
    if talk.chapters:
        tags.tag("chapters", url=f"{talk.root}/chapters.json", type="application/json+chapters")
    # The captions' own address asks who wants them; of a closed event no podcast player could say.
    for track in talk.captions if "/media/public/" in talk.root else ():
        url = f"{base_url}/api/v1/captions/{track.id}/file?form="
        for form, content_type in (("vtt", "text/vtt"), ("srt", "application/x-subrip")):
            tags.tag("transcript", url=url + form, type=content_type, language=track.language, rel="captions")


def clock(milliseconds: int) -> str:
    """A length as podcasts have it."""
    seconds = round(milliseconds / 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
