"""An encoder's clock, made continuous: steps are taken out, gaps stay."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from server.live.input_times import START_MS, InputTimes

VIDEO_MS, AUDIO_MS = 40, 20


@dataclass
class Encoder:
    """Sends 25 pictures and 50 sounds a second in real time; tests bend its clock, its network and its encoding."""

    base: int = 0
    audio_lag_ms: int = 0
    out: dict[str, list[int]] = field(default_factory=lambda: {"video": [], "audio": []})
    times: InputTimes = field(default_factory=InputTimes)
    media_ms: int = 0  # the true time
    wall_ms: int = 0
    clock_ms: int = 0  # what the encoder's clock is off

    def send(self, seconds: float, *, kinds: str = "video audio", is_burst: bool = False) -> None:
        for _ in range(round(seconds * 1000 / AUDIO_MS)):
            if self.media_ms % VIDEO_MS == 0 and "video" in kinds:
                self._one("video", self.media_ms)
            if "audio" in kinds:
                self._one("audio", self.media_ms - self.audio_lag_ms)
            self.media_ms += AUDIO_MS
            self.wall_ms += 0 if is_burst else AUDIO_MS

    def _one(self, kind: str, media_ms: int) -> None:
        stamp = (self.base + self.clock_ms + media_ms) % 2**32
        self.out[kind].append(self.times.place(kind, stamp, self.wall_ms / 1000))

    def pause(self, seconds: float) -> None:
        """Nothing is sent, true time goes on."""
        self.media_ms += round(seconds * 1000)
        self.wall_ms += round(seconds * 1000)

    def gaps(self, kind: str) -> list[int]:
        """Steps that are not the usual one."""
        usual = VIDEO_MS if kind == "video" else AUDIO_MS
        return [b - a for a, b in pairwise(self.out[kind]) if b - a != usual]

    def skew_ms(self) -> int:
        """How far sound is from pictures at the end."""
        return self.out["video"][-1] - self.out["audio"][-1]


@pytest.mark.parametrize("base", [0, 12_345, 2**31 - 500, 2**32 - 500])
def test_a_steady_clock_is_only_moved_to_the_start(base: int) -> None:
    encoder = Encoder(base)
    encoder.send(3)
    assert encoder.out["video"][0] == START_MS
    assert encoder.gaps("video") == encoder.gaps("audio") == []
    assert encoder.times.jumps == 0


@pytest.mark.parametrize(
    "step_ms", [-3_600_000, -5000, -1000, -400, 1500, 5000, 60_000, 86_400_000, -(2**31), 2**31 - 7]
)
@pytest.mark.parametrize("lag_ms", [0, 200, 700])
def test_a_stepping_clock_is_not_seen(step_ms: int, lag_ms: int) -> None:
    encoder = Encoder(base=10_000_000, audio_lag_ms=lag_ms)
    encoder.send(3)
    before = encoder.skew_ms()
    encoder.clock_ms += step_ms
    encoder.send(3)
    for kind in ("video", "audio"):
        # A step of little more than a second may stay, within the tolerance, if it stays for both kinds alike.
        assert sum(encoder.gaps(kind)) <= (step_ms if step_ms == 1500 and lag_ms > 400 else 100)
        assert min(encoder.gaps(kind), default=1) > 0
    assert abs(encoder.skew_ms() - before) <= VIDEO_MS


def test_sound_and_pictures_may_step_at_different_messages() -> None:
    """Messages of the old clock that come after the first of the new one stay where they belong."""
    encoder = Encoder()
    encoder.send(2)
    for clock, kind, media in [(-9000, "video", 2000), (0, "audio", 2000), (0, "audio", 2020), (-9000, "audio", 2040)]:
        encoder.clock_ms = clock
        encoder._one(kind, media)
    encoder.media_ms = 2080
    encoder.send(1)
    assert encoder.gaps("video") in ([], [80])
    assert max(encoder.gaps("audio"), default=0) <= 60
    assert encoder.times.jumps == 1


@pytest.mark.parametrize("seconds", [0.6, 2, 8])
def test_a_real_gap_stays(seconds: float) -> None:
    encoder = Encoder()
    encoder.send(2)
    encoder.pause(seconds)
    encoder.send(2)
    assert encoder.gaps("video") == [VIDEO_MS + seconds * 1000]
    assert encoder.times.jumps == 0


def test_a_network_that_stalls_and_delivers_all_at_once_changes_nothing() -> None:
    encoder = Encoder()
    encoder.send(2)
    encoder.wall_ms += 6000
    encoder.send(6, is_burst=True)
    encoder.send(2)
    assert encoder.gaps("video") == encoder.gaps("audio") == []


def test_pictures_dropped_in_a_stall_leave_their_gap() -> None:
    """OBS throws pictures away when the network is slow, then sends what is left in one burst."""
    encoder = Encoder()
    encoder.send(2)
    encoder.wall_ms += 5000
    encoder.send(4, kinds="audio", is_burst=True)
    encoder.send(1, is_burst=True)
    encoder.send(1)
    assert encoder.gaps("audio") == []
    assert encoder.gaps("video") == [VIDEO_MS + 4000]


def test_the_same_without_sound() -> None:
    encoder = Encoder()
    encoder.send(2, kinds="video")
    encoder.wall_ms += 5000
    encoder.media_ms += 4000
    encoder.send(2, kinds="video")
    assert encoder.gaps("video") == [VIDEO_MS + 4000]


def test_a_step_during_a_gap_leaves_the_gap() -> None:
    encoder = Encoder()
    encoder.send(2)
    encoder.pause(5)
    encoder.clock_ms -= 100_000
    encoder.send(1)
    gap = encoder.gaps("video")
    assert len(gap) == 1 and abs(gap[0] - 5000) <= 2 * VIDEO_MS
    assert encoder.times.jumps == 1


def test_small_steps_back_do_not_turn_time_around() -> None:
    encoder = Encoder()
    encoder.send(1)
    encoder.clock_ms -= 200
    encoder.send(1)
    assert all(b > a for kind in encoder.out.values() for a, b in pairwise(kind))
    assert encoder.times.jumps == 0


def test_a_clock_that_stands_still_creeps() -> None:
    times = InputTimes()
    assert [times.place("video", 7, n / 25) for n in range(4)] == [START_MS + n for n in range(4)]


def test_late_sound_joins_the_clock_of_the_pictures() -> None:
    encoder = Encoder(base=5_000_000)
    encoder.send(3, kinds="video")
    encoder.send(1)
    assert encoder.out["audio"][0] == START_MS + 3000
    assert encoder.times.jumps == 0


def test_sound_on_a_clock_of_its_own_is_brought_beside_the_pictures() -> None:
    times = InputTimes()
    video, audio = [], []
    for n in range(100):
        video.append(times.place("video", 9_000_000 + n * 40, n / 25))
        audio.append(times.place("audio", n * 40, n / 25))
    assert [b - a for a, b in pairwise(video)] == [40] * 99
    assert [b - a for a, b in pairwise(audio)] == [40] * 99
    assert abs(video[-1] - audio[-1]) <= 40


def test_a_drifting_clock_is_followed_for_hours() -> None:
    """100 ppm fast or slow, eight hours: no step is seen, and one that comes is still taken out."""
    for drift in (1.0001, 0.9999):
        times = InputTimes()
        out = [times.place("video", round(n * 500 * drift), n / 2) for n in range(8 * 7200)]
        assert times.jumps == 0
        last = times.place("video", round(8 * 3_600_000 * drift) + 2500, 8 * 3600)
        assert last - out[-1] <= 1000 and times.jumps == 1
