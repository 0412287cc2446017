"""What the fields of events, sessions and their kin may hold: pure checks that return it clean or say what to do.

Used by every way in (API, studio, imports, demo), so all of them refuse the same things.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from server.core.ids import RESERVED_SLUGS, is_slug
from server.events import errors
from server.events.models import CLOSED, PUBLIC, UNLISTED

VISIBILITIES = (PUBLIC, UNLISTED, CLOSED)
LINK_KINDS = ("slides", "blog", "discussion", "paper", "photo", "code", "video", "press", "other")

_ID = re.compile(r"[0-9a-f]{32}")
# BCP 47 (RFC 5646 §2.1) as far as talks need it: language, script, region, variants.
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?(?:-[a-zA-Z0-9]{5,8})*")
_HASHTAG = re.compile(r"#?\w{1,99}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def is_id(text: str) -> bool:
    """Whether a path word is an id (32 hex digits) and so not a slug."""
    return bool(_ID.fullmatch(text))


def fold_text(text: str) -> str:
    """The text as it is compared when searching: normalised (NFKC) and case-folded."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\x00", " ")  # PostgreSQL takes no NUL in a text


def check_text(name: str, text: str, *, most: int, required: bool = False) -> str:
    """The text without surrounding space and control characters; raises TextInvalid when empty or too long."""
    clean = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
    if required and not clean:
        raise errors.TextInvalid(f"`{name}` is empty; give it at least one character.")
    if len(clean) > most:
        raise errors.TextInvalid(f"`{name}` has {len(clean)} characters; at most {most} are kept.")
    return clean


def check_slug(slug: str, *, reserved: bool = False) -> str:
    """A slug as it may stand in an address; `reserved` also refuses the first path words Semma uses."""
    if not is_slug(slug):
        raise errors.SlugInvalid
    if is_id(slug):
        raise errors.SlugInvalid("A slug of 32 hexadecimal digits would be taken for an id; choose a different one.")
    if reserved and slug in RESERVED_SLUGS:
        raise errors.SlugReserved
    return slug


def check_dates(starts_on: date | None, ends_on: date | None) -> None:
    """Raise DatesReversed when the end comes before the start."""
    if starts_on and ends_on and ends_on < starts_on:
        raise errors.DatesReversed


def check_time_zone(name: str) -> str:
    """A name of the time zone database."""
    if name not in _time_zones():
        raise errors.TimeZoneUnknown(
            f"“{name}” is no time zone; use a name of the IANA database, as in Europe/Helsinki or UTC."
        )
    return name


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of an event; UTC should its name have left the database since."""
    return ZoneInfo(name if name in _time_zones() else "UTC")


def check_language(tag: str) -> str:
    """A language tag (BCP 47) in its usual case: `fi`, `en-GB`, `zh-Hant`."""
    if not _LANGUAGE.fullmatch(tag) or len(tag) > 20:
        raise errors.LanguageInvalid(f"“{tag}” is no language tag; write fi, sv, en or en-GB.")
    first, *rest = tag.split("-")
    usual = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(usual.get(len(part), str.lower)(part) for part in rest)])


def check_languages(tags: Iterable[str]) -> list[str]:
    """Language tags in order, each once."""
    return list(dict.fromkeys(check_language(tag) for tag in tags))


def check_hashtag(tag: str) -> str:
    """A hashtag without its #; empty for none."""
    clean = tag.strip()
    if clean and not _HASHTAG.fullmatch(clean):
        raise errors.HashtagInvalid
    return clean.removeprefix("#")


def check_colour(colour: str) -> str:
    """#rrggbb in lower case; empty for none."""
    clean = colour.strip().lower()
    if clean and not _COLOUR.fullmatch(clean):
        raise errors.ColourInvalid
    return clean


def check_visibility(visibility: str) -> str:
    """public, unlisted or closed."""
    if visibility not in VISIBILITIES:
        raise errors.VisibilityInvalid
    return visibility


def check_url(url: str) -> str:
    """An absolute http or https address without credentials: pages show it to everybody."""
    clean = url.strip()
    try:
        parts = urlsplit(clean)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(clean) > 2000 or re.search(r"[\s\x00-\x1f<>\"\\]", clean):
        raise errors.LinkInvalid("A link's address starts with https:// or http:// and has at most 2,000 characters.")
    if parts.username or parts.password:
        raise errors.LinkInvalid("A link is shown to everybody; leave the user name and password out of its address.")
    return clean


def check_optional_url(url: str) -> str:
    """An address as `check_url` takes it; empty for none."""
    return check_url(url) if url.strip() else ""


def check_link_kind(kind: str) -> str:
    """One of LINK_KINDS."""
    if kind not in LINK_KINDS:
        raise errors.LinkInvalid(f"“{kind}” is no kind of link; use one of {', '.join(LINK_KINDS)}.")
    return kind
