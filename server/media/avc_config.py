"""What an H.264 decoder configuration says of the pictures: size, rate, profile and form, from its first SPS.

avcC is ISO/IEC 14496-15 §5.3.3.1, the sequence parameter set ITU-T H.264 §7.3.2.1.1, its VUI §E.1.1.
"""

from dataclasses import dataclass
from fractions import Fraction

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_EXTENDED_SAR = 255
_MAX_EDGE = 16_384  # pixels; level 6.2 allows less
_LONGEST_SPS = 1024  # bytes; with all scaling lists it is about half of it
_HIGHEST_RATE = 300  # frames a second; what claims more means something else


class BadConfig(ValueError):
    """The bytes are no decoder configuration."""

    code = "media.bad_config"


@dataclass(frozen=True, slots=True)
class Pictures:
    """Size in pixels as shown (cropped, before the sample aspect ratio), and the rate; 0 when the stream says none.

    `level` is level_idc (31 for 3.1). `is_plain`: 8 bit 4:2:0 in frames, square pixels, not of the full range.
    """

    width: int
    height: int
    rate: Fraction
    profile: int = 0
    level: int = 0
    is_plain: bool = False


class _Bits:
    """A cursor over a NAL unit's payload, bit by bit; running off the end is a BadConfig."""

    def __init__(self, nal: bytes) -> None:
        # §7.4.1: 00 00 03 hides what would look like a start code.
        raw = nal[:_LONGEST_SPS].replace(b"\0\0\x03", b"\0\0")
        self._value = int.from_bytes(raw, "big")
        self._left = len(raw) * 8

    def u(self, count: int) -> int:
        """Some bits, unsigned (§7.2)."""
        if count > self._left:
            raise BadConfig("the SPS ends in the middle of a field")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        """Exp-Golomb (§9.1)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise BadConfig("a number in the SPS is too long")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """Exp-Golomb with a sign (§9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def read_avc_config(config: bytes) -> Pictures:
    """The pictures that an avcC payload announces."""
    if len(config) < 8 or config[0] != 1 or not config[5] & 0x1F:
        raise BadConfig("no decoder configuration of H.264")
    length = int.from_bytes(config[6:8], "big")
    nal = config[8 : 8 + length]
    if len(nal) < length or length < 4 or nal[0] & 0x1F != 7:
        raise BadConfig("the decoder configuration has no whole SPS")
    return read_sps(nal)


def read_sps(nal: bytes) -> Pictures:
    """Size and rate from an SPS NAL unit (its header byte first)."""
    bits = _Bits(nal[1:])
    profile = bits.u(8)
    bits.u(8)
    level = bits.u(8)
    bits.ue()
    chroma, is_planes, is_8_bit = _chroma(bits, profile)
    _skip_to_size(bits)
    across, down = bits.ue() + 1, bits.ue() + 1
    frames_only = bits.u(1)
    if not frames_only:
        bits.u(1)
    bits.u(1)
    crop = [bits.ue() for _ in range(4)] if bits.u(1) else [0, 0, 0, 0]
    # §7.4.2.1.1: cropping counts in chroma samples, and in pairs of lines when pictures may be fields.
    unit_x = 2 if chroma in (1, 2) and not is_planes else 1
    unit_y = (2 if chroma == 1 and not is_planes else 1) * (2 - frames_only)
    width = across * 16 - (crop[0] + crop[1]) * unit_x
    height = down * 16 * (2 - frames_only) - (crop[2] + crop[3]) * unit_y
    if not (0 < width <= _MAX_EDGE and 0 < height <= _MAX_EDGE):
        raise BadConfig(f"pictures of {width}x{height}")
    rate, is_usual = _usability(bits) if bits.u(1) else (Fraction(0), True)
    is_plain = bool(frames_only) and chroma == 1 and is_8_bit and is_usual
    return Pictures(width, height, rate, profile, level, is_plain)


def _chroma(bits: _Bits, profile: int) -> tuple[int, bool, bool]:
    """chroma_format_idc (1 when not said), whether the colour planes are coded apart, whether samples have 8 bit."""
    if profile not in _HIGH_PROFILES:
        return 1, False, True
    chroma = bits.ue()
    is_planes = bool(bits.u(1)) if chroma == 3 else False
    is_8_bit = (bits.ue(), bits.ue()) == (0, 0)
    bits.u(1)
    if bits.u(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, is_planes, is_8_bit


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    """§7.3.2.1.1.1: a list ends early when the next scale becomes 0."""
    last = 8
    for _ in range(size):
        last = (last + bits.se()) % 256
        if last == 0:
            return


def _skip_to_size(bits: _Bits) -> None:
    """From log2_max_frame_num to gaps_in_frame_num_value_allowed_flag."""
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se()
        bits.se()
        count = bits.ue()
        if count > 255:
            raise BadConfig("the SPS has an absurd picture order cycle")
        for _ in range(count):
            bits.se()
    bits.ue()
    bits.u(1)


def _usability(bits: _Bits) -> tuple[Fraction, bool]:
    """Frames a second from the VUI, up to its timing (§E.1.1); a tick is a field, so a frame is two (§E.2.1). And
    whether pixels are square and their range is not the full one, as far as it says."""
    is_usual = True
    if bits.u(1):
        shape = bits.u(8)
        # Table E-1: 1 is square, 0 not said; 255 is written out.
        across, down = (bits.u(16), bits.u(16)) if shape == _EXTENDED_SAR else (1, 1)
        is_usual = across == down and shape in (0, 1, _EXTENDED_SAR)
    if bits.u(1):
        bits.u(1)
    if bits.u(1):
        bits.u(3)
        is_usual = not bits.u(1) and is_usual
        if bits.u(1):
            bits.u(24)
    if bits.u(1):
        bits.ue()
        bits.ue()
    if not bits.u(1):
        return Fraction(0), is_usual
    tick, scale = bits.u(32), bits.u(32)
    rate = Fraction(scale, 2 * tick) if tick else Fraction(0)
    return rate if 1 <= rate <= _HIGHEST_RATE else Fraction(0), is_usual
