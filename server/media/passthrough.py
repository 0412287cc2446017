"""Whether an encoder's own pictures can be shown as they are, and why not. Pure: FLV tags in, a judgement out.

Viewers get the top rung beside rungs that are encoded here, so its pictures must stand on the same grid: one for each
tick of the layout's rate, a keyframe (closed: an IDR) each `KEYFRAME_S` seconds or a whole divisor of it, shown in the
order they are coded in. A judge is `open` until it has seen one whole distance of keyframes, then `is_clean` until
something differs; `flaw` then says what, for the organiser. There is no way back: a stream that was once not clean is
encoded, as every change costs viewers a discontinuity.
"""

import re
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from server.media import flv
from server.media.avc_config import BadConfig, Pictures, read_avc_config
from server.media.ladder import choose_rungs
from server.media.live import KEYFRAME_S, TARGET_DURATION_S, Layout, Track
from server.media.live_ladder import grid_rate

# Baseline, Main and High decode in everything that plays High, which is what is declared.
PROFILES = frozenset({66, 77, 100})
# Of 1080p at 60 frames a second; what says more is refused by older devices.
HIGHEST_LEVEL = 42
# An encoder may send so much more than the rung made here may use (media.ladder); beyond, viewers' lines suffer.
MOST_OF_PEAK = Fraction(3, 2)
# Encoders keep the rate they announce on average over a buffer of about a second.
OVER_ANNOUNCED = Fraction(115, 100)
# What playlists declare (BANDWIDTH) is a tenth above a track's peak: media.playlist_live.
OVER_PEAK = Fraction(11, 10)
# Off its place by more than so much of its time, a picture could be counted otherwise by the encoders beside it, whose
# pictures are placed anew from every run's first one: two such errors stay below the half where rounding changes.
MOST_OFF = Fraction(1, 5)

_IDR, _SPS, _PPS = 5, 7, 8
_TAG_HEAD, _TAG_TAIL, _BODY_HEAD = 11, 4, 5
# x264 writes its settings into the first picture; OBS leaves scenecut on.
_X264 = re.compile(rb"x264 - core .*? scenecut=(\d+)")
_LOOKED_BYTES = 2_000

B_FRAMES = "it uses B-frames; set them to 0 in OBS (Settings → Output → Streaming) to save this server work."
SCENE_CUTS = "x264 puts keyframes at scene cuts; add scenecut=0 to the x264 options in OBS to save this server work."
UNEVEN = "its keyframes are not exactly two seconds, or a second, apart; set the keyframe interval to 2 s in OBS."
LATE = "pictures are missing or not evenly spaced; the encoder's machine or its network is busy."
NOT_H264 = "it is not plain H.264 (8 bit, 4:2:0, progressive, square pixels, Baseline, Main or High)."
OPEN_KEYFRAMES = "its keyframes depend on other pictures (open groups of pictures, or intra refresh)."


@dataclass(frozen=True, slots=True)
class Picture:
    """What a tag says of a picture: its time, how much later it is shown, the types of its NAL units, and the
    parameter sets among them."""

    at_ms: int
    is_keyframe: bool
    shown_later_ms: int
    units: tuple[int, ...]
    sets: tuple[bytes, ...]
    size_bytes: int


def read_picture(tag: bytes, length_bytes: int = 4) -> Picture:
    """A tag with an H.264 picture (E.4.3.2), its NAL units behind lengths of so many bytes. Raises BadTag."""
    body = memoryview(tag)[_TAG_HEAD:-_TAG_TAIL]
    if len(body) <= _BODY_HEAD or flv.read_video(bytes(body[:_BODY_HEAD])).role != "frames":
        raise flv.BadTag("no picture")
    units, sets, at = [], [], _BODY_HEAD
    while at < len(body):
        length, at = int.from_bytes(body[at : at + length_bytes], "big"), at + length_bytes
        if not length or at + length > len(body):
            raise flv.BadTag("a picture with a NAL unit that is not whole")
        units.append(body[at] & 0x1F)
        if units[-1] in (_SPS, _PPS):
            sets.append(bytes(body[at : at + length]))
        at += length
    later = int.from_bytes(body[2:5], "big", signed=True)
    return Picture(flv.tag_ms(tag), body[0] >> 4 == 1, later, tuple(units), tuple(sets), len(body))


class Judge:
    """Judges one stream, from its decoder configuration (an avcC payload), its announced frame rate and bit rate (0:
    not said) and then its pictures, every one, in order."""

    def __init__(self, config: bytes, frame_rate: str, kbps: int = 0) -> None:
        self.flaw = ""
        self.is_clean = False
        self.peak_kbps = 0
        self.rate = grid_rate(frame_rate)
        self.pictures = Pictures(0, 0, Fraction(0))
        self._config, self._group = config, round(self.rate * KEYFRAME_S)
        self._length_bytes = (config[4] & 3) + 1 if len(config) > 4 else 4
        self._first_ms: int | None = None
        self._count = self._since_key = self._distance = 0
        self._sizes: deque[int] = deque(maxlen=round(self.rate * TARGET_DURATION_S))
        self._in_window = 0
        self.flaw = self._why_not_config(config, frame_rate) or self._why_not_rate(kbps)

    @property
    def is_open(self) -> bool:
        """Whether more pictures would tell."""
        return not self.flaw and not self.is_clean

    def see(self, tag: bytes) -> None:
        """The next tag with a picture."""
        if self.flaw:
            return
        try:
            picture = read_picture(tag, self._length_bytes)
        except flv.BadTag:
            self.flaw = LATE
            return
        if self._first_ms is None:
            if not picture.is_keyframe:
                return
            self._first_ms = picture.at_ms
            self.flaw = _why_not_settings(tag)
        self.flaw = (
            self.flaw or self._why_not_order(picture) or self._why_not_grid(picture) or self._why_not_size(picture)
        )
        self.is_clean = self.is_clean and not self.flaw
        self._count += 1

    def refuse(self, why: str) -> None:
        """It looked clean and was not."""
        self.flaw, self.is_clean = self.flaw or why, False

    def _why_not_config(self, config: bytes, frame_rate: str) -> str:
        try:
            self.pictures = found = read_avc_config(config)
        except BadConfig:
            return NOT_H264
        if not found.is_plain or found.profile not in PROFILES or found.width % 2 or found.height % 2:
            return NOT_H264
        if found.level > HIGHEST_LEVEL:
            return f"it declares H.264 level {found.level / 10:g}; 4.2 is enough for a talk."
        if not frame_rate or Fraction(frame_rate) != self.rate:
            return f"its frame rate is {_rate(frame_rate)}; here it is {float(self.rate):.4g}."
        return ""

    def _why_not_rate(self, kbps: int) -> str:
        """What is announced decides what is declared for viewers, and what may come."""
        if self.flaw or not self.pictures.width:
            return ""
        width, height = self.pictures.width, self.pictures.height
        usual = choose_rungs(width, height, self.rate, short_sides=(min(width, height),))[0].peak_kbps
        most = int(usual * MOST_OF_PEAK)
        if kbps > most:
            return f"its bitrate of {kbps} kbit/s is more than {most} for this size."
        self.peak_kbps = max(usual, int((kbps or most) * OVER_ANNOUNCED))
        return ""

    def _why_not_order(self, picture: Picture) -> str:
        if picture.shown_later_ms:
            return B_FRAMES
        if picture.is_keyframe and _IDR not in picture.units:
            return OPEN_KEYFRAMES
        # Hardware encoders repeat their parameter sets before keyframes; viewers have those of the configuration.
        return NOT_H264 if any(one not in self._config for one in picture.sets) else ""

    def _why_not_grid(self, picture: Picture) -> str:
        assert self._first_ms is not None
        off = Fraction(picture.at_ms - self._first_ms) * self.rate / 1000 - self._count
        if abs(off) > MOST_OFF:
            return LATE
        if picture.is_keyframe and self._count:
            if self._since_key != (self._distance or self._since_key) or self._group % self._since_key:
                return UNEVEN
            self._distance, self._since_key, self.is_clean = self._since_key, 0, True
        elif self._since_key >= (self._distance or self._group):
            return UNEVEN
        self._since_key += 1
        return ""

    def _why_not_size(self, picture: Picture) -> str:
        """Whether the bits of a segment's length stay below what is declared."""
        if len(self._sizes) == self._sizes.maxlen:
            self._in_window -= self._sizes[0]
        self._sizes.append(picture.size_bytes)
        self._in_window += picture.size_bytes
        kbit = Fraction(self._in_window * 8, 1000)
        if kbit > self.peak_kbps * OVER_PEAK * TARGET_DURATION_S:
            return f"it sends more than {self.peak_kbps} kbit/s, which it did not announce."
        return ""


def why_not(judge: Judge, layout: Layout) -> str:
    """Why a stream that is clean does not fit a layout; "" when it does."""
    tops = [track for track in layout.tracks if track.kind == "video"]
    if not tops or judge.flaw:
        return judge.flaw or "the broadcast began without pictures."
    top, found = tops[0], judge.pictures
    if (found.width, found.height) != (top.width, top.height):
        return f"its picture is {found.width}x{found.height}; viewers' best quality is {top.width}x{top.height}."
    if judge.rate != layout.rate:
        return f"its frame rate is {float(judge.rate):.4g}; that of the broadcast is {float(layout.rate):.4g}."
    if found.level > _level(top) or judge.peak_kbps > top.peak_kbps:
        return "it was declared otherwise to viewers when the broadcast began."
    return ""


def layout_for(judge: Judge, layout: Layout) -> Layout:
    """The layout with its top rung declared so that it may be either: the stream as it is sent, or encoded here."""
    top, *others = layout.tracks
    # High profile decodes what Main and Baseline encoders send, and is what is encoded here.
    level = max(judge.pictures.level, _level(top))
    declared = msgspec.structs.replace(
        top, codecs=f"{top.codecs[:-2]}{level:02X}", peak_kbps=max(top.peak_kbps, judge.peak_kbps)
    )
    fitted = msgspec.structs.replace(layout, tracks=(declared, *others))
    return layout if why_not(judge, fitted) else fitted


def _level(track: Track) -> int:
    """level_idc of an avc1 track (RFC 6381)."""
    return int(track.codecs[-2:], 16)


def _why_not_settings(tag: bytes) -> str:
    """What x264 says of itself in the first picture."""
    settings = tag[:_LOOKED_BYTES]
    said = _X264.search(settings)
    if said is None:
        return ""
    if b" intra_refresh=1" in settings or b" open_gop=1" in settings:
        return OPEN_KEYFRAMES
    if re.search(rb" bframes=[1-9]", settings):
        return B_FRAMES
    return SCENE_CUTS if int(said.group(1)) else ""


def _rate(frame_rate: str) -> str:
    return f"{float(Fraction(frame_rate)):.4g}" if frame_rate else "not said"
