"""oEmbed 1.0 (oembed.com): what an address of ours looks like in somebody else's page. Pure."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from server.feeds.syndicate import plain

WIDTH, HEIGHT = 960, 540
LEAST = 200
_TALK = re.compile(r"^/([^/]+)/sessions/([^/]+)/?$")
_ROOM = re.compile(r"^/([^/]+)/live/([^/]+)/?$")


@dataclass(frozen=True, slots=True)
class Shown:
    """A talk (`kind` sessions) or a room (`live`) by the slugs or ids in its address."""

    kind: str
    event: str
    name: str

    @property
    def embed_path(self) -> str:
        """Where it is for frames."""
        return f"/embed/{self.event}/{self.kind}/{self.name}"


def read_address(url: str, base_url: str) -> Shown | None:
    """What of this site an address names; None when it names nothing that can be shown elsewhere."""
    wanted, site = urlsplit(url), urlsplit(base_url)
    if wanted.scheme not in ("http", "https") or wanted.netloc != site.netloc:
        return None
    for form, kind in ((_TALK, "sessions"), (_ROOM, "live")):
        if found := form.match(unquote(wanted.path)):
            return Shown(kind, found[1], found[2])
    return None


def size_within(max_width: int | None, max_height: int | None) -> tuple[int, int]:
    """The largest frame of 16:9 within these limits, never larger than ours, never too small to be used."""
    width = min(WIDTH, max_width or WIDTH, (max_height or HEIGHT) * 16 // 9)
    width = max(LEAST, width)
    return width, width * 9 // 16


def answer_of(
    shown: Shown, *, title: str, author: str, base_url: str, max_width: int | None, max_height: int | None
) -> dict[str, Any]:
    """The members of the answer."""
    width, height = size_within(max_width, max_height)
    source = f"{base_url}{shown.embed_path}"
    html = (
        f'<iframe src="{escape(source)}" width="{width}" height="{height}" title="{escape(title)}" '
        'allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>'
    )
    found = {
        "version": "1.0",
        "type": "video",
        "title": title,
        "author_name": author,
        "provider_name": "Semma",
        "provider_url": base_url,
        "cache_age": 3600,
        "html": html,
        "width": width,
        "height": height,
    }
    return {name: value for name, value in found.items() if value != ""}


def as_xml(answer: dict[str, Any]) -> bytes:
    """The same as XML (2.3.4.2)."""
    root = etree.Element("oembed")
    for name, value in answer.items():
        etree.SubElement(root, name).text = plain(str(value))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
