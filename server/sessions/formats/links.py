"""Addresses in programmes made absolute, and what kind of link each is."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from server.core.errors import SemmaError
from server.events.fields import LINK_KINDS, check_url
from server.sessions.formats.form import ReadLink
from server.sessions.formats.notes import Notes
from server.sessions.formats.texts import clean_line, words_of

MOST_LINKS = 100
MOST_TITLE = 300

# What can become a deck (slides/kinds); older Office files are slides too, and refused there in words.
_DECKS = ("pdf", "pptx", "odp", "ppt", "key")
_PICTURES = ("png", "jpg", "jpeg")
_OTHER_MEDIA = ("mp4", "webm", "mov", "mkv", "mp3", "ogg", "opus", "m4a", "wav", "avi")
_SLIDE_WORDS = re.compile(r"slide|folien|presentation|präsentation|vortrag|kalvo|esitys|bilder|diapos|deck", re.I)
_PAPER_WORDS = re.compile(r"\bpaper|preprint|artikel|article|handout|manuscript", re.I)
_SUFFIX = re.compile(r"\.([a-z0-9]{2,5})$", re.I)
# Placeholder of frab's attachments (Paperclip) where no file was ever uploaded.
_MISSING = re.compile(r"/missing\.(?:png|svg|jpe?g|gif)$")

# Forms and pages of the system the programme is made in (schedule.json 2).
_NOT_SHOWN = ("feedback", "origin")
_FORMS = ("Submit feedback",)  # how pentabarf's later relatives call theirs

_TYPES = {
    "slides": "slides",
    "paper": "paper",
    "article": "press",
    "blog": "blog",
    "activitypub": "discussion",
    "video": "video",
    "code": "code",
    "photo": "photo",
    "press": "press",
    "discussion": "discussion",
    "book": "paper",
}
_HOSTS = {
    "github.com": "code",
    "gitlab.com": "code",
    "codeberg.org": "code",
    "git.sr.ht": "code",
    "bitbucket.org": "code",
    "youtube.com": "video",
    "youtu.be": "video",
    "vimeo.com": "video",
    "media.ccc.de": "video",
    "flickr.com": "photo",
    "arxiv.org": "paper",
    "doi.org": "paper",
    "speakerdeck.com": "slides",
    "slideshare.net": "slides",
    "slides.com": "slides",
}


class Addresses:
    """Makes addresses absolute against the file's base (or where the file came from), noting what cannot be used."""

    def __init__(self, base_url: str, notes: Notes) -> None:
        self.base_url = base_url
        self._notes = notes

    def absolute(self, value: Any, where: str) -> str:
        """The address as an absolute http(s) one, or "" when it is none."""
        raw = value.strip() if isinstance(value, str) else ""
        if not raw:
            return ""
        url = _absolute(raw, self.base_url)
        if not url:
            self._notes.add("import.bad_url", f"The address “{raw[:200]}” cannot be used and was left out.", where)
        return url


@lru_cache(maxsize=4096)
def _absolute(raw: str, base_url: str) -> str:
    raw = re.sub(r"\s", "%20", raw)
    if re.match(r"www\.[\w-]+\.\w", raw, re.I):
        raw = f"https://{raw}"
    try:
        return check_url(urljoin(base_url, raw))
    except (SemmaError, ValueError):
        return ""


def clean_base(value: Any) -> str:
    """A base for relative addresses, or ""."""
    raw = words_of(value).strip()
    return _absolute(raw, "") if raw else ""


def read_references(values: Any, *, attached: bool, addresses: Addresses, where: str) -> Iterable[ReadLink]:
    """Links or attachments as the file has them: objects, bare strings, one alone, or nothing of the kind."""
    entries = values if isinstance(values, list) else [values]
    for entry in entries[: MOST_LINKS * 2]:
        found = entry if isinstance(entry, dict) else {"url": entry}
        raw = found.get("url") or found.get("href") or found.get("link") or found.get("resource")
        title = found.get("title") or found.get("name") or found.get("description")
        said = words_of(found.get("type")).strip().lower()
        if not raw or said in _NOT_SHOWN or title in _FORMS or _MISSING.search(words_of(raw).split("?")[0]):
            continue
        url = addresses.absolute(raw, where)
        if url:
            kind = found.get("kind")
            if kind not in LINK_KINDS:
                kind = kind_of_link(url, said, words_of(title), attached=attached)
            yield ReadLink(url=url, kind=kind, title=clean_line(title, MOST_TITLE))


def kind_of_link(url: str, said: str, title: str, *, attached: bool) -> str:
    """The kind of a link: what the file says where it can be so, else what the address and the title look like."""
    suffix = _suffix_of(url)
    if said == "slides" or attached:
        return _kind_of_file(suffix, said, title)
    if said in _TYPES:
        return _TYPES[said]
    if said in LINK_KINDS:
        return said
    return _kind_by_address(url, suffix, title)


def _kind_of_file(suffix: str, said: str, title: str) -> str:
    meant = said == "slides" or (said not in _TYPES and bool(_SLIDE_WORDS.search(title)))
    if suffix in _DECKS:
        paper = said in ("paper", "article", "book") or (said != "slides" and _PAPER_WORDS.search(title))
        return "paper" if paper and not meant else "slides"
    if suffix in _PICTURES or suffix == "zip":
        return "slides" if meant else "photo" if suffix != "zip" else _TYPES.get(said, "other")
    if suffix in _OTHER_MEDIA:
        return "video"
    if meant and said == "slides" and suffix in ("", "html", "htm", "php"):
        return "slides"
    return _TYPES[said] if said in _TYPES and said != "slides" else "other"


def _kind_by_address(url: str, suffix: str, title: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if host in _HOSTS:
        return _HOSTS[host]
    if suffix in ("pdf", "pptx", "odp") and _SLIDE_WORDS.search(title):
        return "slides"
    if suffix in _OTHER_MEDIA:
        return "video"
    return "blog" if re.search(r"\bblog\b", f"{host} {title}", re.I) else "other"


def _suffix_of(url: str) -> str:
    found = _SUFFIX.search(unquote(urlsplit(url).path))
    return found[1].lower() if found else ""


def in_order(links: Iterable[ReadLink]) -> tuple[ReadLink, ...]:
    """Each link once; slides behind the others, as the formats keep attachments behind links."""
    once = list({(link.kind, link.url): link for link in links}.values())
    return tuple(sorted(once, key=lambda link: link.kind == "slides"))[:MOST_LINKS]
