"""The child that decodes an untrusted recording and compares it with pages. Run by match.py under limits.

    python -I match_child.py ORDER_JSON_FILE

Writes lines of JSON: {"progress": 0.25} now and then, at the end {"matched": …} or {"refused": {"code", "detail"}}.
"""

import os

# Before numpy loads its linear algebra: one thread.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import av  # noqa: E402
import av.error  # noqa: E402
import msgspec  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[3]))
from server.media.probe_sniff import Refuse, explain_open_error  # noqa: E402
from server.media.slidematch.match import Order, cpu_now, match_opened, prepare_opencv  # noqa: E402
from server.media.slidematch.pages import UnreadablePageError, load_deck  # noqa: E402

PROGRESS_STEP = 0.01


def say(message: dict[str, Any]) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Reporter:
    """Says how far the work is, not more often than worth it."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, reached: float) -> None:
        reached = min(1.0, max(0.0, reached))
        if reached >= self._said + PROGRESS_STEP:
            self._said = reached
            say({"progress": round(reached, 3)})


def main(path: str) -> dict[str, Any]:
    """The answer to the order in the file at `path`."""
    order = msgspec.json.decode(Path(path).read_bytes(), type=Order)
    prepare_opencv()
    try:
        deck = load_deck(order.pages)
    except UnreadablePageError as error:
        return refused("pages", str(error))
    try:
        container = av.open(order.source, options=order.options, metadata_errors="replace", timeout=(30.0, 60.0))
    except (av.error.FFmpegError, OSError, ValueError, EOFError) as error:
        why = explain_open_error(order.source, error)
        return refused("unreachable" if why.code == "unreachable" else "broken", why.detail)
    try:
        with container:
            matched = match_opened(order, container, deck, Reporter())
    except (av.error.FFmpegError, OSError) as error:
        return refused("unreachable", f"Reading the recording ended early: {error}.")
    return {"matched": msgspec.to_builtins(msgspec.structs.replace(matched, cpu_s=round(cpu_now(), 3)))}


def refused(code: str, detail: str) -> dict[str, Any]:
    """The answer when there is none."""
    return {"refused": {"code": code, "detail": detail}}


if __name__ == "__main__":
    av.logging.set_level(None)
    try:
        answer = main(sys.argv[1])
    except Refuse as error:
        answer = refused("unreachable" if error.code == "unreachable" else "broken", error.detail)
    say(answer)
