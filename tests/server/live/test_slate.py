"""The slate: drawn, encoded once, repeated without end."""

from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest

from server.live import slate as making
from server.live.slate import Slate, make_slate, slate_feed
from server.media.ffmpeg import Ffmpeg, find_ffmpeg
from server.media.live import Layout
from server.media.live_ladder import layout_of
from server.media.segmenter import Segmenter
from server.media.slate_picture import INK, PAPER, draw_slate, sentences_for
from tests.server.media.live_inputs import pictures, sound
from tests.server.media.row_check import check

TEXTS = ["Palaamme pian", "Vi är strax tillbaka", "We will be right back"]
BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def program() -> Ffmpeg:
    return find_ffmpeg()


def layout(rate: str = "25/1") -> Layout:
    return layout_of(320, 180, rate, short_sides=(180, 90))


@pytest.mark.ffmpeg
@pytest.mark.parametrize("rate", ["25/1", "30000/1001"])
async def test_it_goes_on_without_end_on_the_grid(rate: str, program: Ffmpeg, tmp_path: Path) -> None:
    words = layout(rate)
    slate = await make_slate(program, words, TEXTS, tmp_path)
    segmenter = Segmenter(words)
    segmenter.begin(BEGAN, slate=True)
    rows = [row for part in islice(slate_feed(words, slate), 19) for s in part for row in segmenter.push(*s)]
    # Each part makes one row, at once.
    assert len(rows) == 19
    assert segmenter.end() == []
    check(segmenter, rows)
    assert [row.pieces["90p"].independent for row in rows] == [row.part in (0, 4) for row in rows]
    data = [segmenter.inits["90p", rows[0].inits["90p"]], *(row.pieces["90p"].data for row in rows)]
    shown = list(pictures(data))
    assert len(shown) == sum(words.part_frames) * 2 + sum(words.part_frames[:3])
    for place, (at, _, is_keyframe) in enumerate(shown):
        assert abs(at - place / words.rate) <= Fraction(1, 90_000)
        assert is_keyframe == (place % (words.segment_frames // 2) == 0)
    audio = [segmenter.inits["audio", rows[0].inits["audio"]], *(row.pieces["audio"].data for row in rows)]
    assert not any(sound(audio)[1])


@pytest.mark.ffmpeg
async def test_it_is_encoded_once(program: Ffmpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await make_slate(program, layout(), TEXTS, tmp_path)

    async def refuse(*_: object, **__: object) -> None:
        pytest.fail("it is there already")

    with monkeypatch.context() as patched:
        patched.setattr(making, "run", refuse)
        assert await make_slate(program, layout(), TEXTS, tmp_path) == first
    # Cut off by a full disk: it is made again, and nothing is left beside it.
    (kept,) = tmp_path.iterdir()
    (kept / "90p.mp4").write_bytes((kept / "90p.mp4").read_bytes()[:500])
    assert await make_slate(program, layout(), TEXTS, tmp_path) == first
    assert list(tmp_path.iterdir()) == [kept]
    other = await make_slate(program, layout(), ["Back soon"], tmp_path)
    assert other != first


async def test_a_broadcast_of_sound_alone_needs_no_encoder(program: Ffmpeg, tmp_path: Path) -> None:
    words = layout_of(0, 0, "", has_video=False)
    slate: Slate = await make_slate(program, words, TEXTS, tmp_path / "not there")
    assert not (tmp_path / "not there").exists()
    segmenter = Segmenter(words)
    segmenter.begin(BEGAN, slate=True)
    rows = [row for part in islice(slate_feed(words, slate), 9) for s in part for row in segmenter.push(*s)]
    assert len(rows) == 9
    check(segmenter, rows)


def test_the_sentence_is_said_in_the_events_languages() -> None:
    assert sentences_for(["fi", "sv-FI", "en"]) == TEXTS
    assert sentences_for(["fi", "fi"]) == TEXTS[:1]
    assert sentences_for(["et"]) == sentences_for([]) == TEXTS[2:]


@pytest.mark.parametrize("size", [(1920, 1080), (320, 180), (180, 320), (64, 36)])
def test_all_of_it_is_within_the_picture(size: tuple[int, int]) -> None:
    picture = draw_slate(["A sentence that is much too long for one line of any slate, and then some", *TEXTS], *size)
    assert picture.size == size
    width, height = size
    edges = [picture.getpixel((x, y)) for x in (0, width // 40, width - 1) for y in range(height)]
    assert set(edges) == {PAPER}
    if min(size) > 720:
        assert INK in {colour for _, colour in picture.getcolors(1 << 24)}


def test_letters_that_the_face_lacks_are_left_out() -> None:
    assert draw_slate(["Pian \u2603 ä"], 320, 180).tobytes() == draw_slate(["Pian ä"], 320, 180).tobytes()
    assert draw_slate(["ёlka", "йöй"], 320, 180).tobytes() == draw_slate(["lka", "ö"], 320, 180).tobytes()
