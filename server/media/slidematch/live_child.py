"""The child that looks at a room that is on air. Run by live_follow.py under limits.

    python -I live_child.py ORDER_JSON_FILE < parts

Reads parts (live_parts.py) and writes a line of JSON (live_parts.Answer) for each, the first one when it is ready.
"""

import os

# Before numpy loads its linear algebra: one thread.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import av  # noqa: E402
import msgspec  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[3]))
from server.media.slidematch.live import LiveMatch  # noqa: E402
from server.media.slidematch.live_eye import Eye  # noqa: E402
from server.media.slidematch.live_parts import Answer, LiveOrder, read_part  # noqa: E402
from server.media.slidematch.pages import UnreadablePageError  # noqa: E402


def say(answer: Answer) -> None:
    """One line to the parent."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


def main(path: str) -> None:
    """Until the parent says nothing more."""
    order = msgspec.json.decode(Path(path).read_bytes(), type=LiveOrder)
    try:
        eye = Eye(LiveMatch(order.pages, order.known))
    except UnreadablePageError as error:
        say(Answer(refused=str(error)))
        return
    say(Answer(ready=True))
    while (part := read_part(sys.stdin.buffer)) is not None:
        told = eye.take(part)
        say(Answer(seen=part.number, told=tuple(told), regions=eye.match.regions() if told else ()))


if __name__ == "__main__":
    av.logging.set_level(None)
    main(sys.argv[1])
