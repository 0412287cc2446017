"""The columns of the CSV template, and what else people call them."""

from dataclasses import dataclass
from functools import lru_cache

from server.events.fields import fold_text


@dataclass(frozen=True)
class Column:
    """A column: `field` is its name in schedule.json where its text is taken as it is; `called` are other headers."""

    field: str
    called: tuple[str, ...] = ()


_SPEAKERS_FI = ("puhuja", "puhujat", "esittäjä", "esittäjät", "luennoitsija", "luennoitsijat")
_SPEAKERS_SV = ("talare", "talaren", "föreläsare", "presentatör", "presentatörer")

COLUMNS: dict[str, Column] = {
    "guid": Column("guid", ("uid", "uuid")),
    "code": Column("code", ("koodi", "kod")),
    "title": Column(
        "title", ("name", "talk", "session", "otsikko", "nimi", "esitys", "aihe", "titel", "rubrik", "namn")
    ),
    "subtitle": Column("subtitle", ("alaotsikko", "underrubrik", "undertitel")),
    "speakers": Column("", ("speaker", "presenter", "presenters", "author", "authors", *_SPEAKERS_FI, *_SPEAKERS_SV)),
    "affiliations": Column(
        "",
        (
            "affiliation",
            "organization",
            "organisation",
            "organisaatio",
            "organisaatiot",
            "organisationer",
            "taustayhteisö",
        ),
    ),
    "date": Column("", ("day", "päivä", "päivämäärä", "pvm", "datum", "dag")),
    "start": Column(
        "", ("starts", "start time", "starts at", "begin", "time", "alkaa", "aloitus", "alku", "aika", "klo")
    ),
    "end": Column("", ("ends", "end time", "ends at", "päättyy", "loppuu", "loppu", "slut", "slutar", "sluttid")),
    "duration": Column(
        "duration",
        ("length", "minutes", "duration min", "kesto", "kesto min", "minuutit", "längd", "varaktighet", "minuter"),
    ),
    "room": Column(
        "room", ("location", "place", "venue", "stage", "sali", "huone", "tila", "paikka", "rum", "sal", "plats")
    ),
    "track": Column("track", ("theme", "topic", "rata", "teema", "linja", "spår", "tema")),
    "kind": Column("type", ("type", "format", "tyyppi", "laji", "muoto", "typ", "form")),
    "language": Column("language", ("lang", "kieli", "språk")),
    "abstract": Column(
        "abstract", ("summary", "tiivistelmä", "kuvaus lyhyt", "sammanfattning", "sammandrag", "ingress")
    ),
    "description": Column("description", ("details", "kuvaus", "beskrivning")),
    "licence": Column("recording_license", ("license", "recording license", "lisenssi", "licens")),
    "do not record": Column(
        "do_not_record", ("do_not_record", "no recording", "ei tallenneta", "ei saa tallentaa", "spelas inte in")
    ),
    "state": Column("state", ("status", "tila ohjelmassa", "tillstånd")),
    "url": Column("url", ("web page", "page", "sivu", "osoite", "webbsida", "adress")),
    "links": Column("", ("link", "linkit", "linkki", "länkar", "länk")),
    "slides": Column("", ("slide deck", "deck", "kalvot", "diat", "bilder", "presentation")),
}
_NAMES = {fold_text(name): column for column, of in COLUMNS.items() for name in (column, *of.called)}


@lru_cache(maxsize=512)
def column_of(header: str) -> str | None:
    """The column a header means: but for case, space, hyphens, underscores and what stands in brackets."""
    folded = fold_text(header.lstrip("\ufeff").split("(")[0])
    words = " ".join(folded.replace("_", " ").replace("-", " ").replace("*", " ").replace(":", " ").split())
    return _NAMES.get(words)
