"""What can go wrong with sessions and speakers."""

from server.core.errors import Conflict, Invalid, NotFound


class SessionNotFound(NotFound):
    """No such session that the asker may know of."""

    code = "session.not_found"
    says = "There is no such session, or you may not see it."


class SpeakerNotFound(NotFound):
    """No such speaker that the asker may know of."""

    code = "speaker.not_found"
    says = "There is no such speaker, or you may not see them."


class SessionAmbiguous(Conflict):
    """Several events have a session with this slug."""

    code = "session.ambiguous"
    says = "Several events have a session with this slug; use its id, or ask at /api/v1/events/{event}/sessions/{slug}."


class GuidTaken(Conflict):
    """Another session of this event has this guid."""

    code = "session.guid_taken"
    says = "Another session of this event has this guid; leave it out to get a fresh one."


class StateInvalid(Invalid):
    """None of the states there are."""

    code = "session.state_invalid"
    says = "The state of a session is confirmed, tentative or cancelled."


class DurationInvalid(Invalid):
    """No length a session can have."""

    code = "session.duration_invalid"
    says = "A session lasts from one second to seven days; `duration_ms` is in milliseconds."


class TimeInvalid(Invalid):
    """A moment without its offset, or outside what calendars hold."""

    code = "session.time_invalid"
    says = "`starts_at` is a time with its offset, as in 2027-05-20T10:00:00+03:00."


class DayInvalid(Invalid):
    """Not a day, or of no event."""

    code = "session.day_invalid"


class SpeakersInvalid(Invalid):
    """A speaker who is named neither by id nor by name, or too many."""

    code = "session.speakers_invalid"
