"""The pure parts of what shows slides beside the video, run by Node."""

import json
from typing import Any

from tests.server.web.test_scripts import run


def cue(start_s: float, end_s: float, page: int | None, *, slide: int | None = None, deck: str = "d") -> dict[str, Any]:
    """A cue as the API has it."""
    return {
        "start_ms": round(start_s * 1000),
        "end_ms": round(end_s * 1000),
        "deck": deck if page is not None else None,
        "page": page,
        "slide": (slide or page) if page is not None else None,
    }


# Page 2 and 3 are steps of slide 2; nothing is known from 30 to 32; a demo without slides; back to page 1.
CUES = json.dumps(
    [
        cue(0, 10, 1),
        cue(10, 20, 2),
        cue(20, 30, 3, slide=2),
        cue(32, 40, None),
        cue(40, 50, 1),
        cue(50, 60, 4, slide=3),
        cue(60, 70, 1),
    ]
)


def test_the_page_of_a_moment_is_found() -> None:
    moments = "[-1, 0, 9999, 10000, 29999, 30000, 32000, 45000, 69999, 70000]"
    assert run("slides/cues.js", f"{moments}.map((ms) => m.pageAt({CUES}, ms)?.page ?? null)") == [
        None, 1, 1, 2, 3, None, None, 1, 1, None,
    ]  # fmt: skip
    assert run("slides/cues.js", "[m.pageAt([], 5), m.cueAt([], 5), m.nextBorder([], 5)]") == [None, None, None]
    last = f"[-1, 31000, 35000, 39999, 99999].map((ms) => m.lastPageAt({CUES}, ms)?.page ?? null)"
    assert run("slides/cues.js", last) == [None, 3, 3, 3, 1]


def test_the_next_border_is_where_anything_changes() -> None:
    moments = "[-1, 0, 9999, 29999, 30000, 32000, 69999, 70000]"
    assert run("slides/cues.js", f"{moments}.map((ms) => m.nextBorder({CUES}, ms))") == [
        0, 10000, 10000, 30000, 32000, 40000, 70000, None,
    ]  # fmt: skip


def test_clicks_step_through_all_times_a_page_is_shown() -> None:
    found = run("slides/cues.js", f"m.occurrencesOf({CUES}, 'd', new Set([1]))")
    assert [one["start_ms"] for one in found] == [0, 40_000, 60_000]
    steps = run("slides/cues.js", f"m.occurrencesOf({CUES}, 'd', new Set([2, 3]))")
    assert steps == [{"start_ms": 10_000, "end_ms": 30_000}], "build steps that follow each other are one stretch"
    assert run("slides/cues.js", f"m.occurrencesOf({CUES}, 'other', new Set([1]))") == []
    clicks = f"[35000, 0, 45000, 65000].map((ms) => m.nextOccurrence({json.dumps(found)}, ms))"
    assert run("slides/cues.js", clicks) == [0, 40_000, 60_000, 0]
    assert run("slides/cues.js", "m.nextOccurrence([], 5)") is None


def test_build_steps_are_one_slide_and_decks_follow_each_other() -> None:
    pages = [(1, 1, "Title"), (2, 2, ""), (3, 2, "Steps"), (4, 3, "")]
    decks = [
        {"id": "d", "pages": [{"number": n, "slide": slide, "title": title} for n, slide, title in pages]},
        {"id": "e", "pages": [{"number": 1, "slide": 3, "title": "Other"}]},
        {"id": "f", "pages": None},
    ]
    slides = run("slides/cues.js", f"m.slidesOf({json.dumps(decks)})")
    assert [(one["deck"], one["slide"], [page["number"] for page in one["pages"]], one["title"]) for one in slides] == [
        ("d", 1, [1], "Title"),
        ("d", 2, [2, 3], "Steps"),
        ("d", 3, [4], ""),
        ("e", 3, [1], "Other"),
    ]
    found = run("slides/cues.js", f"m.pagesOf({json.dumps(decks)}).map((page) => [page.index, page.deck, page.number])")
    assert found == [[0, "d", 1], [1, "d", 2], [2, "d", 3], [3, "d", 4], [4, "e", 1]]
    changes = run("slides/cues.js", f"m.slideChanges({CUES}).map((one) => one.start_ms)")
    assert changes == [0, 10_000, 40_000, 50_000, 60_000]


def test_slides_are_asked_for_with_their_tag_and_a_lost_network_is_no_news() -> None:
    script = """await (async () => {
      const asked = [];
      const answers = [
        new Response('{"state": "matching"}', { headers: { ETag: '"v1"' } }),
        new Response(null, { status: 304 }),
        new Response(null, { status: 304 }),
        "away",
        new Response('{"state": "ready"}', { headers: { ETag: '"v2"' } }),
        new Response(null, { status: 503 }),
      ];
      const source = new m.SlidesSource("/s", async (url, { headers }) => {
        asked.push(headers["If-None-Match"] ?? "");
        const answer = answers[asked.length - 1];
        if (answer === "away") throw new TypeError("no network");
        return answer;
      });
      const seen = [source.unsettled];
      // Whoever hears of a change while it asks gets an answer that was asked for later, all of them the same.
      const all = await Promise.all([source.refresh(), source.refresh(), source.refresh()]);
      seen.push(...all, source.unsettled, await source.refresh(), await source.refresh());
      seen.push(await source.refresh({ anew: true }), source.unsettled, await source.refresh());
      return { asked, seen, data: source.data };
    })()"""
    value = run("slides/cues.js", script)
    assert value["asked"] == ["", '"v1"', '"v1"', '"v1"', "", '"v2"']
    assert value["seen"] == [True, True, False, False, True, False, False, True, False, False]
    assert value["data"] == {"state": "ready"}


def test_words_become_lines_that_end_with_the_line_or_the_column() -> None:
    words = [
        [0.1, 0.1, 0.2, 0.14, "Still"],
        [0.21, 0.1, 0.3, 0.145, "pictures"],
        [0.7, 0.1, 0.8, 0.14, "right"],  # another column
        [0.1, 0.2, 0.2, 0.24, "second"],
        [0.3, 0.5, 0.4, 0.54, "שלום"],  # from right to left
        [0.2, 0.5, 0.29, 0.54, "עולם"],
    ]
    lines = run("slides/lines.js", f"m.linesOf({json.dumps(words)}, 1600, 900)")
    assert [line["text"] for line in lines] == ["Still pictures", "right", "second", "שלום עולם"]
    assert [round(lines[3][side], 3) for side in ("x", "y", "width", "height")] == [0.2, 0.5, 0.2, 0.04]
    assert run("slides/lines.js", "m.linesOf([], 4, 3)") == []
    # A word has the room up to the next one, from wherever the line is read; the last has its own.
    every = f"{json.dumps(lines)}.map(({{ words }}) => words.map((_, at) => m.roomOf(words, at)))"
    rooms = run("slides/lines.js", every)
    assert [[round(room, 3) for room in line] for line in rooms] == [[0.11, 0.09], [0.1], [0.1], [0.11, 0.09]]


def test_only_addresses_of_the_web_are_linked() -> None:
    targets = ["https://e.org/a", "http://e.org", "javascript:alert(1)", "file:///etc/passwd", "mailto:a@e.org", "x", 7]
    assert run("slides/lines.js", f"{json.dumps(targets)}.map(m.safeAddress)") == [
        "https://e.org/a", "http://e.org/", None, None, None, None, None,
    ]  # fmt: skip


def test_links_to_pages_are_read_and_written() -> None:
    texts = ["12", "2.7", "0", "0.3", "x", "", "3.", "-1", "123456"]
    assert run("slides/link.js", f"{json.dumps(texts)}.map(m.parseSlide)") == [
        {"deck": 1, "page": 12}, {"deck": 2, "page": 7}, None, None, None, None, None, None, None,
    ]  # fmt: skip
    decks = json.dumps([{"id": "d", "pages": [{"number": 1}]}, {"id": "e", "pages": [{"number": 1}, {"number": 2}]}])
    found = run("slides/link.js", f"['1', '2', '2.2', '3.1'].map((text) => m.linkedPage({decks}, text))")
    assert found == [{"deck": "d", "page": 1}, None, {"deck": "e", "page": 2}, None]
    made = f"m.slideLink('https://e.org/a/sessions/b?t=4s&lang=fi', {decks}, {{ deck: 'e', page: 2 }})"
    assert run("slides/link.js", made) == "https://e.org/a/sessions/b?lang=fi&slide=2.2"


def test_live_cues_last_until_the_next_one() -> None:
    live = """[
      {at: "2027-05-20T10:00:04.5+00:00", deck: "d", page: 2}, {at: "2027-05-20T10:00:00Z", deck: "d", page: 1},
      {at: "2027-05-20T10:00:09Z", deck: null, page: null}]"""
    begin = 1_810_807_200_000
    found = run("slides/cues.js", f"m.liveCues({live}).map((one) => [one.start_ms, one.end_ms, one.page])")
    assert found == [[begin, begin + 4500, 1], [begin + 4500, begin + 9000, 2], [begin + 9000, None, None]]
    pages = f"[-1, 0, 4499, 4500, 99999].map((ms) => m.lastPageAt(m.liveCues({live}), {begin} + ms)?.page ?? null)"
    assert run("slides/cues.js", pages) == [None, 1, 1, 2, 2]
    borders = f"[0, 5000, 9000, NaN].map((ms) => m.nextBorder(m.liveCues({live}), {begin} + ms))"
    assert run("slides/cues.js", borders) == [begin + 4500, begin + 9000, None, None]


def test_who_has_rewound_into_an_earlier_talk_has_its_slides() -> None:
    stretches = """[
      {starts_at: "2027-05-20T10:00:00Z", ends_at: "2027-05-20T10:30:00Z", slides: "first"},
      {starts_at: "2027-05-20T10:30:00Z", ends_at: null, slides: "second"}]"""
    minutes = [0, 29, 30, 45]
    walls = f"{minutes}.map((minute) => Date.UTC(2027, 4, 20, 10, minute))"
    asked = f"[...{walls}, NaN].map((wall) => m.slidesAt({stretches}, wall, 'now'))"
    assert run("live/timeline.js", asked) == ["first", "first", "now", "now", "now"]
