"""What can go wrong with series, events, rooms, tracks and links."""

from server.core.errors import Conflict, Invalid, NotFound, TooLarge


class SeriesNotFound(NotFound):
    """No such series."""

    code = "series.not_found"
    says = "There is no such series, or it was deleted."


class EventNotFound(NotFound):
    """No such event that the asker may know of."""

    code = "event.not_found"
    says = "There is no such event, or you may not see it."


class RoomNotFound(NotFound):
    """No such room in this event."""

    code = "room.not_found"
    says = "There is no such room in this event."


class TrackNotFound(NotFound):
    """No such track in this event."""

    code = "track.not_found"
    says = "There is no such track in this event."


class LinkNotFound(NotFound):
    """No such link here."""

    code = "link.not_found"
    says = "There is no such link here, or it was deleted."


class SlugTaken(Conflict):
    """Another one has this slug."""

    code = "slug.taken"
    says = "Another one already has this slug; choose a different one."


class SlugInvalid(Invalid):
    """Not usable as the last word of an address."""

    code = "slug.invalid"
    says = "A slug is made of lower-case letters a–z, digits and single hyphens, at most 100 of them."


class SlugReserved(SlugInvalid):
    """Semma uses this word itself."""

    code = "slug.reserved"
    says = "Semma uses this word in its own addresses; choose a different slug."


class TextInvalid(Invalid):
    """A text is empty or too long."""

    code = "text.invalid"


class DatesReversed(Invalid):
    """An end before its start."""

    code = "event.dates_reversed"
    says = "The event ends before it starts; swap `starts_on` and `ends_on`."


class TimeZoneUnknown(Invalid):
    """Not in the time zone database."""

    code = "event.time_zone_unknown"


class LanguageInvalid(Invalid):
    """Not a language tag (BCP 47)."""

    code = "language.invalid"


class VisibilityInvalid(Invalid):
    """None of the visibilities there are."""

    code = "event.visibility_invalid"
    says = "The visibility of an event is public, unlisted or closed."


class HashtagInvalid(Invalid):
    """Not one word."""

    code = "event.hashtag_invalid"
    says = "A hashtag is one word of letters, digits and underscores; the leading # may be left out."


class ColourInvalid(Invalid):
    """Not a colour as #rrggbb."""

    code = "track.color_invalid"
    says = "A colour is written as #rrggbb, as in #0b7285."


class LinkInvalid(Invalid):
    """A link's kind or address cannot be used."""

    code = "link.invalid"


class UndoTimeOver(Conflict):
    """It was deleted longer ago than can be undone, or is not deleted at all."""

    code = "undo.not_possible"
    says = "This is not deleted, so there is nothing to undo."


class PictureUnreadable(Invalid):
    """What was sent is no picture that can be used."""

    code = "picture.unreadable"
    says = "This is no picture that can be read. Bring a PNG, JPEG, WebP or GIF."


class PictureTooLarge(TooLarge):
    """More bytes than a logo needs."""

    code = "picture.too_large"
    says = "A logo has at most 5 MiB. Save it smaller."


class PictureNotFound(NotFound):
    """No such picture."""

    code = "picture.not_found"
    says = "There is no such picture."


class TooManyPictures(Conflict):
    """More sponsors' logos than anybody looks at."""

    code = "picture.too_many"
    says = "There are 200 pictures already; take some sponsors out first."


class SuggestionNotFound(NotFound):
    """No such suggestion for this event."""

    code = "suggestion.not_found"
    says = "There is no such suggestion, or it was decided on long ago."


class SuggestionsClosed(Conflict):
    """This event takes no links from its audience."""

    code = "suggestion.closed"
    says = "This event takes no suggestions of links at the moment. Write to its organisers instead."


class SuggestionsFull(Conflict):
    """So many wait that nobody reads them."""

    code = "suggestion.full"
    says = "Very many suggestions wait already. Try again when the organisers have looked through them."
