"""Atom (RFC 4287) and RSS 2.0 of published talks. Pure: what is not said by the talks is not in it, so that a feed
changes only when they do."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feedgen.feed import FeedGenerator

from server.feeds.talks import FeedTalk

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# XML 1.0, 2.2: what no document may hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class FeedHead:
    """What a feed says of itself; addresses are whole. `self_url` is where it is."""

    id: str
    title: str
    description: str
    url: str
    self_url: str
    language: str = ""
    updated: datetime = _EPOCH


def plain(text: str) -> str:
    """Without what XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def urn_of(row_id: str) -> str:
    """A stable id for what has an id of ours, whatever its address is (RFC 4122)."""
    return uuid.UUID(row_id).urn


def changed_at(head: FeedHead, talks: Sequence[FeedTalk]) -> datetime:
    """When the feed changed last."""
    return max([head.updated, *(talk.updated for talk in talks)])


def start_feed(head: FeedHead, talks: Sequence[FeedTalk]) -> FeedGenerator:
    """A feed without its entries."""
    feed = FeedGenerator()
    feed.id(urn_of(head.id))
    feed.title(plain(head.title))
    feed.description(plain(head.description) or plain(head.title))
    feed.subtitle(plain(head.description) or None)
    feed.link(href=head.self_url, rel="self")
    feed.link(href=head.url, rel="alternate")
    feed.generator("Semma")
    if head.language:
        feed.language(head.language)
    changed = changed_at(head, talks)
    feed.updated(changed)
    feed.lastBuildDate(changed)
    return feed


def _with_entries(head: FeedHead, talks: Sequence[FeedTalk]) -> FeedGenerator:
    feed = start_feed(head, talks)
    feed.load_extension("dc", atom=False, rss=True)
    for talk in talks:
        entry = feed.add_entry(order="append")
        entry.guid(urn_of(talk.item.session.id), permalink=False)
        entry.title(plain(talk.item.session.title))
        entry.link(href=talk.url, rel="alternate")
        entry.published(talk.published)
        entry.updated(talk.updated)
        if talk.summary:
            entry.summary(plain(talk.summary))
            entry.description(plain(talk.summary))
        for speaker in talk.item.speakers:
            entry.author(name=plain(speaker.name))
            entry.dc.dc_creator(plain(speaker.name))
        if talk.item.track is not None:
            entry.category(term=plain(talk.item.track.name))
    if not any(talk.item.speakers for talk in talks):
        feed.author(name=plain(head.title))  # an Atom feed has an author, or all its entries do (4.1.1)
    return feed


def write_atom(head: FeedHead, talks: Sequence[FeedTalk]) -> bytes:
    """As Atom."""
    feed = _with_entries(head, talks)
    feed.author(name=plain(head.title), replace=True)
    return bytes(feed.atom_str(pretty=True))


def write_rss(head: FeedHead, talks: Sequence[FeedTalk]) -> bytes:
    """As RSS 2.0."""
    return bytes(_with_entries(head, talks).rss_str(pretty=True))
