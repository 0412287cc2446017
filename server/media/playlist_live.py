"""Media playlists of a live broadcast with low latency (RFC 8216bis, and its appendix B.1), as text and compressed.

A playlist of eight hours has 7,200 segments and changes twice a second. So the lines of a segment are written once,
when it is closed and has no parts to list any more, and compressed once: what a change costs is its last segments. Full
or as a delta update, plain or gzip, each is made when it is first asked for and then kept until the next change.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from server.media.live import TARGET_DURATION_S, Layout, Track
from server.media.live_timeline import LiveTimeline, Segment
from server.media.playlist import CMAF_VERSION, MultivariantPlaylist, Rendition, Variant
from server.media.playlist_tags import date_time, decimal

HOLD_BACK_S = 3 * TARGET_DURATION_S
SKIP_BOUNDARY_S = 6 * TARGET_DURATION_S  # the least that 4.4.3.8 allows
_PARTS_S = 3 * TARGET_DURATION_S  # parts are listed for so long, counted from the end (4.4.4.9)
_SKIP_VERSION = 9
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(slots=True)
class Text:
    """A playlist's bytes, compressed when that is first asked for."""

    plain: bytes
    _squeeze: Callable[[], bytes]
    _gzip: bytes | None = None

    @classmethod
    def of(cls, plain: bytes) -> "Text":
        """Bytes that are compressed by themselves."""
        return cls(plain, lambda: zlib.compress(plain, 6, wbits=_GZIP))

    @property
    def gzip(self) -> bytes:
        """The same, gzip-compressed."""
        if self._gzip is None:
            self._gzip = self._squeeze()
        return self._gzip


def seconds(ticks: int, timescale: int) -> str:
    """A duration as in EXTINF, to the microsecond (finer than a tick of either kind of track)."""
    micro = (2 * 1_000_000 * ticks + timescale) // (2 * timescale)
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"


class LivePlaylist:
    """The playlist of one track, kept as far as it will not change any more."""

    def __init__(self, timeline: LiveTimeline, track: Track) -> None:
        self._timeline = timeline
        self._track = track
        self._reports = [f"../{other.name}/index.m3u8" for other in timeline.layout.tracks if other.name != track.name]
        self._settled: list[bytes] = []  # the lines of each segment that will not change, from `_first` on
        self._settled_init = ""
        self._first = 0
        self._packer = zlib.compressobj(level=6, wbits=_GZIP)
        self._packed: list[bytes] = []
        self._packed_count = -1
        self._kept: dict[str, Text | None] = {}
        self._kept_changes = -1

    def full(self) -> Text:
        """The whole playlist."""
        found = self._find("full", self._make_full)
        assert found is not None
        return found

    def delta(self) -> Text | None:
        """A delta update (6.2.5.1); None when nothing lies before the skip boundary, or the broadcast has ended."""
        return self._find("delta", self._make_delta)

    def _find(self, kind: str, make: Callable[[], Text | None]) -> Text | None:
        if self._kept_changes != self._timeline.changes:
            self._kept.clear()
            self._kept_changes = self._timeline.changes
            self._settle()
        if kind not in self._kept:
            self._kept[kind] = make()
        return self._kept[kind]

    def _make_full(self) -> Text:
        head, tail = self._head(), self._tail()
        settled = len(self._settled)
        return Text(b"".join([head, *self._settled, tail]), lambda: self._pack(head, settled, tail))

    def _make_delta(self) -> Text | None:
        skipped = 0 if self._timeline.ended else self._skippable()
        if not skipped:
            return None
        text = b"".join([self._head(skipped), *self._settled[skipped:], self._tail()])
        return Text.of(text)

    # ---- what does not change any more

    def _settle(self) -> None:
        """Write the lines of segments that have come to rest; all anew when the beginning has moved."""
        listed = self._timeline.listed()
        first = listed[0].msn if listed else 0
        if first != self._first:
            self._settled, self._settled_init, self._first, self._packed_count = [], "", first, -1
        for segment in listed[len(self._settled) : len(listed) - self._unsettled(listed)]:
            self._settled.append(_bytes(self._lines(segment, self._settled_init, with_parts=False)))
            self._settled_init = self._init(segment)

    def _unsettled(self, listed: list[Segment]) -> int:
        """How many of the last segments still list parts, or will grow."""
        if self._timeline.ended:
            return 0
        count, after = 0, Fraction(0)
        for segment in reversed(listed):
            if segment.closed and after >= _PARTS_S:
                break
            count += 1
            after += self._duration(segment)
        return count

    def _skippable(self) -> int:
        """How many segments end further from the playlist's end than the skip boundary."""
        listed = self._timeline.listed()
        after = Fraction(0)
        for count, segment in enumerate(reversed(listed)):
            if segment.closed and after > SKIP_BOUNDARY_S:
                return min(len(listed) - count, len(self._settled))
            after += self._duration(segment)
        return 0

    def _pack(self, head: bytes, settled: int, tail: bytes) -> bytes:
        """Compress what came to rest since the last time, and the end on a copy of the compressor's state."""
        if self._packed_count < 0 or self._packed_count > settled:
            self._packer = zlib.compressobj(level=6, wbits=_GZIP)
            self._packed, self._packed_count = [self._packer.compress(head)], 0
        for lines in self._settled[self._packed_count : settled]:
            self._packed.append(self._packer.compress(lines))
        self._packed_count = settled
        self._packed = [b"".join(self._packed)]
        end = self._packer.copy()
        return self._packed[0] + end.compress(tail) + end.flush()

    # ---- lines

    def _head(self, skipped: int = 0) -> bytes:
        timeline = self._timeline
        target = decimal(timeline.part_target, 6)
        # In whole milliseconds, upwards: at least three times what PART-TARGET says (4.4.3.8, Apple: MUST).
        hold_back = Fraction(-(-Fraction(target) * 3 * 1000 // 1), 1000)
        removed = timeline.discontinuities_before()
        return _bytes(
            [
                "#EXTM3U",
                f"#EXT-X-VERSION:{_SKIP_VERSION if skipped else CMAF_VERSION}",
                f"#EXT-X-TARGETDURATION:{TARGET_DURATION_S}",
                f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={decimal(hold_back, 3)},"
                f"CAN-SKIP-UNTIL={SKIP_BOUNDARY_S}.0,HOLD-BACK={HOLD_BACK_S}.0",
                f"#EXT-X-PART-INF:PART-TARGET={target}",
                f"#EXT-X-MEDIA-SEQUENCE:{max(self._first, timeline.first)}",
                *([f"#EXT-X-DISCONTINUITY-SEQUENCE:{removed}"] if removed else []),
                "#EXT-X-INDEPENDENT-SEGMENTS",
                *([f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"] if skipped else []),
            ]
        )

    def _tail(self) -> bytes:
        """The last segments with their parts, the hint and the reports; or the end."""
        timeline = self._timeline
        lines: list[str] = []
        init = self._settled_init
        for segment in timeline.listed()[len(self._settled) :]:
            lines += self._lines(segment, init, with_parts=True)
            init = self._init(segment)
        if timeline.ended:
            return _bytes([*lines, "#EXT-X-ENDLIST"])
        msn, part = timeline.end
        last = timeline.last
        next_part = f"{msn}.{part + 1}" if last and not last.closed else f"{msn + 1}.0"
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{next_part}.m4s"')
        if last:
            # 4.4.5.4: LAST-PART is for renditions with parts; of a segment known from the archive there are none.
            place = f"LAST-MSN={msn},LAST-PART={part}" if part >= 0 else f"LAST-MSN={msn}"
            lines += [f'#EXT-X-RENDITION-REPORT:URI="{uri}",{place}' for uri in self._reports]
        return _bytes(lines)

    def _lines(self, segment: Segment, init_before: str, *, with_parts: bool) -> list[str]:
        """A segment: what holds for all of it first, then its parts, then itself once it is closed."""
        lines = ["#EXT-X-DISCONTINUITY"] if segment.discontinuity else []
        if (init := self._init(segment)) != init_before:
            lines.append(f'#EXT-X-MAP:URI="{init}"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(segment.wall)}")
        name, scale = self._track.name, self._track.timescale
        for number, marks in enumerate(segment.parts if with_parts else ()):
            mark = marks[name]
            independent = ",INDEPENDENT=YES" if mark.independent else ""
            uri = f"{segment.msn}.{number}.m4s"
            lines.append(f'#EXT-X-PART:DURATION={seconds(mark.duration, scale)},URI="{uri}"{independent}')
        if segment.closed:
            lines += [f"#EXTINF:{seconds(segment.durations[name], scale)},", f"{segment.msn}.m4s"]
        return lines

    def _init(self, segment: Segment) -> str:
        return segment.inits.get(self._track.name, "")

    def _duration(self, segment: Segment) -> Fraction:
        return Fraction(segment.durations.get(self._track.name, 0), self._track.timescale)


def live_multivariant(layout: Layout, prefix: str) -> str:
    """The playlist a player is given: every rung with the sound as its own rendition, and the sound alone.

    `prefix` stands before the tracks' paths ("" or "{broadcast}/"). The rates are what the encoders may use, and a
    tenth for the container: a live broadcast cannot be measured before it is over.
    """
    sound = next((track for track in layout.tracks if track.kind == "audio"), None)
    group = "sound" if sound else None
    variants = [
        Variant(
            uri=f"{prefix}{track.name}/index.m3u8",
            bandwidth=_rate(track) + (_rate(sound) if sound else 0),
            average_bandwidth=(track.peak_kbps + (sound.peak_kbps if sound else 0)) * 1000,
            codecs=(track.codecs, *([sound.codecs] if sound else [])),
            resolution=(track.width, track.height),
            frame_rate=Fraction(track.frame_rate or layout.frame_rate),
            audio=group,
            closed_captions="NONE",
        )
        for track in layout.tracks
        if track.kind == "video"
    ]
    if sound is None:
        return MultivariantPlaylist(variants=tuple(variants)).text()
    uri = f"{prefix}{sound.name}/index.m3u8"
    alone = Variant(
        uri=uri,
        bandwidth=_rate(sound),
        average_bandwidth=sound.peak_kbps * 1000,
        codecs=(sound.codecs,),
        audio=group,
        closed_captions="NONE",
    )
    rendition = Rendition(
        type="AUDIO", group_id="sound", name="Audio", uri=uri, default=True, autoselect=True, channels="2"
    )
    return MultivariantPlaylist(variants=(*variants, alone), renditions=(rendition,)).text()


def _rate(track: Track) -> int:
    return track.peak_kbps * 1100


def _bytes(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode() if lines else b""
