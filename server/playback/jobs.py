"""Orders of playback."""

from server.core.jobs import Job


class MakeDownload(Job, frozen=True, kw_only=True):
    """Make a file to download. Its subject is the recording's id; nothing to do when it is there or not wanted."""

    name = "playback.make_download"
    queue = "encode"
    max_attempts = 3
    download: str
