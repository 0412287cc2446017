"""What the caption editor's scripts say, in the reader's language; {names} are for the script."""

from collections.abc import Callable

from server.web.texts import studio_texts

Translate = Callable[[str], str]


def caption_texts(_: Translate) -> dict[str, str]:
    """All of it, besides what every page of the studio says."""
    return studio_texts(_) | _standing(_) | _cues(_) | _remarks(_) | _done(_)


def _standing(_: Translate) -> dict[str, str]:
    return {
        "all_saved": _("All is saved"),
        "not_saved": _("Not saved yet"),
        "is_saving": _("Saving …"),
        "saved_now": _("Saved. Viewers see it from now on."),
        "load_failed": _("The captions could not be fetched: {why}"),
        "save_failed": _("Not saved: {why} What you did is kept in this browser."),
        "no_connection": _("There is no connection."),
        "draft_back": _("What you had not saved on {when} is here again."),
        "draft_drop": _("Throw it away"),
        "draft_stale": _("Somebody changed these captions after you began on {when}. Yours are still here."),
        "draft_take": _("Go on with mine"),
        "conflict": _("Somebody else saved these captions meanwhile, and you both changed the same places."),
        "conflict_mine": _("Save mine over theirs"),
        "conflict_theirs": _("Show theirs"),
        "put_together": _("Somebody else saved these captions meanwhile; your changes and theirs were put together."),
        "theirs_shown": _("Theirs are shown; undo brings yours back."),
        "no_recording": _("There is no recording to watch yet. The captions can be written all the same."),
        "error_network": _("The connection was lost. Playback continues by itself when it is back."),
        "error_gone": _("The recording cannot be fetched just now. Try again in a moment."),
        "error_access": _("You are no longer allowed to watch this. Sign in or open your personal link again."),
        "error_media": _("Your browser could not decode this recording."),
        "error_unsupported": _("Your browser cannot play this kind of video. A newer browser can."),
    }


def _cues(_: Translate) -> dict[str, str]:
    return {
        "cue_empty": _("(no words)"),
        "cue_text": _("Text of caption {number}"),
        "cue_begins": _("Begins"),
        "cue_ends": _("Ends"),
        "cue_go": _("Go to {time}"),
        "cue_count": _("{count} captions"),
        "cue_about": _("{seconds} s, {speed} characters a second"),
        "cue_now_in": _("Begins here"),
        "cue_now_out": _("Ends here"),
        "cue_play": _("Play it"),
        "cue_split": _("Split"),
        "cue_merge": _("Merge with the next"),
        "cue_delete": _("Delete"),
        "cue_back": _("{seconds} s earlier"),
        "cue_on": _("{seconds} s later"),
        "not_a_time": _("This is no time; write it like 1:23.5"),
        "no_cues": _("There is no caption yet. Play the recording and add the first one where somebody speaks."),
    }


def _remarks(_: Translate) -> dict[str, str]:
    return {
        "remark_overlap": _("begins before the one before ends"),
        "remark_too_fast": _("too fast to read: {speed} characters a second"),
        "remark_long_line": _("a long line: {letters} characters"),
        "remark_beyond_end": _("after the end of the recording"),
        "remark_no_words": _("has no words"),
        "remark_backwards": _("ends before it begins"),
        "remarks_none": _("Nothing to remark on"),
        "remarks_count": _("To look at: {count}"),
        "must_mend": _("This cannot be saved yet: caption {number} {what}."),
    }


def _done(_: Translate) -> dict[str, str]:
    return {
        "was_split": _("Split."),
        "was_merged": _("Merged."),
        "was_deleted": _("Deleted."),
        "was_added": _("Added."),
        "was_shifted": _("Everything moved by {seconds} s."),
        "undone_now": _("Undone."),
        "redone_now": _("Done again."),
        "nothing_after": _("There is no caption after this one."),
        "found_none": _("Not found."),
        "found_in": _("In {count} captions"),
        "replaced_count": _("Replaced: {count}"),
        "described": _("Saved."),
    }
