"""RTMP's handshake, the server's half (RTMP specification 1.0, §5.2).

Flash, OBS and ffmpeg send digests inside C1 (the undocumented "complex" handshake); all of them accept a plain answer
from a server whose S1 says version 0, so that is what they get.
"""

import os

from server.media.rtmp_chunks import BadRtmp

PACKET_BYTES = 1536  # §5.2.3: C1, C2, S1 and S2
VERSION = 3
ENCRYPTED = 6
_FIRST_TEXT = 32  # §5.2.2: 32 and above are reserved so that text protocols can be told apart
_TLS_HANDSHAKE = 0x16


class Handshake:
    """Bytes in until `is_done`; `feed` answers what to send and what was left over after C2."""

    def __init__(self) -> None:
        self.is_done = False
        self._is_answered = False
        self._buffer = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The bytes to send (S0, S1 and S2 at once, when C1 is whole) and those that belong to the chunk stream."""
        self._buffer += data
        answer = b""
        if self._buffer and not self._is_answered:
            _check_version(self._buffer[0])
            if len(self._buffer) < 1 + PACKET_BYTES:
                return b"", b""
            first, self._buffer = self._buffer[1 : 1 + PACKET_BYTES], self._buffer[1 + PACKET_BYTES :]
            # S1: time 0, four zeros, random bytes. S2 repeats C1 (§5.2.4).
            answer = bytes([VERSION]) + bytes(8) + os.urandom(PACKET_BYTES - 8) + first
            self._is_answered = True
        if not self._is_answered or len(self._buffer) < PACKET_BYTES:
            return answer, b""
        self.is_done = True
        rest, self._buffer = self._buffer[PACKET_BYTES:], b""
        return answer, rest


def _check_version(version: int) -> None:
    if version == _TLS_HANDSHAKE:
        raise BadRtmp("this port speaks RTMP without TLS; RTMPS goes through the TLS proxy")
    if version == ENCRYPTED:
        raise BadRtmp("RTMPE is not spoken here; use RTMP or RTMPS")
    if version >= _FIRST_TEXT or version == 0:
        raise BadRtmp("this is no RTMP handshake")
