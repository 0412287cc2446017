"""Facts of sessions."""

from server.core.jobs import Job


class RecordingConsentChanged(Job, frozen=True, kw_only=True):
    """Fact: a session was marked do-not-record, or the mark was taken away. `keep_files`: the programme says so, which
    may change its mind: what there is is hidden, not removed."""

    name = "sessions.recording_consent_changed"
    queue = "light"
    session: str
    keep_files: bool = False


class PollProgramme(Job, frozen=True, kw_only=True):
    """Look whether a programme's source has something new. Its subject is the source's id."""

    name = "programme.poll"
    queue = "light"
    source: str


class ApplyProgramme(Job, frozen=True, kw_only=True):
    """Apply an import that waits for it. Its subject is the import's id."""

    name = "programme.apply"
    queue = "light"
    programme_import: str
