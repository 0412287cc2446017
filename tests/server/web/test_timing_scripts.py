"""The pure parts of the timing editor, run by Node; what it shows of an edit before the server has answered."""

import json
import random
from typing import Any

import pytest
from msgspec import to_builtins

from server.slides.correct import Stretch, corrected, covering, cues_of
from server.slides.cue_errors import NothingChanges, TimesUnusable
from server.slides.cue_schemas import CueOrder
from server.slides.sync_edit import Wish, decide
from server.web.languages import catalogue
from server.web.timing_texts import timing_texts
from tests.server.web.test_scripts import run

TOTAL_MS = 100_000
SIZES = {"a": 9, "b": 5}
DECKS: list[dict[str, Any]] = [
    {"id": deck, "pages": [{"number": number, "slide": number, "small": ""} for number in range(1, size + 1)]}
    for deck, size in SIZES.items()
]


def a_found(chance: random.Random) -> list[Stretch]:
    """What a matcher might have found: at least two stretches, some without a slide."""
    borders = sorted(chance.sample(range(1000, TOTAL_MS, 500), chance.randint(1, 9)))
    pages = [None if chance.random() < 0.2 else (chance.choice("aab"), chance.randint(1, 5)) for _ in [0, *borders]]
    edges = zip([0, *borders], [*borders, TOTAL_MS], pages, strict=True)
    return [Stretch(start_ms=a, end_ms=b, page=page, confidence=0.9, method="features") for a, b, page in edges]


def an_edit(chance: random.Random, shown: list[Stretch]) -> dict[str, Any]:
    """An edit as the editor sends it, of what is shown."""
    cues = cues_of(shown)
    starts = [cue.start_ms for cue in cues]
    deck = chance.choice("ab")
    kinds = ["set", "none", "delete", "shift", "renumber"] + ["move"] * (2 if len(cues) > 1 else 0)
    match chance.choice(kinds):
        case "set":
            start = chance.randrange(0, TOTAL_MS - 1000, 100)
            end = chance.randrange(start + 100, TOTAL_MS, 100)
            page = chance.randint(1, SIZES[deck])
            return {"op": "set", "start_ms": start, "end_ms": end, "deck": deck, "page": page}
        case "none":
            cue = chance.choice(cues)
            return {"op": "set", "start_ms": cue.start_ms, "end_ms": cue.end_ms, "deck": None, "page": None}
        case "move":
            place = chance.randrange(1, len(cues))
            to = chance.randrange(cues[place - 1].start_ms + 100, cues[place].end_ms - 99, 100)
            return {"op": "move", "from_ms": starts[place], "to_ms": to}
        case "delete":
            return {"op": "delete", "start_ms": chance.choice(starts)}
        case "shift":
            return {"op": "shift", "by_ms": chance.choice([-7000, -300, 400, 5000])}
        case _:
            return {"op": "renumber", "from_ms": chance.choice([*starts, 50_050]), "by": chance.choice([-1, 1, 3])}


def as_cues(shown: list[Stretch]) -> list[dict[str, Any]]:
    """Cues in the form of the API."""
    return [
        {
            "start_ms": cue.start_ms,
            "end_ms": cue.end_ms,
            "deck": cue.page[0] if cue.page else None,
            "page": cue.page[1] if cue.page else None,
            "slide": cue.page[1] if cue.page else None,
            "confidence": round(cue.confidence, 6),
            "method": cue.method,
            "edited": cue.edited,
        }
        for cue in cues_of(shown)
    ]


def test_an_edit_is_shown_as_the_server_makes_it() -> None:
    chance = random.Random(4)
    cases: list[dict[str, Any]] = []
    while len(cases) < 60:  # they must fit a command's arguments
        shown = covering(a_found(chance), TOTAL_MS)
        edit = an_edit(chance, shown)
        try:
            corrections = decide(shown, Wish(**edit), SIZES)
        except (NothingChanges, TimesUnusable):
            continue
        cases.append({"cues": as_cues(shown), "edit": edit, "after": as_cues(corrected(shown, corrections, TOTAL_MS))})
    assert {case["edit"]["op"] for case in cases} == {"set", "move", "delete", "shift", "renumber"}
    script = f"{json.dumps(cases)}.map((one) => m.applyEdit(one.cues, one.edit, {json.dumps(DECKS)}))"
    for case, made in zip(cases, run("studio/slides/edit.js", script), strict=True):
        for cue in made:
            cue["confidence"] = round(cue["confidence"], 6)
        assert made == case["after"], case["edit"]


def test_a_border_stays_between_its_neighbours() -> None:
    cues = '[{"start_ms": 0, "end_ms": 4000}, {"start_ms": 4000, "end_ms": 9000}, {"start_ms": 9000, "end_ms": 9500}]'
    borders = f"m.bordersOf({cues}).map(({{ ms, min, max }}) => [ms, min, max])"
    script = f"[{borders}, m.restOf({cues}, 4200.4), m.covering([], 5000).map((one) => [one.start_ms, one.end_ms])]"
    found, rest, nothing = run("studio/slides/edit.js", script)
    assert found == [[4000, 100, 8900], [9000, 4100, 9400]]
    assert (rest, nothing) == ({"start_ms": 4200, "end_ms": 9000}, [[0, 5000]])


TOLD: list[tuple[dict[str, Any], str, str]] = [
    ({"op": "set", "start_ms": 93_200, "end_ms": 141_000, "deck": "b", "page": 4}, "Page B 4 from 1:33.2 to 2:21.0",
     "Sivu B 4 välillä 1:33.2–2:21.0"),
    ({"op": "set", "start_ms": 0, "end_ms": 1_000}, "No slide from 0:00.0 to 0:01.0",
     "Ei kalvoa välillä 0:00.0–0:01.0"),
    ({"op": "move", "from_ms": 90_000, "to_ms": 95_000}, "The border at 1:30.0 moved to 1:35.0",
     "Raja kohdasta 1:30.0 siirretty kohtaan 1:35.0"),
    ({"op": "delete", "start_ms": 300_000}, "What began at 5:00.0 was joined with its neighbour",
     "Kohdasta 5:00.0 alkanut yhdistetty viereiseensä"),
    ({"op": "shift", "by_ms": -400}, "Everything moved by -0.4 s", "Kaikki siirretty −0,4 s"),
    ({"op": "renumber", "from_ms": 150_000, "by": 1}, "From 2:30.0 on, page numbers +1",
     "Kohdasta 2:30.0 alkaen sivunumerot +1"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "column"), [("en", 1), ("fi", 2)])
def test_history_is_told_in_the_readers_language(language: str, column: int) -> None:
    orders = [to_builtins(CueOrder(**edit[0])) for edit in TOLD]
    entries = [{"asked": order, "words": "-"} for order in orders] + [{"asked": None, "words": "Said long ago"}]
    expression = f"{json.dumps(entries)}.map((one) => m.editText(one, {json.dumps(DECKS)}))"
    texts = timing_texts(catalogue(language).gettext)
    told = run("studio/slides/history.js", expression, texts=texts, language=language)
    assert told == [*(edit[column] for edit in TOLD), "Said long ago"]


def test_what_a_person_said_is_not_unsure() -> None:
    unsure = '[{"start_ms": 2000, "end_ms": 6000, "why": "x"}]'
    edits = "[[0, 2000], [0, 3000], [3000, 4000], [1000, 9000]]"
    left = run(
        "studio/slides/edit.js",
        f"{edits}.map(([start_ms, end_ms]) => m.stillUnsure({unsure}, {{ op: 'set', start_ms, end_ms }})"
        ".map((one) => [one.start_ms, one.end_ms]))",
    )
    assert left == [[[2000, 6000]], [[3000, 6000]], [[2000, 3000], [4000, 6000]], []]


CUES = json.dumps(
    [
        {"start_ms": 0, "end_ms": 10_000, "deck": "a", "page": 3, "confidence": 0.95, "method": "features"},
        {"start_ms": 10_000, "end_ms": 40_000, "deck": "a", "page": 4, "confidence": 0.7, "method": "features"},
        {"start_ms": 40_000, "end_ms": 50_000, "deck": "b", "page": 1, "confidence": 0.3, "method": "features"},
        {"start_ms": 50_000, "end_ms": 60_000, "deck": None, "page": None, "confidence": 0.95, "method": "features"},
        {"start_ms": 60_000, "end_ms": 70_000, "deck": "a", "page": 6, "confidence": 1, "method": "hand"},
        {"start_ms": 70_000, "end_ms": 80_000, "deck": None, "page": None, "confidence": 0, "method": "none"},
    ]
)


def test_a_deck_that_is_dragged_stands_where_it_is_let_go() -> None:
    places = "[5, 99, 100, 350, 900].map((y) => m.placeAmong([100, 200, 300], y))"
    assert run("studio/deck_order.js", f"[{places}, m.placeAmong([], 7)]", texts={}) == [[0, 0, 1, 3, 3], 0]


def test_what_is_most_in_doubt_comes_first() -> None:
    spans = [(12_000, 14_000), (40_000, 50_000), (50_000, 51_000), (72_000, 78_000)]
    unsure = json.dumps([{"start_ms": a, "end_ms": b, "why": "low_confidence", "pages": []} for a, b in spans])
    needs = f"m.needsIn({unsure}, {CUES})"
    ordered = f"{needs}.map((one) => one.start_ms / 1000)"
    walk = f"[null, ...{needs}].map((one) => m.nextNeed({needs}, one).start_ms / 1000)"
    found = run("studio/slides/needs.js", f"[{ordered}, {walk}, m.nextNeed([], null), {CUES}.map(m.kindOf)]")
    assert found == [
        [40, 72, 12, 50],
        [40, 72, 12, 50, 40],
        None,
        ["sure", "fair", "unsure", "none", "hand", "unknown"],
    ]


def test_candidates_are_what_the_matcher_names_then_what_is_around() -> None:
    around: dict[str, Any] = {"start_ms": 10_000, "end_ms": 40_000, "deck": "a", "pages": [5, 4, 99]}
    none: dict[str, Any] = {"start_ms": 50_000, "end_ms": 60_000, "deck": None, "pages": []}
    stretches = json.dumps([around, none, around | {"pages": list(range(1, 10))}])
    script = f"{stretches}.map((one) => m.candidatesFor(one, {CUES}, {json.dumps(DECKS)}).map((p) => p.deck + p.page))"
    named, unnamed, many = run("studio/slides/needs.js", script)
    assert named == ["a5", "a4", "a3", "b1"]
    assert unnamed == ["b1", "a6", "b2"]
    assert len(many) == 9


def test_the_line_is_measured_and_borders_snap() -> None:
    script = """(() => {
      const s = new m.Scale(900_000, 1200);
      const whole = [s.x(450_000), s.ms(1200), s.ms(-5)];
      const { step, moments } = s.ticks(0, 900_000);
      s.share = 1;
      const near = [Math.round(s.x(1000)), s.share, s.zoom === s.most];
      const snaps = [m.snapped(980, 50, [1000], [985]), m.snapped(900, 50, [1000]), m.snapped(7, 0, [7])];
      return { whole, ruler: [step, moments.length], near, snaps, scenes: m.scenesIn([0, 4000, 8000], [0, 30, 1]),
        clock: [0, 59_960, 83_449, 3_723_400].map((ms) => m.clock(ms)) };
    })()"""
    assert run("studio/slides/scale.js", script) == {
        "whole": [600, 900_000, 0],
        "ruler": [60_000, 16],
        "near": [200, 1, True],
        "snaps": [1000, 900, 7],
        "scenes": [4000],
        "clock": ["0:00.0", "1:00.0", "1:23.4", "1:02:03.4"],
    }


EDITS = """await (async () => {
  const log = [];
  const cues = [{ start_ms: 0, end_ms: 9000, deck: "a", page: 1, confidence: 1 }];
  const server = { version: 3, cues, decks: [], unsure: [] };
  let trouble = null;
  const call = async (method, path, { body, version } = {}) => {
    log.push([method, path.replace("/api/v1/sessions/s", ""), version ?? null]);
    if (path.endsWith("/history")) return { data: { items: [{ by: "Aino", words: "Page 2" }] } };
    if (method === "POST" && trouble) throw trouble;
    if (method === "POST") server.version += 1;
    return { data: { ...server } };
  };
  const heard = [];
  const trouble_of = (kind, about) => heard.push([kind, about.dropped?.length ?? about.count]);
  const edits = new m.Edits("s", call, { changed() {}, trouble: trouble_of });
  await edits.load();
  const set = (page) => ({ op: "set", start_ms: 1000, end_ms: 2000, deck: "a", page });
  %s
})()"""


def test_edits_go_one_after_the_other_each_with_the_version_before() -> None:
    script = "await Promise.all([edits.edit(set(2)), edits.edit(set(3)), edits.undo()]); return [log, edits.state]"
    log, state = run("studio/slides/edits.js", EDITS % script)
    assert log == [["GET", "/slides", None], ["POST", "/cues", 3], ["POST", "/cues", 4], ["POST", "/cues/undo", 5]]
    assert state == "saved"


def test_what_cannot_be_sent_is_kept_shown_and_sent_later() -> None:
    script = """
      trouble = new TypeError("network");
      await edits.edit(set(2));
      const kept = [edits.state, edits.cues.map((cue) => cue.page), heard[0]];
      trouble = null;
      await edits.run();
      return [...kept, edits.state, log.filter(([method]) => method === "POST").length];"""
    assert run("studio/slides/edits.js", EDITS % script) == ["unsaved", [1, 2, 1], ["unsaved", 1], "saved", 2]


def test_who_was_quicker_is_shown_and_what_was_not_done_is_handed_back() -> None:
    script = """
      trouble = Object.assign(new Error("stale"), { status: 412, code: "stale" });
      const both = [edits.edit(set(2)), edits.edit(set(3))];
      server.version = 9;
      await Promise.all(both);
      return [heard, edits.state, edits.data.version];"""
    assert run("studio/slides/edits.js", EDITS % script) == [[["conflict", 2]], "saved", 9]


def test_nothing_to_undo_is_nobodys_doing() -> None:
    script = """
      trouble = Object.assign(new Error("nothing"), { status: 409, code: "cues.nothing_to_undo" });
      await edits.undo();
      return heard;"""
    assert run("studio/slides/edits.js", EDITS % script) == [["refused", 1]]
