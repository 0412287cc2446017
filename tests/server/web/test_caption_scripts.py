"""The pure parts of the caption editor, run by Node; what is remarkable is the same there and here."""

import json
import random
from typing import Any

from server.media.captions import Cue
from server.media.captions_check import remarks_on
from server.media.captions_text import clean_text
from tests.server.web.test_scripts import run

CUES = "studio/captions/cues.js"
WORDS = "studio/captions/words.js"


def cue(start_ms: int, end_ms: int, text: str) -> dict[str, Any]:
    return {"start_ms": start_ms, "end_ms": end_ms, "text": text, "settings": ""}


THREE = json.dumps([cue(0, 1000, "One two"), cue(2000, 4000, "<i>Three four</i> five"), cue(4000, 5000, "Six")])


def told(expression: str) -> Any:
    """What an act makes of the three cues: [[start, end, text], …] and the place of the one in hand."""
    made = f"((one) => [one.cues.map((cue) => [cue.start_ms, cue.end_ms, cue.text]), one.at])({expression})"
    return run(CUES, made)


def test_acts_on_cues() -> None:
    one, two, three = [0, 1000, "One two"], [2000, 4000, "<i>Three four</i> five"], [4000, 5000, "Six"]
    found = run(
        CUES,
        f"""[
          m.split({THREE}, 0, {{place: 3}}), m.split({THREE}, 1, {{ms: 3000}}), m.split({THREE}, 2),
          m.merge({THREE}, 1), m.merge({THREE}, 2), m.insert({THREE}, 1500), m.insert({THREE}, 9000),
          m.split([{{start_ms: 0, end_ms: 1000, text: "<v Ada L>Hi <b>you</b> there"}}], 0),
          m.split({THREE}, 1, {{place: 1}}),
          m.remove({THREE}, 2), m.setTimes({THREE}, 0, {{start_ms: 4500}}), m.setTimes({THREE}, 1, {{end_ms: 1000}}),
        ].map((one) => [one.cues.map((cue) => [cue.start_ms, cue.end_ms, cue.text]), one.at])""",
    )
    assert found == [
        [[[0, 429, "One"], [429, 1000, "two"], two, three], 1],
        [[one, [2000, 3000, "<i>Three four</i>"], [3000, 4000, "five"], three], 2],
        [[one, two, [4000, 4900, "Six"], [4900, 5000, ""]], 3],
        [[one, [2000, 5000, "<i>Three four</i> five Six"]], 1],
        [[one, two, three], 2],
        [[one, [1500, 2000, ""], two, three], 1],
        [[one, two, three, [9000, 11_000, ""]], 3],
        [[[0, 500, "<v Ada L>Hi <b>you</b>"], [500, 1000, "<v Ada L>there"]], 1],
        [[one, [2000, 2200, "<i></i>"], [2200, 4000, two[2]], three], 2],
        [[one, two], 1],
        [[two, three, [4500, 5500, "One two"]], 2],
        [[one, [900, 1000, two[2]], three], 1],
    ]


def test_all_of_them() -> None:
    found = run(
        CUES,
        f"""[m.shift({THREE}, -500), m.shift({THREE}, 250, 1), m.replaced({THREE}, "T", "d"),
          m.replaced({THREE}, "t", "$&", {{exact: true, at: 0}}), m.replaced({THREE}, ".", "x")]
          .map((one) => [one.cues.map((cue) => `${{cue.start_ms}} ${{cue.text}}`), one.by ?? one.count])""",
    )
    assert found == [
        [["0 One two", "2000 <i>Three four</i> five", "4000 Six"], 0],  # none begins before the recording does
        [["0 One two", "2250 <i>Three four</i> five", "4250 Six"], 250],
        [["0 One dwo", "2000 <i>dhree four</i> five", "4000 Six"], 2],
        [["0 One $&wo", "2000 <i>Three four</i> five", "4000 Six"], 1],
        [["0 One two", "2000 <i>Three four</i> five", "4000 Six"], 0],
    ]
    assert run(CUES, f"[[0, 1500, 3000, 9000].map((ms) => m.nearest({THREE}, ms)), m.nearest([], 5)]") == [
        [0, 0, 1, 2],
        -1,
    ]
    assert run(CUES, f"m.finding({THREE}, 'FIVE')") == [1]


def test_what_two_people_did_is_put_together_where_it_can_be() -> None:
    mine = f"m.setText({THREE}, 0, 'Mine').cues"
    theirs = f"m.setText({THREE}, 2, 'Theirs').cues"
    same = f"m.setText({THREE}, 0, 'Theirs').cues"
    over = f"m.insert({THREE}, 500).cues"
    found = run(
        CUES,
        f"""[[{mine}, {theirs}], [{mine}, {same}], [{mine}, {over}], [{mine}, {THREE}]]
          .map(([a, b]) => m.together({THREE}, a, b)?.map((cue) => cue.text) ?? null)""",
    )
    three = "<i>Three four</i> five"
    assert found == [["Mine", three, "Theirs"], None, None, ["Mine", three, "Six"]]


def test_steps_are_undone_one_by_one_and_typing_at_once() -> None:
    expression = """(() => {
      const steps = new m.Steps(["a"]);
      const type = (text, moment) => steps.take([text], {at: 0, kind: "text 0", moment});
      type("ab", 0); type("abc", 500); type("abcd", 5000);
      const seen = [];
      while (steps.canUndo) { steps.undo(); seen.push(steps.cues[0]); }
      steps.redo(); seen.push(steps.cues[0]);
      type("x", 5100); seen.push(steps.canRedo); steps.undo(); seen.push(steps.cues[0]);
      return seen;
    })()"""
    assert run("studio/captions/steps.js", expression) == ["abc", "a", "abc", False, "abc"]


def test_words_and_times_are_read_as_people_type_them() -> None:
    kept = ["A &amp; b", "1 &lt; 2 &gt; 1", "&lt;b&gt; is a tag", "<i>x</i>", "&amp;lt;", "a&nbsp;b"]
    shown = run(WORDS, f"{json.dumps(kept)}.map(m.typed)")
    assert shown == ["A & b", "1 < 2 > 1", "&lt;b> is a tag", "<i>x</i>", "&amp;lt;", "a\u00a0b"]
    assert [clean_text(text)[0] for text in shown] == kept  # what is sent back is what was there
    texts = ["1:02:03.4", "62:03,045", "83.25", "7", "", "x", "1:2:3:4", "-1"]
    assert run(WORDS, f"{json.dumps(texts)}.map(m.timeIn)") == [
        3_723_400, 3_723_045, 83_250, 7000, None, None, None, None,
    ]  # fmt: skip
    assert run(WORDS, "[0, 83250, 3723400].map(m.timeText)") == ["0:00.000", "1:23.250", "1:02:03.400"]


def test_remarks_are_those_of_the_server() -> None:
    chance = random.Random(5)
    cues, at = [], 0
    for _ in range(200):
        start = max(0, at + chance.randint(-300, 800))
        at = start + chance.randint(200, 4000)
        words = " ".join("ä" * chance.randint(1, 9) for _ in range(chance.randint(1, 14)))
        cues.append(
            Cue(start, at, clean_text(words.replace(" ", "\n", 1) + chance.choice(["", " & <i>so</i>", " 😀"]))[0])
        )
    cues.sort(key=lambda one: (one.start_ms, one.end_ms))
    total = at - 5000
    here = [[one.cue, one.code] for one in remarks_on(cues, total)]
    sent = json.dumps([cue(one.start_ms, one.end_ms, one.text) for one in cues])
    there = run(
        "studio/captions/remarks.js",
        f"m.remarksOn({sent}, {total}).flatMap((codes, at) => codes.map((code) => [at, code]))",
    )
    assert there == here and {code for _at, code in here} == {"overlap", "too_fast", "long_line", "beyond_end"}
