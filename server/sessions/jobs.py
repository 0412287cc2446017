"""Facts of sessions."""

from server.core.jobs import Job


class RecordingConsentChanged(Job, frozen=True, kw_only=True):
    """Fact: a session was marked do-not-record, or the mark was taken away."""

    name = "sessions.recording_consent_changed"
    queue = "light"
    session: str
