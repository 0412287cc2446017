"""Orders and facts of recordings."""

from server.core.jobs import Job

PROBE, AUDIO, CHUNK, POSTER, JOIN = (
    "recordings.probe",
    "recordings.encode_audio",
    "recordings.encode_chunk",
    "recordings.make_poster",
    "recordings.join_cut",
)
WORK_ON_A_RECORDING = (PROBE, AUDIO, CHUNK, POSTER, JOIN)


class ProbeRecording(Job, frozen=True, kw_only=True):
    """Look at the source, choose the rungs, write down the chunks."""

    name = PROBE
    queue = "light"
    recording: str


class EncodeAudio(Job, frozen=True, kw_only=True):
    """Encode the sound, whole."""

    name = AUDIO
    queue = "encode"
    recording: str
    generation: int


class EncodeChunk(Job, frozen=True, kw_only=True):
    """Encode one time range of the picture into every rung."""

    name = CHUNK
    queue = "encode"
    recording: str
    generation: int
    position: int


class MakePoster(Job, frozen=True, kw_only=True):
    """Take or draw the still picture shown before playing."""

    name = POSTER
    queue = "light"
    max_attempts = 3
    recording: str
    generation: int


class CutTalk(Job, frozen=True, kw_only=True):
    """Make, or bring up to date, the recording of a session's part of a broadcast. `tries` counts how often it was
    looked for segments that are not archived yet."""

    name = "recordings.cut_talk"
    queue = "light"
    broadcast: str
    session: str
    tries: int = 0


class DropSegments(Job, frozen=True, kw_only=True):
    """Remove the objects of a broadcast's dropped segments from the storage."""

    name = "recordings.drop_segments"
    queue = "light"
    max_attempts = 40
    broadcast: str


class JoinCut(Job, frozen=True, kw_only=True):
    """Join the segments of a cut into one file, to make the better encode from."""

    name = JOIN
    queue = "encode"
    recording: str
    generation: int


class RecordingPublished(Job, frozen=True, kw_only=True):
    """Fact: viewers can watch this recording now."""

    name = "recordings.published"
    queue = "light"
    recording: str
    session: str


class RecordingReady(Job, frozen=True, kw_only=True):
    """Fact: every rendition is complete."""

    name = "recordings.ready"
    queue = "light"
    recording: str
    session: str


class RecordingRetired(Job, frozen=True, kw_only=True):
    """Fact: deleted, withdrawn, or brought back: the session may show another recording than before."""

    name = "recordings.retired"
    queue = "light"
    recording: str
    session: str


class RecordingFailed(Job, frozen=True, kw_only=True):
    """Fact: the work on it ended for good without a recording; the row says why."""

    name = "recordings.failed"
    queue = "light"
    recording: str
    session: str
