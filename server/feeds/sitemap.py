"""The sitemap (sitemaps.org 0.9) with video entries (Google's extension 1.1), streamed into one document. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from server.feeds.syndicate import plain

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
MOST_URLS = 50_000
_LONGEST_S = 28_800
_MOST_DESCRIPTION = 2048


@dataclass(frozen=True, kw_only=True)
class SiteVideo:
    """What a page plays; addresses are whole."""

    thumbnail: str
    title: str
    description: str
    player: str
    duration_s: int
    published: datetime


@dataclass(frozen=True, kw_only=True)
class SitePage:
    """One page of the site."""

    url: str
    changed: datetime | None = None
    video: SiteVideo | None = None


def write_sitemap(pages: Iterable[SitePage]) -> bytes:
    """The document; what is beyond 50,000 pages is left out (a sitemap takes no more)."""
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap={None: SITEMAP, "video": VIDEO})
    for number, page in enumerate(pages):
        if number == MOST_URLS:
            break
        element = etree.SubElement(root, f"{{{SITEMAP}}}url")
        _text(element, SITEMAP, "loc", page.url)
        if page.changed is not None:
            _text(element, SITEMAP, "lastmod", page.changed.isoformat(timespec="seconds"))
        if page.video is not None:
            _video(element, page.video)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _video(parent: etree._Element, video: SiteVideo) -> None:
    element = etree.SubElement(parent, f"{{{VIDEO}}}video")
    _text(element, VIDEO, "thumbnail_loc", video.thumbnail)
    _text(element, VIDEO, "title", video.title)
    _text(element, VIDEO, "description", video.description[:_MOST_DESCRIPTION] or video.title)
    _text(element, VIDEO, "player_loc", video.player)
    if 0 < video.duration_s <= _LONGEST_S:
        _text(element, VIDEO, "duration", str(video.duration_s))
    _text(element, VIDEO, "publication_date", video.published.isoformat(timespec="seconds"))
    _text(element, VIDEO, "family_friendly", "yes")
    _text(element, VIDEO, "live", "no")


def _text(parent: etree._Element, namespace: str, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = plain(text)
