"""Every storage key a recording uses, in one place.

A key below a recording's prefix is also the path below `/media/{token}/{recording}/`, so one rule serves both.
"""

RECORDINGS = "recordings/"


def recording_prefix(recording_id: str) -> str:
    """Everything made from the sources."""
    return f"{RECORDINGS}{recording_id}/"


def generation_prefix(recording_id: str, generation: int) -> str:
    """One set of renditions."""
    return f"{recording_prefix(recording_id)}g{generation}/"


def init_name(init_hash: str) -> str:
    """An init segment is named by its content, so that chunks of different encoders never overwrite each other's."""
    return f"init-{init_hash[:12]}.mp4"


def segment_name(number: int) -> str:
    """A media segment; `number` counts from 0 at the recording's start."""
    return f"{number:05d}.m4s"


def rendition_path(generation: int, rendition: str, name: str) -> str:
    """The path of a rendition's file below the recording."""
    return f"g{generation}/{rendition}/{name}"


def sheet_path(generation: int, position: int) -> str:
    """The storyboard sheet of one chunk."""
    return f"g{generation}/storyboard/{position:04d}.jpg"


def poster_path(generation: int) -> str:
    """The still picture shown before playing."""
    return f"g{generation}/poster.jpg"


def chunk_proof_path(generation: int, position: int) -> str:
    """Written last when a chunk's files are all stored: a repeat finds it and has nothing to do."""
    return f"g{generation}/chunks/{position:04d}.json"


def joined_path(generation: int) -> str:
    """The segments of a live cut joined into one file, which the better encode is made from; viewers never get it."""
    return f"g{generation}/joined.mp4"
