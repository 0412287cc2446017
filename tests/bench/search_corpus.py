"""A corpus for search, the same for the same numbers: talks in three languages with captions, slides and abstracts.

Words come by their rank, as in real speech: little words, then words of the field with their endings, then made-up
words of syllables, most of them rare. What is looked for (search_needles.py) is hidden in it, one sentence a talk; its
words are everywhere else too, one by one.
"""

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import insert

from server.core.clock import now
from server.core.db import Database
from server.events.models import Event, Room, Track
from server.playback.models import CaptionTrack
from server.recordings.models import READY, Recording
from server.search.fold import words
from server.sessions.models import Session, SessionSpeaker, Speaker
from server.slides.models import READY as DRAWN
from server.slides.models import Deck, DeckPage
from tests.bench.search_needles import ABSTRACT, CUE, NEEDLES, PAGE, TITLE, Needle

CUE_MS = 5_000
_LITTLE = {
    "fi": "ja on ei se että kun niin mutta myös tämä siis ovat voi kanssa mitä nyt",
    "sv": "och att det som en på är av för med till inte har de vi så",
    "en": "the and of to in is it that for on with we this are be not",
}
_FIELD = {
    "fi": "yhteisö verkko tutkimus ihminen vuosi ryhmä kysymys aineisto menetelmä palvelu keskustelu viesti käyttäjä "
    "tulos esimerkki työ arki tieto kuva ääni luento kurssi opiskelija kunta laite kieli sana tarina",
    "sv": "gemenskap nät forskning människa år grupp fråga material metod tjänst samtal meddelande användare resultat "
    "exempel arbete vardag kunskap bild ljud föreläsning kurs student kommun apparat språk ord berättelse",
    "en": "community network research person year group question material method service conversation message user "
    "result example work day knowledge picture sound lecture course student town device language word story",
}
_ENDINGS = {
    "fi": ("", "n", "ssa", "sta", "t", "lle", "ja"),
    "sv": ("", "en", "er", "erna", "s"),
    "en": ("", "s", "'s"),
}
_SYLLABLES = {
    "fi": "ka la ta ri so mu vi nä kö ty hei lai muo sii koi taa rin kul pel van",
    "sv": "sto lin bär kran föl gru vad mån skär tor hal sten vik dal rö by an fors",
    "en": "ber ton ling ser ward pro mel con trav ish der fle mar gen spi ock tle van",
}
_LANGUAGES = ("fi", "sv", "en")


@dataclass(frozen=True)
class Expected:
    """Where the answer to a question is: the session, and its second or page."""

    needle: Needle
    session: str
    at_ms: int | None = None
    page: int | None = None


@dataclass
class Corpus:
    """What was made."""

    event: str
    talks: int
    cues: int
    expected: list[Expected] = field(default_factory=list)
    common: dict[str, list[str]] = field(default_factory=dict)  # by language, from the most frequent on
    rare: dict[str, list[str]] = field(default_factory=dict)


class Speech:
    """Words of one language by rank (Zipf)."""

    def __init__(self, language: str, rng: random.Random, vocabulary: int) -> None:
        self._rng = rng
        needles = [word for one in NEEDLES if one.language == language for word in words(one.sentence)]
        field_words = [stem + end for end in _ENDINGS[language] for stem in _FIELD[language].split()]
        known = list(dict.fromkeys([*_LITTLE[language].split(), *field_words]))
        made = self._made(_SYLLABLES[language].split(), _ENDINGS[language], vocabulary)
        self.words = list(dict.fromkeys([*known, *_spread(made, sorted(set(needles)))]))
        self._sums = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def _made(self, syllables: Sequence[str], endings: Sequence[str], count: int) -> list[str]:
        made: dict[str, None] = {}
        while len(made) < count:
            stem = "".join(self._rng.choices(syllables, k=self._rng.choice((2, 2, 3, 3, 4))))
            made[stem + self._rng.choice(endings)] = None
        return list(made)

    def sentence(self, length: int) -> str:
        """So many words, without sense."""
        total, rng, sums = self._sums[-1], self._rng, self._sums
        return " ".join(self.words[bisect(sums, rng.random() * total)] for _ in range(length))


def _spread(made: Sequence[str], needles: Sequence[str]) -> Iterator[str]:
    """The words of the needles among the made-up ones, from rank 200 on, every 12th."""
    left = list(needles)
    for place, word in enumerate(made):
        if place >= 100 and place % 12 == 0 and left:
            yield left.pop()
        yield word


def _id(kind: int, number: int) -> str:
    return f"{0x0199_0000_0000 + number:012x}7{kind:03x}8{number:015x}"


async def make_corpus(
    database: Database, *, talks: int, cues: int, pages: int = 12, vocabulary: int = 8_000, seed: int = 5
) -> Corpus:
    """Fill an empty database: so many talks with so many cues together, spread evenly."""
    rng = random.Random(seed)
    speech = {language: Speech(language, rng, vocabulary) for language in _LANGUAGES}
    corpus = Corpus(event=_id(1, 0), talks=talks, cues=cues)
    corpus.common = {language: one.words[:60] for language, one in speech.items()}
    corpus.rare = {language: one.words[len(one.words) // 3 :] for language, one in speech.items()}
    await _make_event(database, talks)
    of_talk = _deal(talks, rng)
    for first in range(0, talks, 20):
        rows: dict[Any, list[dict[str, Any]]] = {}
        for number in range(first, min(first + 20, talks)):
            _make_talk(rows, corpus, number, of_talk.get(number, ()), speech, rng, cues // talks, pages)
        async with database.write() as db:
            for table, some in rows.items():
                await db.execute(insert(table), some)
    return corpus


def _deal(talks: int, rng: random.Random) -> dict[int, list[tuple[Needle, bool]]]:
    """Which talk has which needle (True), and which a decoy."""
    dealt: dict[int, list[tuple[Needle, bool]]] = {}
    order = rng.sample(range(talks), len(NEEDLES))
    for needle, talk in zip(NEEDLES, order, strict=True):
        dealt.setdefault(talk, []).append((needle, True))
        for other in rng.sample([number for number in range(talks) if number != talk], 3) if needle.decoy else ():
            dealt.setdefault(other, []).append((needle, False))
    return dealt


async def _make_event(database: Database, talks: int) -> None:
    async with database.write() as db:
        db.add(Event(id=_id(1, 0), slug="archive", title="The archive", languages=["fi", "sv", "en"]))
        await db.flush()
        db.add_all([Room(id=_id(2, n), event_id=_id(1, 0), slug=f"room-{n}", name=f"Room {n}") for n in range(5)])
        db.add_all([Track(id=_id(3, n), event_id=_id(1, 0), slug=f"track-{n}", name=f"Track {n}") for n in range(4)])
        names = [one.speaker for one in NEEDLES if one.speaker]
        for number in range(max(talks // 3, len(names))):
            name = names[number] if number < len(names) else f"Speaker {number}"
            db.add(Speaker(id=_id(4, number), slug=f"speaker-{number}", name=name))


def _make_talk(
    rows: dict[Any, list[dict[str, Any]]],
    corpus: Corpus,
    number: int,
    dealt: Sequence[tuple[Needle, bool]],
    speech: dict[str, Speech],
    rng: random.Random,
    cues: int,
    page_count: int,
) -> None:
    meant = [needle for needle, is_meant in dealt if is_meant]
    language = meant[0].language if meant else _LANGUAGES[number % 3]
    talk, session = speech[language], _id(5, number)
    place = {TITLE: talk.sentence(5), ABSTRACT: f"{talk.sentence(12)}. {talk.sentence(9)}."}
    lines = [talk.sentence(rng.randint(6, 10)) for _ in range(cues)]
    pages = [f"{talk.sentence(3)}\n{talk.sentence(14)}" for _ in range(page_count)]
    named = [one.speaker for one in NEEDLES if one.speaker]
    speaker = rng.randrange(len(named), max(corpus.talks // 3, len(named) + 1))
    for needle, is_meant in dealt:
        at = rng.randrange(cues)
        page = rng.randrange(page_count)
        if needle.place == CUE:
            lines[at] = needle.sentence if is_meant else needle.decoy
        elif needle.place == PAGE:
            pages[page] = f"{talk.sentence(3)}\n{needle.sentence}"
        else:
            place[needle.place] = needle.sentence
        if is_meant:
            is_cue, is_page = needle.place == CUE, needle.place == PAGE
            corpus.expected.append(
                Expected(needle, session, at * CUE_MS if is_cue else None, page + 1 if is_page else None)
            )
            speaker = named.index(needle.speaker) if needle.speaker else speaker
    _add_rows(rows, number, language, place, lines, pages, speaker)


def _add_rows(
    rows: dict[Any, list[dict[str, Any]]],
    number: int,
    language: str,
    said: dict[str, str],
    lines: Sequence[str],
    pages: Sequence[str],
    speaker: int,
) -> None:
    session, event, moment = _id(5, number), _id(1, 0), now()
    ids = {"event_id": event, "session_id": session}
    duration = len(lines) * CUE_MS
    rows.setdefault(Session, []).append(
        {"id": session, "event_id": event, "guid": session, "slug": f"talk-{number}", "title": said[TITLE],
         "abstract": said[ABSTRACT], "language": language, "room_id": _id(2, number % 5),
         "track_id": _id(3, number % 4),
         "starts_at": datetime(2015 + number % 12, 5, 20, 9, tzinfo=UTC) + timedelta(minutes=number),
         "duration_ms": duration}
    )  # fmt: skip
    rows.setdefault(SessionSpeaker, []).append({"session_id": session, "speaker_id": _id(4, speaker), "position": 0})
    rows.setdefault(Recording, []).append(
        {"id": _id(6, number), **ids, "state": READY, "playable": True, "published_at": moment,
         "duration_ms": duration, "cut": []}
    )  # fmt: skip
    rows.setdefault(CaptionTrack, []).append(
        {"id": _id(7, number), **ids, "language": language,
         "cues": [[at * CUE_MS, at * CUE_MS + 4_800, line, ""] for at, line in enumerate(lines)]}
    )  # fmt: skip
    rows.setdefault(Deck, []).append(
        {"id": _id(8, number), **ids, "slot": "a", "filename": "a.pdf", "kind": "pdf", "size_bytes": 1,
         "key": f"decks/{number}", "state": DRAWN, "rendering": 1, "page_count": len(pages)}
    )  # fmt: skip
    rows.setdefault(DeckPage, []).extend(
        {"deck_id": _id(8, number), "number": page, "slide": page, "width_px": 1600, "height_px": 900,
         "title": text.split("\n")[0], "text": text}
        for page, text in enumerate(pages, 1)
    )  # fmt: skip
