"""A programme that waits to be applied, as text a row can hold: JSON, deflated, base64."""

import base64
import zlib

import msgspec

from server.sessions.formats.form import ReadProgramme


def pack(programme: ReadProgramme) -> str:
    """The programme as text."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(programme), 1)).decode()


def unpack(text: str) -> ReadProgramme:
    """The programme again."""
    return msgspec.json.decode(zlib.decompress(base64.b64decode(text)), type=ReadProgramme)
