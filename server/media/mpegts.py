"""What must be known of an MPEG transport stream to cut it: its tables, where its keyframes start, what it carries.

ISO/IEC 13818-1: packets of 188 bytes (§2.4.3), adaptation field (§2.4.3.4), PAT and PMT (§2.4.4). Nothing is decoded;
whole packets go through as they came.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from server.media.avc_config import BadConfig, read_sps

PACKET = 188
_SYNC = 0x47
_VIDEO_TYPES = {0x01: "mpeg2video", 0x02: "mpeg2video", 0x1B: "h264", 0x24: "hevc"}
_AUDIO_TYPES = {0x03: "mp3", 0x04: "mp3", 0x0F: "aac", 0x11: "aac_latm", 0x81: "ac3"}
_PRIVATE = 0x06  # with descriptors: AC-3, Opus
_MOST_LOST = 64 * PACKET
_WRAP = 1 << 33
_FAR_TICKS = 90_000  # a second between two pictures is a step of the encoder's clock, or a hole
_KEYFRAME_BYTES = 4096  # of a keyframe, in which its parameter sets are looked for


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole packets. With `keyframe` the first of them begins a picture that can be decoded alone; with `jump` one
    whose time does not follow that of the picture before."""

    data: bytes
    keyframe: bool
    has_video: bool
    has_audio: bool
    jump: bool = False


@dataclass(slots=True)
class _Gathering:
    """The packets of the piece that is being made."""

    data: bytearray = field(default_factory=bytearray)
    keyframe: bool = False
    jump: bool = False
    has_video: bool = False
    has_audio: bool = False

    def take(self) -> Piece:
        return Piece(bytes(self.data), self.keyframe, self.has_video, self.has_audio, self.jump)


class TransportReader:
    """Reads a transport stream as it arrives. Never raises: what is no packet is passed over."""

    def __init__(self) -> None:
        self.video_codec = ""
        self.audio_codec = ""
        self.has_tables = False
        self.width = self.height = 0
        self.rate = Fraction(0)
        self._rest = b""
        self._pmt_pid = self._video_pid = self._audio_pid = -1
        self._pat = self._pmt = b""
        self._now = _Gathering()
        self._at: int | None = None  # the last picture's time, 90 kHz
        self._opening: bytearray | None = None  # the start of a keyframe, until its parameter sets are read

    @property
    def tables(self) -> bytes:
        """PAT and PMT: what must stand before the first packet of a run."""
        return self._pat + self._pmt

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that these bytes make; a new one begins at every keyframe."""
        pieces: list[Piece] = []
        for packet in self._packets(data):
            keyframe = self._read(packet)
            jump = self._jumps(packet)
            if keyframe or jump:
                if self._now.data:
                    pieces.append(self._now.take())
                self._now = _Gathering(keyframe=keyframe, jump=jump)
            self._now.data += packet
            pid = _pid(packet)
            self._now.has_video |= pid == self._video_pid
            self._now.has_audio |= pid == self._audio_pid
        if self._now.data:
            pieces.append(self._now.take())
            self._now = _Gathering()
        return pieces

    def _packets(self, data: bytes) -> Iterator[bytes]:
        """Whole packets; after a loss of sync, from the next place where two packets follow one another."""
        buffer, at = self._rest + data, 0
        while at + PACKET <= len(buffer):
            if buffer[at] != _SYNC:
                at = _resync(buffer, at + 1)
                continue
            yield buffer[at : at + PACKET]
            at += PACKET
        self._rest = buffer[at:][-_MOST_LOST:]

    def _read(self, packet: bytes) -> bool:
        """Learn from a packet; whether a keyframe begins with it."""
        pid, starts = _pid(packet), bool(packet[1] & 0x40)
        payload = _payload(packet)
        if pid == 0 and starts:
            self._pat, self._pmt_pid = packet, _first_program(payload)
        elif pid == self._pmt_pid and starts:
            self._read_pmt(packet, payload)
        elif pid == self._video_pid:
            return self._read_video(packet, payload, starts=starts)
        return False

    def _read_pmt(self, packet: bytes, payload: bytes) -> None:
        self._video_pid = self._audio_pid = -1
        self.video_codec = self.audio_codec = ""
        self._pmt, self.has_tables = packet, True
        for kind, pid in _streams(payload):
            if kind in _VIDEO_TYPES and self._video_pid < 0:
                self._video_pid, self.video_codec = pid, _VIDEO_TYPES[kind]
            elif (kind in _AUDIO_TYPES or kind == _PRIVATE) and self._audio_pid < 0:
                self._audio_pid, self.audio_codec = pid, _AUDIO_TYPES.get(kind, "private")

    def _read_video(self, packet: bytes, payload: bytes, *, starts: bool) -> bool:
        keyframe = starts and (_is_random_access(packet) or self._has_keyframe(payload))
        if keyframe and self.video_codec == "h264":
            self._opening = bytearray()
        elif starts:
            self._opening = None
        if self._opening is not None:
            self._opening += payload
            if len(self._opening) > _KEYFRAME_BYTES:
                self._read_parameters(bytes(self._opening))
                self._opening = None
            elif keyframe or not self.width:
                self._read_parameters(bytes(self._opening))
        return keyframe

    def _jumps(self, packet: bytes) -> bool:
        """Whether a picture begins here whose time is not near that of the one before."""
        if _pid(packet) != self._video_pid or not packet[1] & 0x40:
            return False
        before, at = self._at, _picture_time(_payload(packet))
        if at is None:
            return False
        self._at = at
        return before is not None and abs((at - before + _WRAP // 2) % _WRAP - _WRAP // 2) > _FAR_TICKS

    def _read_parameters(self, opening: bytes) -> None:
        """Size and rate, where the SPS is whole."""
        for start, end in _nal_units(opening):
            if opening[start] & 0x1F == 7 and end is not None:
                try:
                    found = read_sps(opening[start:end])
                except BadConfig:
                    return
                self.width, self.height, self.rate = found.width, found.height, found.rate

    def _has_keyframe(self, payload: bytes) -> bool:
        """For encoders that do not set the indicator: an H.264 SPS or IDR slice, an HEVC VPS or IRAP picture."""
        for start, _end in _nal_units(payload):
            if self.video_codec == "h264" and payload[start] & 0x1F in (5, 7):
                return True
            if self.video_codec == "hevc" and ((payload[start] >> 1) & 0x3F) in (*range(16, 22), 32):
                return True
        return False


def _pid(packet: bytes) -> int:
    return (packet[1] & 0x1F) << 8 | packet[2]


def _payload(packet: bytes) -> bytes:
    control = packet[3] >> 4 & 3
    if not control & 1:
        return b""
    return packet[5 + packet[4] :] if control & 2 else packet[4:]


def _picture_time(payload: bytes) -> int | None:
    """The decoding time at the head of a PES packet, else its presentation time (§2.4.3.7)."""
    if len(payload) < 19 or payload[:3] != b"\0\0\1":
        return None
    flags = payload[7] >> 6
    if flags == 3:
        return _timestamp(payload[14:19])
    return _timestamp(payload[9:14]) if flags == 2 else None


def _timestamp(field: bytes) -> int:
    """33 bits in five bytes, with marker bits between."""
    high, middle, low = (
        field[0] >> 1 & 7,
        int.from_bytes(field[1:3], "big") >> 1,
        int.from_bytes(field[3:5], "big") >> 1,
    )
    return high << 30 | middle << 15 | low


def _is_random_access(packet: bytes) -> bool:
    return bool(packet[3] & 0x20) and packet[4] > 0 and bool(packet[5] & 0x40)


def _section(payload: bytes) -> bytes:
    """The table section that starts in this payload, without its CRC; a longer one than a packet is cut."""
    section = payload[1 + payload[0] :] if payload else b""
    if len(section) < 8:
        return b""
    length = (section[1] & 0x0F) << 8 | section[2]
    return section[: max(0, 3 + length - 4)]


def _first_program(payload: bytes) -> int:
    """The PMT's PID of the first program (number 0 is the network's own table)."""
    section = _section(payload)
    for at in range(8, len(section) - 3, 4):
        if section[at] << 8 | section[at + 1]:
            return (section[at + 2] & 0x1F) << 8 | section[at + 3]
    return -1


def _streams(payload: bytes) -> Iterator[tuple[int, int]]:
    """Stream type and PID of every elementary stream."""
    section = _section(payload)
    if len(section) < 12:
        return
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at + 5 <= len(section):
        yield section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2]
        at += 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])


def _nal_units(data: bytes) -> Iterator[tuple[int, int | None]]:
    """Where NAL units begin (their header byte) and end; None for the last one, which may not be whole."""
    at = data.find(b"\0\0\1")
    while at >= 0 and at + 3 < len(data):
        after = data.find(b"\0\0\1", at + 3)
        yield at + 3, None if after < 0 else (after - 1 if data[after - 1] == 0 else after)
        at = after


def _resync(buffer: bytes, at: int) -> int:
    """The next place that looks like the start of a packet."""
    while (at := buffer.find(_SYNC, at)) >= 0:
        if at + PACKET >= len(buffer) or buffer[at + PACKET] == _SYNC:
            return at
        at += 1
    return len(buffer)
