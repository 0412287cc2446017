"""What is this file? Probing an untrusted source in a confined child, one way only: PyAV.

    info = await probe(presigned_url_or_path)

PyAV brings its own libav on every platform (ffprobe is in no wheel that we need anyway), gives packet times, sample
tables and decoded side data without text to parse, and is there for slide matching already. Type is decided by content,
never by name; protocols and formats are on a whitelist (ffmpeg.py).
"""

import json
import sys
from pathlib import Path

import msgspec

from server.media.ffmpeg import safe_input_options, source_name
from server.media.process import Limits, run
from server.media.refusals import (
    AbsurdDimensions,
    Broken,
    EmptyFile,
    Encrypted,
    MediaError,
    NoStreams,
    NotMedia,
    ProcessFailed,
    ProcessTimedOut,
    Refused,
    TooManyStreams,
    Unreachable,
)
from server.media.source_info import SourceInfo

READER = Path(__file__).with_name("probe_read.py")
# A file without a duration is read whole, at the speed of the storage; everything else answers within seconds.
PROBE_LIMITS = Limits(memory_bytes=3 << 30, cpu_s=300, file_bytes=1 << 20, open_files=64, wall_s=600)

REASONS: dict[str, type[MediaError]] = {
    "not_media": NotMedia,
    "empty": EmptyFile,
    "no_streams": NoStreams,
    "encrypted": Encrypted,
    "broken": Broken,
    "too_many_streams": TooManyStreams,
    "absurd_dimensions": AbsurdDimensions,
    "unreachable": Unreachable,
}


async def probe(source: str, *, limits: Limits = PROBE_LIMITS) -> SourceInfo:
    """The facts of the source, a path or a presigned URL.

    Raises a subclass of Refused, with a sentence for the uploader, when it can never become a recording; Unreachable
    when the storage failed (try again).
    """
    lines: list[str] = []
    argv = [sys.executable, "-I", str(READER), source_name(source), json.dumps(safe_input_options(source))]
    try:
        await run(argv, limits=limits, on_line=lines.append, what="probing")
    except ProcessTimedOut as error:
        raise Refused(f"Reading the file took longer than {limits.wall_s:.0f} seconds.") from error
    except ProcessFailed as error:
        if error.returncode is not None and error.returncode < 0:
            raise Broken("The file makes the reader crash or run out of memory, so it was refused.") from error
        raise
    answer = json.loads(lines[-1])
    if refused := answer.get("refused"):
        raise REASONS[refused["code"]](refused["detail"])
    return msgspec.convert(answer["info"], SourceInfo)
