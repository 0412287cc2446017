"""A room on air while things break: the viewer's page plays on without being loaded again, the archive is whole."""

import itertools
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.faults.archive import check_archive
from tests.faults.kills import kill
from tests.journeys.browser import chromium
from tests.live.encoder import Encoder, Sent
from tests.live.room import make_room
from tests.live.stepping import stepping
from tests.live.viewer import Viewer
from tests.live.watcher import Watcher
from tests.private_semma import PrivateSemma, is_ffmpeg, private_semma, processes
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.browser, pytest.mark.timeout(300)]

SETTINGS = {"SEMMA_LIVE_LADDER": "180", "SEMMA_LIVE_WINDOW_S": "24", "SEMMA_WEB_WORKERS": "2"}
LATER = 20_000  # where the numbers of a second encoder begin


@pytest.fixture(scope="module")
def live() -> Iterator[PrivateSemma]:
    with private_semma(SETTINGS, keep=bool(os.environ.get("SEMMA_FAULT_KEEP"))) as running:
        yield running
    eventually(lambda: not processes(running), timeout_s=15, what="every process of the instance to be gone")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


class Show:
    """A room on air with one encoder and one viewer. The playlists of `tracks` are all read and checked strictly."""

    def __init__(
        self,
        stack: ExitStack,
        live: PrivateSemma,
        browser: Browser,
        name: str,
        sent: Sent | None,
        *,
        tracks: tuple[str, ...] = ("180p", "audio"),
    ) -> None:
        self.stack, self.tracks = stack, tracks
        self.room = make_room(live, name)
        self.encoder = self.send(sent) if sent else None
        if sent:
            self.begin(browser)

    def begin(self, browser: Browser) -> None:
        self.room.wait_state("on_air")
        self.broadcast = self.room.live()["broadcast"]
        self.viewer = Viewer(browser, self.room).play()
        self.stack.callback(self.viewer.close)
        self.viewer.wait_number(1)
        self.watchers = [Watcher(self.room.hls(), name) for name in self.tracks]
        for watcher in self.watchers:
            watcher.start()
            self.stack.callback(watcher.stop)

    def send(self, sent: Sent, target: str = "") -> Encoder:
        encoder = Encoder(target or self.room.rtmp, sent).start()
        self.stack.callback(lambda: encoder.running and encoder.kill())
        return encoder

    def finish(self) -> list[list[int]]:
        """End the broadcast; the pictures of every run."""
        assert self.viewer.is_unbroken(), "the page was loaded again"
        assert self.room.live()["broadcast"] == self.broadcast, "another broadcast began"
        for watcher in self.watchers:
            eventually(lambda: watcher.reads > 20, what="playlists to be read")  # noqa: B023 -- awaited here
        self.room.act("end")
        runs = check_archive(self.room, self.broadcast)
        for watcher in self.watchers:
            watcher.join(30)
            assert watcher.ended
            assert not watcher.wrong, watcher.wrong[0]
        for run in runs:
            steps = [after - before for before, after in itertools.pairwise(run)]
            assert all(0 <= step <= 3 for step in steps), f"pictures are missing within a run: {steps}"
        return runs


def some_time(seconds: float) -> None:
    """Let the world go on for a while: what is tested is that something lasts."""
    end = time.monotonic() + seconds
    eventually(lambda: time.monotonic() > end, timeout_s=seconds + 5, every_s=0.1)


@pytest.mark.parametrize("away_s", [1, 30])
def test_an_encoder_that_dies_and_comes_back(
    away_s: int, stack: ExitStack, live: PrivateSemma, browser: Browser
) -> None:
    show = Show(stack, live, browser, f"encoder-{away_s}", Sent())
    assert show.encoder
    show.encoder.kill()
    some_time(away_s)
    if away_s > 5:
        assert show.room.live()["state"] == "away"
        at = show.viewer.ask("semmaLive.video.currentTime")
        eventually(lambda: show.viewer.ask("semmaLive.video.currentTime") > at + 3, what="the slate to be played")
    show.send(Sent(start=LATER))
    show.viewer.wait_number(LATER)
    runs = show.finish()
    assert len(runs) == 2
    assert runs[1][0] < LATER + 75, "the second encoder's beginning is not kept"


def test_the_rooms_ffmpeg_is_killed(stack: ExitStack, live: PrivateSemma, browser: Browser) -> None:
    show = Show(stack, live, browser, "ffmpeg", Sent())
    before = show.viewer.newest()
    mine = [p.pid for p in processes(live) if is_ffmpeg(p) and p.child == "ingest" and "pipe:0" in p.command]
    assert mine, "ingest runs no ffmpeg"
    for pid in mine:
        os.kill(pid, signal.SIGKILL)
    show.viewer.wait_number(before + 200)
    runs = show.finish()
    assert len(runs) == 2
    assert runs[1][0] - runs[0][-1] < 150, "more than six seconds are missing"


@pytest.mark.parametrize("victim", ["ingest", "web", "valkey", "flush"])
def test_a_process_is_killed(victim: str, stack: ExitStack, live: PrivateSemma, browser: Browser) -> None:
    show = Show(stack, live, browser, victim, Sent())
    before = show.viewer.newest()
    assert kill(live, victim, random.Random(victim))
    if victim == "ingest":  # the encoder's line broke with it; people's encoders come back by themselves
        assert show.encoder
        show.encoder.ended(20)
        eventually(lambda: "ingest" in {p.child for p in processes(live)}, what="ingest to be started again")
        before = LATER

        def again() -> bool:
            encoder = show.send(Sent(start=LATER))
            some_time(1.5)
            return encoder.running

        eventually(again, timeout_s=60, what="the encoder to be let in again")
    show.viewer.wait_number(before + 100)
    show.finish()


def test_the_storage_is_away_for_longer_than_the_window(stack: ExitStack, live: PrivateSemma, browser: Browser) -> None:
    show = Show(stack, live, browser, "storage", Sent())
    pids = [p.pid for p in processes(live) if p.child == "s3"]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    stack.callback(lambda: [os.kill(pid, signal.SIGCONT) for pid in pids])
    before = show.viewer.newest()
    some_time(40)
    assert show.viewer.newest() > before + 40 * 20, "the viewer did not see the last forty seconds"
    # What came first after that has left the web processes' memory and is in no storage yet: it can be watched
    show.viewer.ask(f"semmaLive.player.seek(semmaLive.player.source.start + {before / 25 + 8})")
    show.viewer.wait_number(before + 150, before + 400, timeout_s=30)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    show.finish()


def test_the_encoders_clock_steps(stack: ExitStack, live: PrivateSemma, browser: Browser) -> None:
    show = Show(stack, live, browser, "clock", None)
    # It begins at two hours, goes ahead by ten minutes, back by an hour, and ahead again
    steps = [(0, 7_200_000), (4_000, 600_000), (8_000, -3_600_000), (12_000, 1_800_000)]
    stack.enter_context(stepping(show.room.rtmp, Sent(), steps))
    show.begin(browser)
    show.viewer.wait_number(25 * 17)
    runs = show.finish()
    shown = [number for run in runs for number in run]
    assert shown == sorted(shown)
    assert len(set(shown)) > 25 * 15, "a stepping clock cost pictures"


Change = tuple[str, Sent, Sent]
CHANGES: list[Change] = [
    ("size", Sent(), Sent(width=640, height=360, start=LATER)),
    ("rate", Sent(), Sent(rate="30", start=LATER)),
    ("silent", Sent(), Sent(audio=False, start=LATER)),
    ("sound", Sent(audio=False), Sent(start=LATER)),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_the_input_changes(change: Change, stack: ExitStack, live: PrivateSemma, browser: Browser) -> None:
    name, first, second = change
    show = Show(stack, live, browser, name, first)
    assert show.encoder
    show.encoder.kill()
    show.send(second)
    show.viewer.wait_number(LATER + 50)
    assert len(show.finish()) == 2


def test_a_second_publisher_is_refused_while_the_first_sends(
    stack: ExitStack, live: PrivateSemma, browser: Browser
) -> None:
    show = Show(stack, live, browser, "two", Sent())
    code, words = show.send(Sent(start=LATER)).ended(30)
    assert code != 0, words
    before = show.viewer.newest()
    show.viewer.wait_number(before + 50, LATER - 1)
    runs = show.finish()
    assert all(number < LATER for run in runs for number in run)


def test_the_backup_takes_over_and_the_main_comes_back(stack: ExitStack, live: PrivateSemma, browser: Browser) -> None:
    show = Show(stack, live, browser, "backup", Sent())
    assert show.encoder
    target = show.room.rtmp.rsplit("/", 1)[0] + "/" + show.room.backup_key()
    backup = show.send(Sent(start=LATER), target)
    some_time(6)
    assert backup.running
    show.encoder.kill()
    show.viewer.wait_number(LATER)
    assert show.room.broadcast()["encoder"] == "backup"
    show.finish()
