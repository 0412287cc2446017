"""What is looked at of a live stream, and what is left out when there is no time."""

import asyncio
import io
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from server.media.boxes import read_boxes
from server.media.slidematch.live import LiveMatch
from server.media.slidematch.live_eye import Eye, pictures_to_look_at
from server.media.slidematch.live_parts import LivePart, Told, Waiting, pack_part, read_part
from tests.clips import ffmpeg_exe
from tests.server.media.slidematch.looks import Picture, text_page, write_deck

QUIET = [200] * 12


def part(number: int, *, is_key: bool = False) -> LivePart:
    return LivePart(number=number, is_key=is_key, start=number * 45_000, wall_us=number, init=b"i", data=b"d")


@pytest.mark.parametrize(
    ("sizes", "first", "before", "is_undecided", "wanted"),
    [
        ([9000, *QUIET], 0, (), False, (0,)),  # a keyframe, and nothing happens behind it
        ([9000, *QUIET, *QUIET], 13, QUIET, False, ()),
        ([9000, *QUIET, 200, 200, 7000, 900, 200], 13, QUIET, False, (15, 17)),  # a page in the middle of a part
        ([9000, 200, 8000, 200], 0, QUIET, False, (0, 2, 3)),  # and right behind the keyframe
        ([9000, *QUIET, 200, 800], 13, QUIET, False, ()),  # a pointer moves: small beside the keyframe
        ([9000, *[3000] * 12, 3500], 13, [3000] * 40, False, ()),  # somebody moves all the time
        ([9000, *QUIET, 200, 200], 13, QUIET, True, (14,)),  # not decided: the newest picture
        ([9000], 0, (), False, (0,)),
    ],
)
def test_which_pictures_are_looked_at(
    sizes: list[int], first: int, before: list[int], is_undecided: bool, wanted: tuple[int, ...]
) -> None:
    assert pictures_to_look_at(sizes, first, before, is_undecided=is_undecided) == wanted


async def test_what_is_not_looked_at_in_time_is_left_out_and_nothing_piles_up() -> None:
    waiting = Waiting()
    taken = asyncio.create_task(waiting.take())
    await asyncio.sleep(0)
    waiting.add(part(0, is_key=True))
    assert (await taken).number == 0
    for number in range(1, 400):
        waiting.add(part(number, is_key=number % 4 == 0))
    assert [(await waiting.take()).number for _ in range(4)] == [396, 397, 398, 399]
    assert waiting.skipped == 395
    waiting.begin_again()  # another child
    assert [(await waiting.take()).number for _ in range(2)] == [396, 397]
    for number in range(1, 100):  # a stream without keyframes
        waiting.add(part(number))
    assert (await waiting.take()).number > 90


def test_parts_go_through_a_pipe() -> None:
    sent = [part(1, is_key=True), part(2)]
    pipe = io.BytesIO(b"".join(map(pack_part, sent)) + b"\0\0\0\x09cut")
    assert [read_part(pipe) for _ in range(3)] == [*sent, None]
    with pytest.raises(ValueError, match="bytes"):
        read_part(io.BytesIO(b"\xff\xff\xff\xff"))


@pytest.fixture(scope="module")
def pages() -> list[Picture]:
    return [text_page(seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def stream(pages: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> list[LivePart]:
    """Six seconds as parts of half a second: the second page from 2.6 s on; a keyframe every two seconds."""
    path = tmp_path_factory.mktemp("live") / "stream.mp4"
    raw = [cv2.cvtColor(page, cv2.COLOR_GRAY2BGR) for page in pages]
    frames = b"".join(np.ascontiguousarray(raw[at >= 65]).tobytes() for at in range(150))
    command = [
        ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "640x360",
        "-r", "25", "-i", "pipe:0", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "50",
        "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-movflags", "frag_every_frame+empty_moov+default_base_moof",
        str(path),
    ]  # fmt: skip
    subprocess.run(command, input=frames, check=True)
    data, init, fragments = path.read_bytes(), b"", []
    for box in read_boxes(memoryview(data)):
        whole = data[box.start : box.start + box.size]
        if box.kind in ("ftyp", "moov"):
            init += whole
        elif box.kind == "moof":
            fragments.append(whole)
        elif box.kind == "mdat":
            fragments[-1] += whole
    lengths = [13, 12, 13, 12] * 3
    starts = [sum(lengths[:number]) for number in range(12)]
    return [
        LivePart(number, number % 4 == 0, at * 3600, 10**15 + at * 40_000, init, b"".join(fragments[at : at + length]))
        for number, (at, length) in enumerate(zip(starts, lengths, strict=True))
    ]


def followed(pages: list[Picture], parts: list[LivePart], folder: Path) -> list[tuple[int, Told]]:
    """(number of the part that told it, cue)."""
    eye = Eye(LiveMatch(write_deck(pages, folder)))
    return [(one.number, told) for one in parts for told in eye.take(one)]


def test_a_page_is_known_with_the_part_in_which_it_comes(
    pages: list[Picture], stream: list[LivePart], tmp_path: Path
) -> None:
    (begun, first), (changed, second) = followed(pages, stream, tmp_path)
    assert (begun, first.page, first.at) == (0, 1, 0)
    # 2.6 s is within the sixth part; the very picture is told, in media time as on the clock.
    assert (changed, second.page, second.at) == (5, 2, 65 * 3600)
    assert second.wall_us == 10**15 + 65 * 40_000


def test_where_parts_are_missing_it_goes_on_with_the_next_keyframe(
    pages: list[Picture], stream: list[LivePart], tmp_path: Path
) -> None:
    told = followed(pages, [one for one in stream if one.number not in (4, 7)], tmp_path)
    assert [(number, cue.page, cue.at) for number, cue in told] == [(0, 1, 0), (8, 2, 100 * 3600)]
    broken = [LivePart(n, n == 0, 0, 0, stream[0].init, b"\0\0\0\x10moofnonsense") for n in range(2)]
    assert followed(pages, [*broken, *stream], tmp_path)[0][1].page == 1
