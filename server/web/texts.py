"""Texts for the scripts of a page, in the reader's language, sent in a JSON island; {names} are for the script."""

from collections.abc import Callable

Translate = Callable[[str], str]


def programme_texts(_: Translate) -> dict[str, str]:
    """What the programme's script says."""
    return {
        "watch": _("Watch"),
        "mine_mark": _("In my programme: {title}"),
        "mine_only": _("My programme ({count})"),
        "zone_mine": _("Times are in your time zone, {zone}."),
        "zone_show_event": _("Show the event's time"),
        "zone_show_mine": _("Show my time"),
    }


def live_texts(_: Translate) -> dict[str, str]:
    """What the live page says, besides what every player does."""
    return player_texts(_) | {
        "live": _("Live"),
        "back_to_live": _("Back to live"),
        "behind": _("{time} behind live"),
        "seconds": _("{seconds} s"),
        "left": _("{time} left"),
        "saver": _("Data saver"),
        "saver_short": _("Saver"),
        "watching": _("{count} watching"),
        "any_moment": _("Any moment now"),
        "days_hours": _("{days} d {hours} h"),
        "broadcast_ended": _("The broadcast has ended. The talks appear below as their recordings are ready."),
        "on_air_again": _("The room is on air again."),
        "zone_mine": _("Times are in your time zone, {zone}."),
        "zone_show_event": _("Show the event's time"),
        "zone_show_mine": _("Show my time"),
    }


def player_texts(_: Translate) -> dict[str, str]:
    """What the player says."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Mute"),
        "unmute": _("Sound on"),
        "full": _("Full screen"),
        "unfull": _("Leave full screen"),
        "position": _("{now} of {total}"),
        "volume": _("Volume {percent} %"),
        "captions": _("Captions"),
        "captions_off": _("Off"),
        "captions_are": _("Captions: {name}"),
        "speed": _("Speed"),
        "speed_is": _("Speed {speed}"),
        "quality": _("Quality"),
        "auto": _("Auto"),
        "quality_is": _("Quality {name}"),
        "making": _("Still encoding, ready up to {time}"),
        "beyond": _("That part is still being encoded; ready up to {time}."),
        "complete": _("The whole recording is ready."),
        "resumed": _("Continuing at {time}"),
        "copied": _("Link to {time} copied"),
        "copy_this": _("Copy this link:"),
        "ended": _("The recording has ended."),
        "loading": _("Loading"),
        "error_network": _("The connection was lost. Playback continues by itself when it is back."),
        "error_gone": _("The recording cannot be fetched just now. Try again in a moment."),
        "error_access": _("You are no longer allowed to watch this. Sign in or open your personal link again."),
        "error_media": _("Your browser could not decode this recording."),
        "error_unsupported": _("Your browser cannot play this kind of video. A newer browser can."),
        "failed": _("The recording could not be prepared. The organisers have been told why."),
        "chapters": _("Chapters"),
        "sound_only": _("Sound only"),
        "sound_only_short": _("Sound"),
    } | slide_texts(_)


def transcript_texts(_: Translate) -> dict[str, str]:
    """What the transcript says."""
    return {
        "found_one": _("1 place"),
        "found_many": _("{count} places"),
        "found_at": _("{at} of {count}"),
    }


def download_texts(_: Translate) -> dict[str, str]:
    """What the menu of files to download says."""
    return {
        "download_video": _("Video, {quality}"),
        "download_audio": _("Sound only (M4A)"),
        "download_captions": _("Captions, {language} ({form})"),
        "download_about": _("about {size}"),
        "download_making": _("{name} is being prepared."),
        "download_ready": _("{name} is ready."),
        "download_failed": _("It could not be prepared: {why}"),
        "download_none": _("This talk can be watched here, but not be downloaded."),
    }


def slide_texts(_: Translate) -> dict[str, str]:
    """What slides beside a video say."""
    return {
        "slide_number": _("Slide {page}"),
        "slide_named": _("Slide {page}: {title}"),
        "slide_of": _("Slide {page} of {pages}"),
        "steps": _("{count} steps"),
        "not_shown": _("Not shown in the talk"),
        "not_shown_short": _("Not shown"),
        "no_slide_now": _("No slide is shown at this moment."),
        "watch_from": _("Watch from {time}"),
        "slide_copied": _("Link to slide {page} copied"),
        "slide_large": _("Make the slide large"),
        "video_large": _("Make the video large"),
        "slide_full": _("Slide in full screen"),
    }


def studio_texts(_: Translate) -> dict[str, str]:
    """What the studio's scripts say."""
    return {
        "done": _("Done."),
        "undo": _("Undo"),
        "percent_left": _("{percent} %, {time} left"),
        "under_a_minute": _("less than a minute"),
        "minutes": _("about {minutes} min"),
        "left": _("{time} left"),
        "sent_of": _("{sent} of {all}"),
        "waiting": _("Waiting for its turn"),
        "connecting": _("Connecting"),
        "paused": _("Paused"),
        "pause_upload": _("Pause"),
        "go_on": _("Go on"),
        "try_again": _("Try again"),
        "cancel_upload": _("Cancel"),
        "close": _("Close"),
        "uploaded": _("Uploaded. The recording is now being prepared."),
        "uploaded_slides": _("Uploaded. The slides are there for everybody who may see the talk."),
        "uploaded_captions": _("Uploaded. The captions are shown from now on."),
        "upload_lost": _("The connection was lost. What was sent is safe; go on when you are online again."),
        "unfinished": _("The upload of {name} is not finished. Choose the same file again and it goes on."),
    }


def edition_texts(_: Translate) -> dict[str, str]:
    """What the studio's page around an edition says, besides what every page of the studio does."""
    return studio_texts(_) | {
        "saved": _("Saved."),
        "logo_saved": _("The logo is shown now."),
        "save_to_keep": _("Sent. Save the sponsors to show it."),
    }


def room_texts(_: Translate) -> dict[str, str]:
    """What the studio's page of a room says, besides what every page of the studio does."""
    return studio_texts(_) | {
        "copied": _("Copied."),
        "copy_failed": _("Copying is not allowed here; select the text and copy it yourself."),
        "yes": _("Yes"),
        "no": _("No"),
        "seconds": _("{seconds} s"),
    }
