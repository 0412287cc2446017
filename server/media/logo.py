"""A small picture somebody brought (a logo), drawn anew as WebP by a confined child: what is kept is our own file."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from server.media.deck_environment import without_ours
from server.media.process import Limits, start
from server.media.refusals import ProcessFailed, ProcessTimedOut, Refused

READER = Path(__file__).with_name("logo_child.py")
MAX_BYTES = 5 << 20
LIMITS = Limits(memory_bytes=1 << 30, cpu_s=20, file_bytes=1 << 20, open_files=64, wall_s=30, grace_s=1)
_REASONS = {
    "too_big": "The picture has more than 40 million pixels. Save it smaller.",
    "unreadable": "This is no picture that can be read. Bring a PNG, JPEG, WebP or GIF.",
}


class LogoUnreadable(Refused):
    """No picture, or one that cannot be used."""

    code: ClassVar[str] = "picture.unreadable"


@dataclass(frozen=True, kw_only=True)
class Logo:
    """The picture as WebP, at most 960 by 480 pixels."""

    webp: bytes
    width_px: int
    height_px: int


async def draw_logo(data: bytes) -> Logo:
    """Draw it anew. Raises LogoUnreadable with a sentence, ProcessFailed when the child could not run."""
    argv = without_ours([sys.executable, "-I", "-X", "utf8", str(READER)])
    answer = bytearray()

    async def take(piece: bytes) -> None:
        answer.extend(piece)

    async with start(argv, limits=LIMITS, has_input=True) as child:
        try:
            async with asyncio.timeout(LIMITS.wall_s):
                feeding = asyncio.create_task(_feed(child.process.stdin, data))
                await child.communicate(on_bytes=take)
                await feeding
        except TimeoutError:
            raise ProcessTimedOut("The picture took too long to read.", None, child.last_lines()) from None
        code = child.returncode
    head, _, webp = bytes(answer).partition(b"\n")
    if code != 0 or not head:
        # Killed by a limit: it is the picture's doing, and another try would end the same.
        raise LogoUnreadable(_REASONS["unreadable"])
    said = json.loads(head)
    if "refused" in said:
        raise LogoUnreadable(_REASONS[said["refused"]])
    return Logo(webp=webp, width_px=said["width_px"], height_px=said["height_px"])


async def _feed(stdin: asyncio.StreamWriter | None, data: bytes) -> None:
    if stdin is None:
        raise ProcessFailed("The picture's reader has no input.", None, ())
    try:
        stdin.write(data)
        await stdin.drain()
        stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended before it had read everything; its answer says why
