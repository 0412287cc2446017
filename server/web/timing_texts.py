"""What the timing editor's scripts say, in the reader's language; {names} are for the script."""

from collections.abc import Callable

from server.web.texts import studio_texts

Translate = Callable[[str], str]


def timing_texts(_: Translate) -> dict[str, str]:
    """All of it, besides what every page of the studio says."""
    return studio_texts(_) | _names(_) | _acts(_) | _refusals(_) | _standing(_) | _chapters(_)


def _names(_: Translate) -> dict[str, str]:
    return {
        "page_is": _("Page {page}"),
        "page_titled": _("Page {page}: {title}"),
        "no_slide": _("No slide"),
        "from_to": _("{from} to {to}"),
        "sure_percent": _("{percent} % sure"),
        "sure_hand": _("set by a person"),
        "sure_unknown": _("not known"),
        "and_edited": _("{sure}, border moved"),
        "border_of": _("Beginning of page {page}"),
        "from_here": _("Page {page} from here"),
        "in_hand": _("In hand: {page}"),
        "typing": _("Page {page} …"),
        "left_to_check": _("{count} left"),
        "all_checked": _("Done"),
        "need_is": _("{span}: now {page}. {why}"),
        "need_taken": _("Unsure: {span}"),
        "nothing_unsure": _("Nothing is unsure any more."),
        "candidate": _("{key}: page {page}"),
        "candidate_now": _("{key}: page {page}, as now"),
        "pages_or": _("pages {pages}"),
        "somebody": _("Somebody"),
        "undone": _("undone"),
        "history_empty": _("Nobody has changed anything yet."),
        "did_set": _("{page} from {from} to {to}"),
        "did_move": _("The border at {from} moved to {to}"),
        "did_join": _("What began at {at} was joined with its neighbour"),
        "did_shift": _("Everything moved by {seconds} s"),
        "did_renumber": _("From {at} on, page numbers {by}"),
    }


def _acts(_: Translate) -> dict[str, str]:
    return {
        "was_set": _("{page}, {span}."),
        "was_moved": _("The border moved from {from} to {to}."),
        "was_joined": _("Joined with the one before."),
        "was_shifted": _("Everything moved by {seconds} s."),
        "was_later": _("From here on one page later."),
        "was_earlier": _("From here on one page earlier."),
        "undone_now": _("Undone."),
        "redone_now": _("Done again."),
        "is_saved": _("All is saved"),
        "is_saving": _("Saving …"),
        "is_unsaved": _("Not saved yet: {count}"),
    }


def _refusals(_: Translate) -> dict[str, str]:
    return {
        "no_candidate": _("There is no choice {key} here."),
        "no_such_page": _("There is no page {page}; the deck has {pages}."),
        "first_stays": _("The recording begins here; this border does not move."),
        "border_between": _("This border can stand between {from} and {to}."),
        "border_is_here": _("The border is there already, or another one is between."),
        "only_one": _("This is the only one; set another page instead."),
        "not_a_time": _("Type a time like 1:23.4."),
        "not_seconds": _("Type seconds, like 1.5 or -0.4."),
        "no_connection": _("The server cannot be reached."),
        "unsaved": _("Not saved yet: {count}. {why} It is kept here and sent again by itself."),
        "try_now": _("Try now"),
        "conflict": _("Somebody changed this meanwhile; you now see their version. Your change was not made."),
        "conflict_by": _("{who} changed this meanwhile ({what}); you now see it. Your change was not made."),
        "do_mine": _("Make mine all the same"),
        "refused": _("That could not be done: {why}"),
    }


def _standing(_: Translate) -> dict[str, str]:
    return {
        "load_failed": _("The slides could not be fetched: {why} Load the page again."),
        "no_pages": _("There are no pages yet. Bring slides below; PDF works best."),
        "no_recording": _("There is no recording to watch yet. The slides are matched as soon as there is one."),
        "match_failed": _("The slides could not be matched with the recording. You can set them by hand."),
        "state_waiting": _("The slides wait for their turn to be matched with the recording."),
        "state_rendering": _("The pages are being drawn."),
        "state_matching": _("The slides are being matched with the recording. You can look and change already."),
        "why_low_confidence": _("The picture fits no page for certain."),
        "why_near_identical": _("These pages look the same."),
        "why_nothing_matches": _("No page looks like this."),
        "why_other": _("This is not certain."),
        "why_page_gone": _("The page set here is not in the new version of the deck."),
        "error_network": _("The connection was lost. Playback continues by itself when it is back."),
        "error_gone": _("The recording cannot be fetched just now. Try again in a moment."),
        "error_access": _("You are no longer allowed to watch this. Sign in or open your personal link again."),
        "error_media": _("Your browser could not decode this recording."),
        "error_unsupported": _("Your browser cannot play this kind of video. A newer browser can."),
    }


def _chapters(_: Translate) -> dict[str, str]:
    return {
        "chapters_guessed": _("Guessed from the slides. Change what you like; then the list is yours."),
        "chapters_own": _("A person's list. New matching does not change it."),
        "chapters_unsaved": _("Changed and not saved yet."),
        "chapters_saved": _("The chapters are saved."),
        "chapters_guess_shown": _("The guessed chapters are back."),
        "chapter_at": _("Title of the chapter at {time}"),
        "chapter_go": _("Go to {time}"),
        "chapter_delete": _("Delete the chapter {title}"),
        "chapter_nameless": _("Give every chapter a title, or delete it."),
    }
