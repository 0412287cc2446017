"""What a sample entry says of its codec: H.264 (ISO/IEC 14496-15) and AAC (ISO/IEC 14496-14), read and written."""

import struct
from dataclasses import dataclass

from server.media.boxes import BadBox, Box, Fields, box, full_box

VISUAL_FIELDS = 78  # ISO/IEC 14496-12 §12.1.3: the fixed part of a visual sample entry
AUDIO_FIELDS = 28  # §12.2.3: the fixed part of an audio sample entry
SHAPE_BOXES = ("pasp", "colr")  # what else decides the picture; btrt (bit rate) differs from chunk to chunk and goes


@dataclass(frozen=True, slots=True)
class Codec:
    """One sample entry, without what may differ between equal encodes (bit rates, encoder names).

    `config` is the avcC payload of H.264, the AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) of AAC.
    """

    kind: str
    config: bytes
    width: int = 0
    height: int = 0
    shape: bytes = b""
    channels: int = 0
    sample_rate: int = 0
    object_type: int = 0

    @property
    def name(self) -> str:
        """The codec for CODECS attributes (RFC 6381 §3.3; ISO/IEC 14496-15 Annex E)."""
        if self.kind == "avc1":
            return f"avc1.{self.config[1]:02X}{self.config[2]:02X}{self.config[3]:02X}"
        return f"mp4a.{self.object_type:02x}.{_audio_object_type(self.config)}"

    def sample_entry(self) -> bytes:
        """The entry as it stands in our own init: always the same bytes for the same codec."""
        return self._visual_entry() if self.kind == "avc1" else self._audio_entry()

    def _visual_entry(self) -> bytes:
        fixed = struct.pack(">6xH16xHHIIIH32xHh", 1, self.width, self.height, 72 << 16, 72 << 16, 0, 1, 24, -1)
        return box("avc1", fixed, box("avcC", self.config), self.shape)

    def _audio_entry(self) -> bytes:
        # A rate above 16 bits cannot be said here; the AudioSpecificConfig says it (§12.2.3).
        rate = self.sample_rate << 16 if self.sample_rate <= 0xFFFF else 0
        fixed = struct.pack(">6xH8xHHHHI", 1, self.channels, 16, 0, 0, rate)
        specific = _descriptor(5, self.config)
        # Bit rates 0: not said. They are unknown when the first segment is published.
        decoder = _descriptor(4, struct.pack(">BB3xII", self.object_type, 0x15, 0, 0), specific)
        es = _descriptor(3, struct.pack(">HB", 0, 0), decoder, _descriptor(6, b"\x02"))
        return box("mp4a", fixed, full_box("esds", 0, 0, es))


def read_codec(stsd: Box) -> Codec:
    """The one sample entry of an stsd box. Raises BadBox for codecs that Semma does not make."""
    entries = list(stsd.children(8))
    if len(entries) != 1:
        raise BadBox(f"{len(entries)} sample entries where one is expected")
    entry = entries[0]
    if entry.kind == "avc1":
        return _read_visual(entry)
    if entry.kind == "mp4a":
        return _read_audio(entry)
    raise BadBox(f"codec '{entry.kind}' is not one that is packaged here (avc1 and mp4a are)")


def _read_visual(entry: Box) -> Codec:
    fields = Fields(entry, 24)
    width, height = fields.u16(), fields.u16()
    fields.skip(VISUAL_FIELDS - 28)
    config = b""
    shape = b""
    for child in entry.children(VISUAL_FIELDS):
        if child.kind == "avcC":
            config = bytes(child.payload)
        elif child.kind in SHAPE_BOXES:
            shape += box(child.kind, child.payload)
    if len(config) < 7 or config[0] != 1:
        raise BadBox("the 'avcC' box is missing or is not one (ISO/IEC 14496-15 §5.3.3.1)")
    return Codec("avc1", config, width, height, shape)


def _read_audio(entry: Box) -> Codec:
    fields = Fields(entry, 16)
    channels = fields.u16()
    fields.skip(6)
    rate = fields.u32() >> 16
    for child in entry.children(AUDIO_FIELDS):
        if child.kind == "esds":
            object_type, config = _read_esds(child)
            return Codec("mp4a", config, channels=channels, sample_rate=rate, object_type=object_type)
    raise BadBox("the 'esds' box is missing")


def _read_esds(esds: Box) -> tuple[int, bytes]:
    """Object type and AudioSpecificConfig from an ES descriptor (ISO/IEC 14496-1 §7.2.6.5)."""
    fields = Fields(esds, 4)
    _expect(fields, 3)
    fields.skip(2)
    flags = fields.u8()
    fields.skip((2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0))
    if flags & 0x40:
        fields.skip(fields.u8())
    _expect(fields, 4)
    object_type = fields.u8()
    fields.skip(12)
    length = _expect(fields, 5)
    if length < 2 or length > fields.left():
        raise BadBox("the 'esds' box has no AudioSpecificConfig")
    return object_type, bytes(fields.u8() for _ in range(length))


def _expect(fields: Fields, tag: int) -> int:
    """Step into a descriptor of a tag; its length (ISO/IEC 14496-1 §8.3.3: seven bits a byte)."""
    found = fields.u8()
    if found != tag:
        raise BadBox(f"descriptor {found} in 'esds' where {tag} is expected")
    length = 0
    for _ in range(4):
        byte = fields.u8()
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    return length


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, 0x80, 0x80, 0x80 | len(body) >> 7, len(body) & 0x7F]) + body


def _audio_object_type(config: bytes) -> int:
    """The audio object type that starts an AudioSpecificConfig: five bits, or 32 plus six (§1.6.2.1)."""
    kind = config[0] >> 3
    return 32 + ((config[0] & 7) << 3 | config[1] >> 5) if kind == 31 else kind
