"""Values into words: dates, times, lengths and plain text, in the reader's language. Pure."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.dates import format_date, format_interval
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from server.web.languages import catalogue


def _(message: str) -> str:
    """Marks a message for extraction; it is translated where it is shown."""
    return message


LINK_KINDS = {
    "slides": _("Slides"),
    "blog": _("Blog post"),
    "discussion": _("Discussion"),
    "paper": _("Paper"),
    "photo": _("Photos"),
    "press": _("Press"),
    "video": _("Video"),
    "code": _("Source code"),
    "other": _("Link"),
}
LINK_ICONS = {
    "slides": "slides",
    "blog": "edit",
    "discussion": "talk",
    "paper": "paper",
    "photo": "photo",
    "press": "paper",
    "video": "film",
}
# English dates as Europe writes them: 9 June, not June 9.
DATES = {"en": "en_GB", "fi": "fi_FI", "sv": "sv_SE"}
_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; UTC when it is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@cache
def time_zones() -> list[str]:
    """Time zones to choose from: those named after places."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))


def clock(moment: datetime, zone: str) -> str:
    """The time of day in a zone, 24 hours: "09:30"."""
    return moment.astimezone(zone_of(zone)).strftime("%H:%M")


def timestamp(duration_ms: int) -> str:
    """A position or length as players write it: "0:07", "12:34", "1:02:03"."""
    seconds = duration_ms // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def duration(language: str, duration_ms: int) -> str:
    """A length in words: "25 min", "1 h 5 min"."""
    found = catalogue(language)
    minutes = max(1, round(duration_ms / 60_000))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return found.gettext(_("%(minutes)d min")) % {"minutes": rest}
    if not rest:
        return found.gettext(_("%(hours)d h")) % {"hours": hours}
    return found.gettext(_("%(hours)d h %(minutes)d min")) % {"hours": hours, "minutes": rest}


def date_range(language: str, event: Any) -> str:
    """The days of an event: "5–7 Nov 2026", or one day."""
    if event.ends_on and event.ends_on != event.starts_on:
        return format_interval(event.starts_on, event.ends_on, "yMMMd", locale=DATES[language])
    return format_date(event.starts_on, "medium", locale=DATES[language])


def day_long(language: str, day: date) -> str:
    """A day with its weekday: "Thursday 5 November"."""
    text = format_date(day, {"en": "EEEE d MMMM", "fi": "cccc d. MMMM", "sv": "EEEE d MMMM"}[language], locale=language)
    return text[:1].upper() + text[1:]


def day_short(language: str, day: date) -> str:
    """A day for a chip: "Thu 5 Nov"."""
    text = format_date(day, {"en": "EEE d MMM", "fi": "ccc d.M.", "sv": "EEE d MMM"}[language], locale=language)
    return text[:1].upper() + text[1:]


def day_in(language: str, moment: datetime, zone: str) -> str:
    """The day of a moment in a zone, with year: "5 November 2026"."""
    return format_date(moment.astimezone(zone_of(zone)).date(), "long", locale=DATES[language])


def paragraphs(text: str) -> Markup:
    """Plain text as escaped paragraphs; web addresses become links, single line ends stay."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]
    return Markup("").join(Markup("<p>%s</p>") % _with_links(part) for part in parts)


def _with_links(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in _URL.finditer(text):
        pieces.append(_lines(text[end : match.start()]))
        link = Markup('<a href="%s" rel="noopener nofollow ugc">%s</a>')
        pieces.append(link % (match[0], bare_url(match[0])))
        end = match.end()
    pieces.append(_lines(text[end:]))
    return Markup("").join(pieces)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def first_sentence(text: str) -> str:
    """The beginning of a text for a description: one sentence, at most 200 characters."""
    flat = " ".join(text.split())
    sentence = re.split(r"(?<=[.!?])\s", flat, maxsplit=1)[0]
    return sentence if len(sentence) <= 200 else sentence[:199].rsplit(" ", 1)[0] + "…"


def bare_url(url: str) -> str:
    """An address as people say it: without scheme and closing slash."""
    return re.sub(r"^https?://(www\.)?", "", url).rstrip("/")


def initials(name: str) -> str:
    """Up to two letters for a person's picture."""
    words = [word for word in name.split() if word[:1].isalpha()]
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper() if words else "?"


def size(language: str, size_bytes: int) -> str:
    """A size in bytes as people read it: "1.4 GB"."""
    value, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{format_decimal(round(value, 1 if value < 10 else 0), locale=language)} {unit}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of an event's drawn pattern, on a grid of 360 × 120."""

    x: int
    y: int
    width: int
    now: bool


@dataclass(frozen=True, slots=True)
class Weave:
    """An event's picture: a programme seen from far away, always the same for the same event."""

    hue: int
    bars: tuple[Bar, ...]


def weave_of(seed: str) -> Weave:
    """Draw a programme of bars from a name."""
    digest = hashlib.sha256(seed.encode()).digest()
    bars: list[Bar] = []
    now = 3 + digest[1] % 3
    for row in range(6):
        x = -(digest[2 + row] % 40)
        column = 0
        while x < 360:
            byte = digest[(8 + row * 4 + column) % 32]
            width = 26 + byte % 84
            bars.append(Bar(x, 12 + row * 17, width, row == now and column == 1 + digest[0] % 2))
            x += width + 10
            column += 1
    return Weave(digest[0] % 6, tuple(bars))


def filters(language: str) -> dict[str, Callable[..., Any]]:
    """The filters of the templates, speaking one language."""
    return {
        "bare_url": bare_url,
        "clock": clock,
        "date_range": partial(date_range, language),
        "day_in": partial(day_in, language),
        "day_long": partial(day_long, language),
        "day_short": partial(day_short, language),
        "duration": partial(duration, language),
        "first_sentence": first_sentence,
        "initials": initials,
        "iso": lambda moment: moment.isoformat(timespec="seconds"),
        "paragraphs": paragraphs,
        "size": partial(size, language),
        "timestamp": timestamp,
        "zone_name": lambda name: name.replace("_", " "),
    }
