"""Words of the search page that depend on values."""


def _(message: str) -> str:
    """Marks a message for extraction; it is translated where it is shown."""
    return message


PART_NAMES = {
    "speaker": _("Speaker"),
    "abstract": _("Abstract"),
    "link": _("Link"),
    "page": _("Slide"),
    "caption": _("Said"),
}
FACET_NAMES = {
    "event": _("Edition"),
    "room": _("Room"),
    "track": _("Track"),
    "speaker": _("Speaker"),
    "language": _("Language"),
    "has": _("With"),
}
HAS_NAMES = {"video": _("Video"), "slides": _("Slides"), "captions": _("Captions")}
