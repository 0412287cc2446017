"""Words, stems, sets of passages, questions and snippets: what needs no database."""

import random
from itertools import pairwise

import pytest

from server.search.bits import bits_of, members, pack, span, unpack
from server.search.documents import sentences
from server.search.fold import flatten, fold, surface_of, words
from server.search.full_text import fewest
from server.search.hits import window_of
from server.search.pairs import COMMON, pair_number, pairs_of
from server.search.parse import MOST_WORDS, Term, parse
from server.search.rank import Candidate, Wanted, judge, meetings, narrow, passages, shape_of, unite, weigh_words
from server.search.snippets import MOST_LETTERS, around, mark, snippet
from server.search.stems import guess_language, language_of, stem, stems


def test_words_are_folded_and_cut() -> None:
    assert words("E-mail: Ääkköset’n 3D_malli!") == ["e", "mail", "ääkköset'n", "3d", "malli"]
    assert [fold(word) for word in ("ääkköset'n", "smørbrød", "straße", "naïve", "Łódź")] == [
        "aakkosetn",
        "smorbrod",
        "strasse",
        "naive",
        "lodz",
    ]
    assert surface_of("a\u0308" + "x" * 99) == "ä" + "x" * 39
    assert flatten("The café – it's OPEN") == "the cafe its open"


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("fi", "seminaari seminaarissa seminaareista seminaarit"),
        ("fi", "kaupunki kaupungin kaupungissa kaupunkien"),
        ("fi", "tallennus tallennuksen tallennukset"),
        ("fi", "yhteisö yhteisön yhteisöjä"),
        ("fi", "hiljaisuus hiljaisuuden"),
        ("fi", "lomake lomakkeen"),
        ("sv", "föreläsning föreläsningar föreläsningen"),
        ("sv", "seminarium seminarier seminariet"),
        ("en", "caption captions captioned captioning"),
        ("en", "community communities"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, forms: str) -> None:
    assert len({stem(language, word) for word in forms.split()}) == 1


def test_what_is_not_stemmed_is_its_own_stem_and_languages_are_told_apart() -> None:
    assert stem("", "Überraschungen".lower()) == "uberraschungen"
    assert (language_of("sv-FI"), language_of("de"), language_of("")) == ("sv", "", "")
    assert set(stems("ord")) == {"fi", "sv", "en"}
    assert guess_language(["this", "is", "what", "we", "have", "to", "do", "with", "it"], "fi") == "en"
    assert guess_language(["bar", "foo"], "fi") == "fi"


def test_sets_of_passages_come_back_from_bytes() -> None:
    rng = random.Random(3)
    for count in (0, 1, 2, 40, 900):
        numbers = sorted(rng.sample(range(2_000), count))
        bits = bits_of(numbers)
        assert unpack(pack(bits)) == bits
        assert list(members(bits)) == numbers
    assert len(pack(1 << 50_000)) == 3
    assert span(2, 5) == 0b11100 and span(5, 5) == 0


def test_a_question_is_understood() -> None:
    asked = parse('Live "in the room" -webinar speaker:"Ada Öhman" year:2027 room:Main-hall foo:bar capt')
    assert asked.years == (2027,)
    assert asked.places == (("room", "Main-hall"),)
    assert asked.terms == (
        Term(words=("live",)),
        Term(words=("in", "the", "room"), is_phrase=True),
        Term(words=("webinar",), is_excluded=True),
        Term(words=("ada",), in_speakers=True),
        Term(words=("öhman",), in_speakers=True),
        Term(words=("foo",)),
        Term(words=("bar",)),
        Term(words=("capt",), is_last=True),
    )
    assert parse("puhuja:virtanen vuosi:2026").years == (2026,)
    assert parse("-only").is_empty and parse("  ").is_empty and not parse("year:2026").is_empty
    assert len(parse(" ".join(f"w{n}" for n in range(50))).terms) == MOST_WORDS
    for odd in ('"', '""', "-", "speaker:", "::", '-"', "year:soon", '"open', "*", "a' OR 1=1 --", "\x00"):
        parse(odd)
    assert [term.words for term in parse('"open end').terms] == [("open", "end")]


def test_snippets_are_sentences_with_their_matches() -> None:
    text = "First. The manual is read too late, says the manual! Last."
    found = snippet(text, {"manual"})
    assert found.text == "The manual is read too late, says the manual!"
    assert [found.text[start:end] for start, end in found.marks] == ["manual", "manual"]
    long = snippet(" ".join(["word"] * 200) + " needle " + " ".join(["word"] * 200), {"needle"})
    assert len(long.text) <= MOST_LETTERS + 2 and "needle" in long.text and long.text.startswith("…")
    assert mark("Väri, vari", {"vari"}) == ((0, 4), (6, 10))
    cues = ["End of one.", "and so the lurkers", "read on", "for years.", "Another"]
    assert around(cues, 1, {"lurkers"}).text == "and so the lurkers read on for years."
    assert sentences("One.  Two!\n\nThree") == ["One.", "Two!", "Three"]


def a_talk(number: int, *found: int, captions: int = 10, hidden: frozenset[int] = frozenset()) -> Candidate:
    """Title 0, speaker 1, abstract 2, link 3, pages 4 and 5, then captions."""
    shape = shape_of((1, 2, 3, 4, 6, 6 + captions))
    return Candidate(number=number, shape=shape, found=[{1.0: bits} for bits in found], hidden=hidden)


def order(*talks: Candidate) -> list[int]:
    wanted = [Wanted({}) for _ in talks[0].found]
    for talk in talks:
        unite(talk)
    weigh_words(wanted, talks, 100)
    scored = [(judge(talk, wanted), talk.number) for talk in talks]
    assert all(before != after for before, after in pairwise(sorted(score for score, _number in scored)))
    return [number for _score, number in sorted(scored, reverse=True)]


def test_a_title_goes_before_what_is_said_and_together_before_apart() -> None:
    assert order(a_talk(1, 1 << 8), a_talk(2, 1 << 0), a_talk(3, 1 << 2)) == [2, 3, 1]
    together, beside, apart, half = (1 << 8, 1 << 8), (1 << 8, 1 << 9), (1 << 8, 1 << 14), (1 << 8, 0)
    talks = [a_talk(number, *found) for number, found in enumerate((half, apart, beside, together))]
    assert order(*talks) == [3, 2, 1, 0]


def test_what_is_hidden_is_not_found_and_best_passages_come_first() -> None:
    talk = a_talk(1, 0b1 << 7, 0b11 << 7, hidden=frozenset({5}))
    narrow(talk, [Wanted({}), Wanted({})])
    unite(talk)
    assert talk.unions == [0, 0]
    open_talk = a_talk(1, 0b1000001 << 7, 0b1000100 << 7)
    wanted = [Wanted({}, idf=2.0), Wanted({}, idf=1.0)]
    unite(open_talk)
    assert [list(members(level)) for level in meetings(open_talk.unions)[1:]] == [[7, 9, 13], [13]]
    assert [passage for passage, _score in passages(open_talk, wanted, most=3)] == [13, 7, 9]


def test_pairs_are_kept_of_words_a_talk_has_often_and_reach_into_the_next_cue() -> None:
    passages = [["on", "se"], ["rare", "on", "se"], *[["se", "on"]] * COMMON, [], ["on"]]
    found = pairs_of(passages, first_cue=2)
    assert set(found) == {pair_number("on", "se"), pair_number("se", "on")}
    assert list(members(found[pair_number("se", "on")])) == [2, 3, 4, 5]
    assert list(members(found[pair_number("on", "se")])) == [0, 1, 2, 3, 4]  # the pages' ends are no beginnings
    assert pairs_of(passages[:4], first_cue=2).keys() == {pair_number("on", "se"), pair_number("se", "on")}
    assert pairs_of(passages[:3], first_cue=2) == {}


def test_pages_of_any_length_look_at_whole_twenties() -> None:
    assert [window_of(*page) for page in ((0, 6), (0, 20), (15, 15), (20, 20), (40, 50))] == [
        (0, 20), (0, 20), (0, 40), (20, 40), (40, 100),
    ]  # fmt: skip


def test_no_piece_is_looked_for_that_another_one_finds() -> None:
    assert fewest({"kayt", "kayttaja", "lle", "ell"}) == ["ell", "kayt", "lle"]
