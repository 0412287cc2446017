"""What the demo seminar is about: invented people and talks, as plain data.

A day of the people who look after online and neighbourhood communities in Finland, in Finnish, Swedish and English.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Slide:
    """One drawn slide: a heading with lines under it; `bars` draws a chart of (label, value) beside them."""

    title: str
    lines: tuple[str, ...] = ()
    bars: tuple[tuple[str, int], ...] = ()
    kind: str = "plain"  # plain | cover | quote


@dataclass(frozen=True)
class Person:
    """A speaker."""

    slug: str
    name: str
    affiliation: str
    biography: str


@dataclass(frozen=True)
class Item:
    """One session; `starts` is the local time of day, `slides` are drawn and filmed when there are any."""

    slug: str
    title: str
    abstract: str
    language: str
    room: str
    track: str
    starts: str
    minutes: int
    speakers: tuple[str, ...]
    kind: str = "talk"
    subtitle: str = ""
    links: tuple[tuple[str, str, str], ...] = ()  # (kind, url, title)
    look: str = ""  # which theme the talk is filmed in
    slides: tuple[Slide, ...] = field(default=(), repr=False)


SERIES_SLUG, SERIES_TITLE = "yhteisopaivat", "Yhteisöpäivät"
SERIES_DESCRIPTION = (
    "Every autumn the people who look after communities meet for a day: forums, clubs, libraries, maps."
)
EVENT_SLUG, EVENT_TITLE = "yhteisopaivat-2026", "Yhteisöpäivät 2026"
EVENT_SUBTITLE = "Hiljaiset äänet · De tysta rösterna · The quiet voices"
EVENT_DESCRIPTION = (
    "One day, two rooms, six sessions about the people who read and do not write. In Finnish, Swedish and English.\n\n"
    "Everything here is invented: the seminar, its speakers and their numbers. It shows what Semma does with a talk."
)
EVENT_COLOR = "#7a3b69"
EVENT_VENUE = ("Kuusen ja Koivun talo", "Hiljaisenkatu 4, Tampere")
EVENT_ABOUT = (
    "Yhteisöpäivät is a day for people who keep communities: they moderate, translate, answer, and write down what "
    "everybody knows.\n\nTalks are short, fifteen minutes each, and there is coffee between them. Whoever cannot come "
    "watches from home and finds every talk here afterwards, with its slides."
)
EVENT_CONDUCT = (
    "Listen first. Ask before you take a picture of somebody. What was told over coffee stays there.\n\n"
    "If something goes wrong, find anybody with a yellow badge; they stop what they are doing and help."
)
EVENT_SPONSORS = (("Kotiseutukartta", "Maps"), ("Lähikirjasto ry", "Coffee and books"))
EVENT_DAY, EVENT_TIME_ZONE = "2026-10-08", "Europe/Helsinki"
ROOMS = (("kuusi", "Kuusi", "The big room, 120 seats."), ("koivu", "Koivu", "The small room upstairs, 40 seats."))
TRACKS = (("people", "People", "#2f6f4f"), ("tools", "Tools", "#2b5c9e"))

PEOPLE = (
    Person("aino-karhulinna", "Aino Karhulinna", "Kotiseutukartta", "Looks after 900 volunteers who draw maps."),
    Person("rasmus-ekholmen", "Rasmus Ekholmen", "Skärgårdens radio", "Byggde ett forum för öbor, och räknade svaren."),
    Person("mirva-tuulosaari", "Mirva Tuulosaari", "Lähikirjasto ry", "Librarian; runs three reading circles online."),
    Person("desmond-okallo", "Desmond Okallo", "Open Benches", "Moderates at night so that others can sleep."),
    Person("silja-honkavirta", "Silja Honkavirta", "Lähikirjasto ry", "Writes the tools nobody asked for, then asks."),
    Person("elof-strandkvist", "Elof Strandkvist", "Nordic Allotments", "Grows potatoes and mailing lists."),
)

FIRST_WEEKS = (
    Slide(
        "Miksi hiljaiset jäävät",
        ("Yhteisön ensimmäiset kolme viikkoa", "Aino Karhulinna · Kotiseutukartta"),
        kind="cover",
    ),
    Slide(
        "Kuka on hiljainen?",
        ("Lukee joka viikko, ei kirjoita koskaan", "Tuntee säännöt paremmin kuin me", "Tulee paikalle, kun kutsutaan"),
    ),
    Slide(
        "Ensimmäinen viikko",
        ("Kuka vastasi, ja kuinka nopeasti", "Vastaus illalla painaa eniten", "Nimi vastauksen alla"),
        bars=(("alle tunti", 61), ("saman päivän", 38), ("viikko", 12)),
    ),
    Slide("Kukaan ei jää ohjeen takia.\nJäädään ihmisen takia.", ("vapaaehtoinen, kolmas vuosi",), kind="quote"),
    Slide(
        "Toinen viikko: pieni tehtävä",
        ("Kymmenen minuuttia, ei enempää", "Lopputulos näkyy heti kartalla", "Joku sanoo: tämä auttoi"),
    ),
    Slide(
        "Kolmas viikko",
        ("Kysymme, mitä puuttuu", "Emme kysy, mikä oli vikana", "Joka viides jää vuodeksi"),
        bars=(("2023", 9), ("2024", 14), ("2025", 21)),
    ),
    Slide("Kokeilkaa maanantaina", ("Yksi vastaus illalla", "Yksi pieni tehtävä", "Yksi kiitos nimeltä")),
    Slide("Kiitos!", ("Kysymyksiä? Nyt tai illalla foorumilla.",), kind="cover"),
)

NIGHT_SHIFT = (
    Slide(
        "The night shift",
        ("Moderating so that nobody burns out", "Desmond Okallo · Open Benches"),
        kind="cover",
    ),
    Slide("Three in the morning", ("Two people argue about a bench", "Forty people read it", "One of them is me")),
    Slide(
        "What we measured",
        ("Reports by the hour, one year", "Most come after ten", "Most solve themselves by six"),
        bars=(("morning", 8), ("day", 17), ("evening", 34), ("night", 52)),
    ),
    Slide("Rule one: sleep", ("A queue is not a duty", "Slow mode starts at 23:00", "Nothing is deleted at night")),
    Slide("It can wait. Almost everything can.", ("written above our door",), kind="quote"),
    Slide(
        "Rule two: two pairs of eyes",
        ("One acts, the other one reads", "Swap every second week", "Write down why, in a sentence"),
    ),
    Slide(
        "After a year",
        ("Nobody has left the team", "Answers take longer by day", "Arguments end sooner"),
        bars=(("before", 44), ("after", 19)),
    ),
    Slide("Good night", ("open-benches.example/night",), kind="cover"),
)

ITEMS = (
    Item(
        "miksi-hiljaiset-jaavat",
        "Miksi hiljaiset jäävät",
        "Suurin osa yhteisöstä ei koskaan kirjoita. Seurasimme yhdeksääsataa kartanpiirtäjää heidän kolme ensimmäistä "
        "viikkoaan ja kysyimme vuoden päästä, miksi he jäivät. Vastaus on lyhyempi kuin odotimme.",
        "fi", "kuusi", "people", "09:15", 30, ("aino-karhulinna",),
        subtitle="Yhteisön ensimmäiset kolme viikkoa",
        links=(("discussion", "https://forum.example/hiljaiset", "Keskustelu foorumilla"),),
        look="paper", slides=FIRST_WEEKS,
    ),
    Item(
        "nar-forumet-blev-tyst",
        "När forumet blev tyst",
        "Ett forum för skärgården hade fyrahundra inlägg i veckan och sedan nästan inga. Vi letade efter felet i "
        "programmet och hittade det i välkomstbrevet.",
        "sv", "koivu", "tools", "09:15", 30, ("rasmus-ekholmen",),
    ),
    Item(
        "the-night-shift",
        "The night shift",
        "Most reports arrive when everybody is asleep. How a team of six arranged its nights so that nobody burns out, "
        "what a slow mode really slows, and which rule we threw away.",
        "en", "koivu", "people", "10:15", 30, ("desmond-okallo",),
        subtitle="Moderating so that nobody burns out",
        links=(("blog", "https://open-benches.example/night", "A year of nights"),),
        look="night", slides=NIGHT_SHIFT,
    ),
    Item(
        "lukupiiri-verkossa",
        "Lukupiiri verkossa: mitä kirjasto oppi",
        "Kolme lukupiiriä, kaksi alustaa ja yksi kirja, jota kukaan ei lukenut loppuun. Työpajassa kokeillaan, miten "
        "hiljainen osallistuja saa vuoron ilman mikrofonia.",
        "fi", "kuusi", "tools", "10:15", 60, ("mirva-tuulosaari", "silja-honkavirta"), kind="workshop",
    ),
    Item(
        "potatoes-and-mailing-lists",
        "Potatoes and mailing lists",
        "A mailing list from 1998 still has more readers than our app. What the allotment gardeners of four countries "
        "taught us about tools that last.",
        "en", "koivu", "tools", "13:00", 30, ("elof-strandkvist",),
        links=(("paper", "https://allotments.example/lists.pdf", "Notes on long-lived lists"),),
    ),
    Item(
        "avoin-mikrofoni",
        "Avoin mikrofoni · Öppen mikrofon · Open microphone",
        "Two minutes each, any language, no slides. The quiet ones first.",
        "mul", "kuusi", "people", "14:00", 45, ("mirva-tuulosaari", "rasmus-ekholmen"), kind="panel",
    ),
)  # fmt: skip

# What the second room sends live: the same few minutes over and over, on whatever day the demo runs.
LIVE_ROOM = "koivu"
OPEN_STUDIO = Item(
    "avoin-studio",
    "Avoin studio · Öppen studio · Open studio",
    "The small room is on air as long as this demo runs: rewind it, lose its encoder, watch it come back.",
    "mul", LIVE_ROOM, "tools", "", 12 * 60, ("elof-strandkvist", "silja-honkavirta"),
    look="paper",
    slides=(
        Slide("Avoin studio", ("Öppen studio · Open studio", "Koivu, yläkerta"), kind="cover"),
        Slide("This room is live", ("An encoder sends, by RTMP", "Everybody gets the same parts", "Rewind it")),
        Slide("Pull the cable", ("A slate takes over in two seconds", "Nobody has to reload", "The archive is whole")),
        Slide("Kuka on äänessä?", ("Elof Strandkvist", "Silja Honkavirta"), bars=(("Elof", 31), ("Silja", 33))),
        Slide("Paus är också ett svar.", ("ovanför vår dörr",), kind="quote"),
        Slide("Jatkuu heti", ("Samat viisi kuvaa alusta",)),
    ),
)  # fmt: skip


def filmed() -> tuple[Item, ...]:
    """The sessions that have slides, and so a recording."""
    return tuple(item for item in ITEMS if item.slides)


def with_deck() -> tuple[Item, ...]:
    """The sessions whose slides are also brought as a file: one, so that a talk without can be seen, too."""
    return filmed()[:1]
