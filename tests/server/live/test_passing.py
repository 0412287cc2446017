"""Pictures passed through: the top rung is, bit for bit, what was sent, on the grid of the rungs beside it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from server.core.runtime import Runtime
from server.core.settings import Settings
from server.core.storage import ObjectStore
from server.live.encoder import decide_layout
from server.live.feed import Admission
from server.live.intake import Intake
from server.live.models import LiveSegment
from server.live.room import layout_for
from server.live.rtmp_feed import RtmpFeed
from server.live.stint import Stint, begin_stint
from server.live.storage_keys import broadcast_prefix, init_path
from server.media import amf, flv
from server.media.ffmpeg import look_at
from server.media.fmp4 import read_fragments
from server.media.live import Layout, Row
from server.media.passthrough import B_FRAMES, LATE, SCENE_CUTS
from server.media.rtmp import Media, Metadata
from server.media.segmenter import Segmenter
from tests.clips import folder, run_ffmpeg
from tests.frame_code import code_graph
from tests.live.encoder import Sent, sending
from tests.server.live.hall import Hall, make_hall, open_hall
from tests.server.media.encoding import named, programs
from tests.server.media.live_inputs import pictures
from tests.server.media.row_check import check, read
from tests.waiting import soon

pytestmark = pytest.mark.ffmpeg

BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
CLEAN = ("-bf", "0", "-sc_threshold", "0")


def sent(rate: str = "25", group: int = 50, seconds: float = 5, coding: Sequence[str] = CLEAN) -> list[bytes]:
    """The tags of what OBS sends that is set so: x264, a constant bit rate, B-frames and scene cuts off."""
    path = folder() / f"passing-{rate}-{group}-{seconds}-{'-'.join(coding)}.flv".replace("/", "_")
    if not path.exists():
        graph = f"testsrc2=s=320x180:r={rate}[p];{code_graph(320, 180, rate)}[c];[p][c]overlay=0:0,format=yuv420p[v]"
        run_ffmpeg(
            "-f", "lavfi", "-i", "sine=sample_rate=48000", "-filter_complex", graph, "-map", "[v]", "-map", "0:a",
            "-c:v", "libx264", "-preset", "veryfast", "-g", str(group), *coding,
            "-b:v", "380k", "-maxrate", "380k", "-bufsize", "380k", "-c:a", "aac", "-t", str(seconds),
            "-f", "flv", f"file:{path}",
        )  # fmt: skip
    data, tags, at = path.read_bytes(), [], 13
    while at < len(data):
        length = 15 + int.from_bytes(data[at + 1 : at + 4], "big")
        tags.append(data[at : at + length])
        at += length
    return tags


def is_picture(tag: bytes) -> bool:
    return tag[0] == flv.VIDEO_TAG and tag[12] == 1


@dataclass
class Sender:
    """An encoder whose messages are given by hand, and the intake that reads it."""

    feed: RtmpFeed
    intake: Intake
    reading: "asyncio.Task[None]"

    @classmethod
    def connect(cls) -> "Sender":
        feed = RtmpFeed(Admission(event_id="e", room_id="r", role="main", key_id="k"), "192.0.2.1")
        intake = Intake(feed)
        return cls(feed, intake, asyncio.create_task(intake.read()))

    async def send(self, tags: Sequence[bytes]) -> None:
        for tag in tags:
            body = tag[11:-4]
            if tag[0] == flv.SCRIPT_TAG:
                values = amf.read_values(body)[1]
                assert isinstance(values, dict)
                await self.feed.take(Metadata(values))
            else:
                kind: Any = "video" if tag[0] == flv.VIDEO_TAG else "audio"
                await self.feed.take(Media(kind, flv.tag_ms(tag), body))

    async def begin(self, tags: Sequence[bytes], heights: tuple[int, ...] = (180, 90), program: str = "") -> Stint:
        """Send so much that it is known what the pictures are like, and begin with it as a room does."""
        await self.send(tags)
        await until(lambda: self.intake.start is not None and not self.intake.is_deciding)
        assert self.intake.start is not None and self.intake.start.info is not None and self.intake.judge is not None
        self.layout: Layout = layout_for(self.intake.judge, decide_layout(self.intake.start.info, heights))
        return self.again(program)

    def again(self, program: str = "") -> Stint:
        stint = begin_stint(look_at(program or programs()[-1]), self.intake, self.layout, passthrough=True)
        assert stint is not None
        return stint

    def leave(self) -> None:
        self.feed.finish()


async def until(condition: Any) -> None:
    async def ask() -> bool:
        return bool(condition())

    await soon(ask, every_s=0.01)


async def rows_of(stint: Stint, segmenter: Segmenter) -> list[Row]:
    """All that comes of a stint, as the director takes it."""
    rows: list[Row] = []
    segmenter.begin(BEGAN, slate=False, silent=stint.is_silent)
    while not (stint.is_over and not (output := stint.take())):
        for track, init, samples in stint.take() if not stint.is_over else output:
            rows += segmenter.push(track, init, samples)
        await until(lambda: stint.is_over or stint._output)
    return rows + segmenter.end()


def cut(tags: Sequence[bytes], keyframes: int) -> int:
    """Behind how many tags so many keyframes have come."""
    places = [place for place, tag in enumerate(tags) if is_picture(tag) and tag[11] >> 4 == 1]
    return places[keyframes - 1] + 1


def shown(segmenter: Segmenter, rows: Sequence[Row], track: str) -> list[tuple[Fraction, int | None, bool]]:
    init = segmenter.inits[track, rows[0].inits[track]]
    return list(pictures([init, *(row.pieces[track].data for row in rows)]))


def check_passed(segmenter: Segmenter, rows: Sequence[Row], tags: Sequence[bytes], rate: Fraction) -> None:
    """The top rung's coded pictures are those of the tags; the other rung shows the same ones at the same times."""
    check(segmenter, rows)
    coded = [bytes(one.data) for fragment in read(segmenter, rows, "180p") for one in fragment.samples]
    came = [tag[16:-4] for tag in tags if is_picture(tag)]
    assert coded == came[: len(coded)]
    top, other = shown(segmenter, rows, "180p"), shown(segmenter, rows, "90p")
    assert [(at, number) for at, number, _ in top] == [(at, number) for at, number, _ in other]
    assert [number for _, number, _ in top] == list(range(len(coded)))
    assert all(abs(at - place / rate) <= Fraction(1, 90_000) for place, (at, _, _) in enumerate(top))
    half = round(2 * rate)
    assert [place for place, (_, _, is_key) in enumerate(other) if is_key] == list(range(0, len(coded), half))
    assert all(top[place][2] for place in range(0, len(coded), half))


@pytest.mark.parametrize(
    ("path", "rate", "group"),
    [(path, "25", 50) for path in programs()]
    + [(programs()[0], "25", 25), (programs()[-1], "30", 60), (programs()[-1], "30000/1001", 60)],
    ids=lambda value: named(value) if str(value).startswith("/") else str(value).replace("/", "_"),
)
async def test_the_top_rung_is_what_was_sent(path: str, rate: str, group: int) -> None:
    tags, sender = sent(rate, group), Sender.connect()
    stint = await sender.begin(tags[: cut(tags, 2)], program=path)
    assert stint.passes
    taking = asyncio.create_task(rows_of(stint, segmenter := Segmenter(sender.layout)))
    await sender.send(tags[cut(tags, 2) :])
    sender.leave()
    rows = await taking
    check_passed(segmenter, rows, tags, Fraction(rate))
    assert len(shown(segmenter, rows, "180p")) == len([tag for tag in tags if is_picture(tag)])
    assert stint.why_encoded == ""


async def test_a_picture_that_is_missing_ends_the_run_before_it_shifts_anything() -> None:
    tags, sender = sent(seconds=6), Sender.connect()
    came = [tag for tag in tags if is_picture(tag)]
    lost = came[70]
    stint = await sender.begin(tags[: cut(tags, 2)])
    segmenter = Segmenter(sender.layout)
    taking = asyncio.create_task(rows_of(stint, segmenter))
    await sender.send([tag for tag in tags[cut(tags, 2) :] if tag != lost])
    sender.leave()
    first = await taking
    assert (stint.passes, stint.reason) == (True, "not clean")
    assert stint.why_encoded == ""
    check_passed(segmenter, first, tags, Fraction(25))
    assert len(shown(segmenter, first, "180p")) == 70
    # What follows goes on from the next keyframe, encoded; there is no way back while this encoder sends.
    again = sender.again()
    assert not again.passes
    second = await rows_of(again, segmenter)
    assert again.why_encoded == LATE
    check(segmenter, [*first, *second])
    assert [number for _, number, _ in shown(segmenter, second, "90p")] == list(range(100, 150))
    assert [number for _, number, _ in shown(segmenter, second, "180p")] == list(range(100, 150))


@pytest.mark.parametrize(
    ("coding", "why"), [(("-bf", "2"), B_FRAMES), (("-bf", "0"), SCENE_CUTS)], ids=["B-frames", "scene cuts"]
)
async def test_what_is_not_clean_is_known_with_the_first_picture(coding: tuple[str, ...], why: str) -> None:
    tags, sender = sent(seconds=1, coding=coding), Sender.connect()
    stint = await sender.begin(tags[: cut(tags, 1)], heights=(180,))
    assert not stint.passes
    assert stint.why_encoded == why
    assert sender.layout == decide_layout(stint.info, (180,))
    await stint.stop()


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """One kind of database: what is asked of it here is tried on both elsewhere."""
    (tmp_path / "semma.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'semma.db'}"


@pytest.fixture
async def hall(settings: Settings, runtime: Runtime, store: ObjectStore) -> Hall:
    return await make_hall(settings, runtime.database, store, runtime)


async def has_note(hall: Hall, code: str) -> None:
    """Wait until the organiser is told."""

    async def look() -> bool:
        notes = ((await hall.broadcasts())[-1].health or {}).get("notes", [])
        return any((note["code"], note["light"]) == (code, "green") for note in notes)

    await soon(look, what=code)


async def profile(hall: Hall, row: LiveSegment, track: str) -> int:
    """The H.264 profile of a segment's pictures: the sender's is Baseline, what is encoded here High."""
    name = row.tracks[track][2]
    init = await hall.store.get(broadcast_prefix(row.broadcast_id) + init_path(track, name))
    codec = read_fragments(init)[0].codec
    return int(codec.config[1])


async def test_a_room_passes_a_clean_encoder_through_and_encodes_another(hall: Hall, tmp_path: Path) -> None:
    async with open_hall(hall, live_passthrough=True, live_ladder="180,90"):
        with sending(hall.main) as encoder:
            broadcast = await hall.on_air()
            await hall.archived(1)
            await has_note(hall, "passed_through")
            encoder.kill()
        # It comes back and is known; the slate between is encoded.
        with sending(hall.main, Sent(start=1000)) as encoder:
            await slates(hall, 1)
            await has_note(hall, "passed_through")
            encoder.kill()
        with sending(hall.main, Sent(start=2000, coding=("-bf", "2"))):
            await slates(hall, 2)
            await has_note(hall, "encoded_here")
            await hall.end(broadcast.id)
    rows = await hall.segments()
    assert all(row.archived_at for row in rows)
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    folders = [tmp_path / track for track in ("180p", "90p")]
    for place in folders:
        place.mkdir()
    top, other = [await hall.numbers(broadcast.id, place, place.name) for place in folders]
    assert top == other
    runs: list[list[int]] = [[], [], []]
    for row, numbers in zip(rows, top, strict=True):
        if row.slate:
            assert await profile(hall, row, "180p") == 100
            continue
        run = (numbers[0] or 0) // 1000
        runs[run] += [number or 0 for number in numbers]
        assert await profile(hall, row, "180p") == (100 if run == 2 else 66)
        assert await profile(hall, row, "90p") == 100
    for run, numbers in enumerate(runs):
        assert len(numbers) >= 25
        if run == 2:
            # Encoded: the first picture may stand twice, and of the last ones B-frames may be missing.
            assert {place + 2000 - number for place, number in enumerate(numbers[:-4])} <= {0, 1}, numbers
        else:
            assert numbers == list(range(1000 * run, 1000 * run + len(numbers)))


async def test_a_stream_that_stops_being_clean_goes_on_encoded_without_a_break(hall: Hall, tmp_path: Path) -> None:
    """As with OBS whose x264 puts a keyframe at a scene cut and counts anew from there."""
    async with open_hall(hall, live_passthrough=True, live_ladder="180,90"):
        with sending(hall.main, Sent(coding=("-force_key_frames", "5"))):
            broadcast = await hall.on_air()
            await hall.archived(3, slate=False)
            await has_note(hall, "encoded_here")
            await hall.end(broadcast.id)
    rows = await hall.segments()
    folders = [tmp_path / track for track in ("180p", "90p")]
    for place in folders:
        place.mkdir()
    top, other = [await hall.numbers(broadcast.id, place, place.name) for place in folders]
    assert top == other
    # On a busy machine the next run may be late, and the slate is shown for a moment; no picture is lost for it.
    runs = [(row, numbers) for row, numbers in zip(rows, top, strict=True) if not row.slate]
    assert [numbers[0] for row, numbers in runs if row.discontinuity] == [125]
    for row, numbers in runs:
        assert await profile(hall, row, "180p") == (66 if (numbers[0] or 0) < 125 else 100)
    shown_all = [number for _, numbers in runs for number in numbers]
    assert shown_all == list(range(len(shown_all)))
    assert len(shown_all) > 125


async def slates(hall: Hall, count: int) -> None:
    """Wait for an archived segment of pictures behind so many slates."""

    async def look() -> bool:
        rows = [row for row in await hall.segments() if row.archived_at]
        return sum(before.slate and not after.slate for before, after in pairwise(rows)) >= count

    await soon(look, timeout_s=60, what="a segment behind the slate")
