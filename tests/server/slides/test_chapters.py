"""Chapters: guessed from slides or written by people, in the player and as WebVTT; a person goes before the file."""

import httpx
import pytest

from server.core.runtime import Runtime
from server.media.chapters import read_webvtt_chapters
from server.playback.models import ChapterList
from server.recordings.models import Recording
from server.slides.chapters import SlideName, guess_chapters
from server.slides.correct import Cue
from tests.server.slides.talk_with_slides import Talk
from tests.server.uploads.world import make_world

NAMES = {
    ("d", 1): SlideName(1, "Cranes", "1"),
    ("d", 2): SlideName(2, "How we counted", "2"),
    ("d", 3): SlideName(2, "How we counted: at night", "2"),
    ("d", 4): SlideName(3, "", "3"),
    ("d", 5): SlideName(4, "Results", "4"),
    ("d", 6): SlideName(5, "Results", "5"),
}


def cues(*rows: tuple[int, int | None], end: int = 600) -> list[Cue]:
    ends = [start for start, _page in rows[1:]] + [end]
    return [
        Cue(start_ms=start * 1000, end_ms=last * 1000, page=("d", page) if page else None, confidence=1, method="x",
            edited=False)
        for (start, page), last in zip(rows, ends, strict=True)
    ]  # fmt: skip


def guessed(*rows: tuple[int, int | None], names: dict[tuple[str, int], SlideName] = NAMES) -> list[tuple[int, str]]:
    return [(one.start_ms // 1000, one.title) for one in guess_chapters(cues(*rows), names, 600_000)]


def test_a_chapter_a_logical_slide() -> None:
    assert guessed((0, None), (40, 1), (100, 2), (130, 3), (200, None), (220, 5)) == [
        (0, "Cranes"), (100, "How we counted"), (220, "Results")
    ]  # fmt: skip
    assert guessed((0, None), (70, 1), (100, 2)) == [(70, "Cranes"), (100, "How we counted")]


def test_short_untitled_and_repeated_slides_go_on_with_the_chapter_before() -> None:
    assert guessed((0, 1), (60, 2), (69, 1), (90, 4), (200, 5), (300, 6), (400, 1)) == [
        (0, "Cranes"), (200, "Results"), (400, "Cranes")
    ]  # fmt: skip
    assert guessed((0, 1), (100, 5), (109, 1), (112, 5)) == [(0, "Cranes"), (112, "Results")]


def test_a_short_recording_has_shorter_chapters() -> None:
    shown = cues((0, 1), (9, 2), (12, 5), (20, 1), end=60)
    assert [one.title for one in guess_chapters(shown, NAMES, 60_000)] == [
        "Cranes",
        "How we counted",
        "Results",
        "Cranes",
    ]
    assert guess_chapters(cues((0, 1), (9, 2), (11, 5), end=60), NAMES, 60_000)[1].title == "Results"


def test_a_talk_without_slides_has_no_chapters_and_one_without_titles_has_labels() -> None:
    assert guessed((0, None)) == [] and guessed((0, 1)) == [] and guessed((0, 1), (300, None)) == []
    plain = {page: SlideName(name.slide, "", name.label if page[1] > 1 else "") for page, name in NAMES.items()}
    assert guessed((0, 1), (100, 2), (200, 4), names=plain) == [(0, "1"), (100, "2"), (200, "3")]


# What these run of the database is run on both by the others.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def talk(client: httpx.AsyncClient, runtime: Runtime) -> Talk:
    return Talk(client, runtime, await make_world(runtime.database))


GUESS = [
    (0, "Cranes in autumn"), (90_000, "How we counted"), (240_000, "What we found"), (400_000, "Thank you")
]  # fmt: skip
WRITTEN = [(5_000, "Welcome"), (70_000, "Käsitteet & <b>")]


async def played(talk: Talk) -> list[tuple[int, str]]:
    """What the player is given, in JSON and as WebVTT: the same."""
    shown = (await talk.client.get(f"{talk.root}/playback")).json()
    chapters = [(one["start_ms"], one["title"]) for one in shown["chapters"]]
    if not chapters:
        assert shown["chapters_src"] is None
        return []
    text = await talk.client.get(shown["chapters_src"])
    assert [(one.start_ms, one.title) for one in read_webvtt_chapters(text.content)] == chapters
    return chapters


async def write(talk: Talk, *chapters: tuple[int, str], who: str = "speaker") -> httpx.Response:
    body = [{"start_ms": start, "title": title} for start, title in chapters]
    return await talk.client.put(f"{talk.root}/chapters", json=body, headers=talk.world.askers[who])


async def test_a_persons_list_goes_before_the_files_and_that_before_the_guess(talk: Talk) -> None:
    await talk.matched()
    view = await talk.look()
    assert [(one["start_ms"], one["title"], one["edited"]) for one in view["chapters"]] == [
        (start, title, False) for start, title in GUESS
    ]
    assert await played(talk) == GUESS
    async with talk.runtime.database.write() as db:
        db.add(ChapterList(recording_id=talk.recording, chapters=[[0, "One"], [9_000, "Two"]]))
    assert await played(talk) == [(0, "One"), (9_000, "Two")]
    assert (await write(talk, *WRITTEN, who="stranger")).status_code == 403
    said = await write(talk, *WRITTEN)
    assert said.json()["version"] == view["version"] + 1
    assert [(one["title"], one["edited"]) for one in said.json()["chapters"]] == [
        (title, True) for _start, title in WRITTEN
    ]
    assert await played(talk) == WRITTEN
    assert (await write(talk)).json()["chapters"] == [] and await played(talk) == []
    back = await talk.client.delete(f"{talk.root}/chapters", headers=talk.world.askers["speaker"])
    assert [one["title"] for one in back.json()["chapters"]] == [title for _start, title in GUESS]


@SQLITE
async def test_chapters_follow_corrections_and_borders(talk: Talk) -> None:
    deck = await talk.matched()
    await talk.edit(op="set", start_ms=240_000, end_ms=400_000, deck=deck, page=3)
    assert await played(talk) == [GUESS[0], GUESS[1], GUESS[3]]
    await write(talk, *WRITTEN, (300_000, "The end"))
    async with talk.runtime.database.write() as db:
        row = await db.get_one(Recording, talk.recording)
        row.cut = [{"source_id": talk.source, "start_ms": 80_000, "end_ms": 480_000}]
        row.duration_ms = 400_000
    assert await played(talk) == [(0, "Käsitteet & <b>"), (220_000, "The end")]


@SQLITE
async def test_lists_that_cannot_be_kept_are_refused_in_words(talk: Talk) -> None:
    assert (await write(talk, (0, "A"))).json()["code"] == "cues.no_recording"
    await talk.matched()
    for wrong, words in (
        ([(480_000, "Late")], "outside the recording"),
        ([(-1, "Early")], "outside the recording"),
        ([(5, "  ")], "needs a title"),
        ([(5, "x" * 301)], "300 characters"),
        ([(5, "A"), (5, "B")], "same time"),
        ([(number, "A") for number in range(1001)], "1000 chapters"),
    ):
        answer = await write(talk, *wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "chapters.unusable"), wrong[:2]
        assert words in answer.json()["detail"]
