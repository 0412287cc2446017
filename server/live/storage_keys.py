"""Every storage key of a broadcast, in one place. Below the prefix it is also the path viewers ask for."""

LIVE = "live/"


def broadcast_prefix(broadcast_id: str) -> str:
    """Everything archived of a broadcast."""
    return f"{LIVE}{broadcast_id}/"


def segment_path(track: str, msn: int) -> str:
    """A whole segment of a track."""
    return f"{track}/{msn}.m4s"


def part_path(track: str, msn: int, part: int) -> str:
    """A part of a track; parts are never stored."""
    return f"{track}/{msn}.{part}.m4s"


def init_path(track: str, name: str) -> str:
    """An init, named by its content: `init-<12 hex digits>.mp4`."""
    return f"{track}/{name}"


def playlist_path(track: str) -> str:
    """A track's media playlist."""
    return f"{track}/index.m3u8"
