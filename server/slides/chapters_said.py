"""A person's list of chapters goes before the guess, and is taken back."""

from collections.abc import Sequence

from server.core.db import Db
from server.media.chapters import MAX_CHAPTERS, MAX_TITLE, Chapter, in_order
from server.slides.cue_errors import ChaptersUnusable, CuesNotThere
from server.slides.models import SlideSync
from server.slides.sync_found import as_json
from server.slides.sync_inputs import Inputs
from server.slides.sync_place import keep_chapters


async def say_chapters(db: Db, sync: SlideSync, inputs: Inputs, chapters: Sequence[Chapter]) -> None:
    """Keep the list; an empty one says that the talk has no chapters. Raises CuesNotThere, ChaptersUnusable."""
    timeline = inputs.timeline
    if timeline is None or inputs.recording is None:
        raise CuesNotThere
    kept = usable(chapters, inputs.recording.duration_ms or 0)
    sync.chapters_said = as_json(keep_chapters(timeline, kept))
    sync.version += 1
    await db.flush()


def usable(chapters: Sequence[Chapter], duration_ms: int) -> list[Chapter]:
    """The chapters in order, of a recording of that length. Raises ChaptersUnusable, which says what is wrong."""
    if len(chapters) > MAX_CHAPTERS:
        raise ChaptersUnusable(f"A talk may have {MAX_CHAPTERS} chapters at most.")
    for one in chapters:
        if not 0 <= one.start_ms < duration_ms:
            raise ChaptersUnusable(
                f"The chapter '{one.title[:60]}' begins at {one.start_ms} ms, outside the recording ({duration_ms} ms)."
            )
        if not one.title.strip():
            raise ChaptersUnusable(f"The chapter at {one.start_ms} ms needs a title.")
        if len(one.title) > MAX_TITLE:
            raise ChaptersUnusable(f"A chapter's title may have {MAX_TITLE} characters at most.")
    ordered = in_order(chapters, duration_ms)
    if len(ordered) < len(chapters):
        raise ChaptersUnusable("Two chapters begin at the same time.")
    return ordered


async def unsay_chapters(db: Db, sync: SlideSync) -> None:
    """Back to the guess."""
    if sync.chapters_said is not None:
        sync.chapters_said = None
        sync.version += 1
        await db.flush()
