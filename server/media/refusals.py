"""What can go wrong with media: errors with a stable code and a sentence for the person who sent the file.

MediaError                    anything below
├── Refused                   the file itself cannot be used; trying again does not help
├── ProcessFailed             a child ended badly; trying again may help
│   ├── ProcessTimedOut       it took longer than allowed
│   └── SourceCutShort        the source could not be read to the end of the range; try again
└── BadOutput                 ffmpeg said all is well, but what it wrote is not what was ordered
"""

from typing import ClassVar


class MediaError(Exception):
    """Something about media went wrong; `code` is stable, `detail` a sentence, `retryable` whether to try again."""

    code: ClassVar[str] = "media.error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class Refused(MediaError):
    """The file cannot become a recording. Subclasses name why."""

    code = "media.refused"


class NotMedia(Refused):
    """The content is no media container that we take, whatever the name says."""

    code = "media.not_media"


class EmptyFile(Refused):
    """The file has no bytes at all."""

    code = "media.empty"


class NoStreams(Refused):
    """A container without any video or audio that can be decoded."""

    code = "media.no_streams"


class Encrypted(Refused):
    """Protected by DRM or a password."""

    code = "media.encrypted"


class Broken(Refused):
    """A container that is damaged beyond use."""

    code = "media.broken"


class TooManyStreams(Refused):
    """More streams than any recording has."""

    code = "media.too_many_streams"


class AbsurdDimensions(Refused):
    """Pictures of a size or rate, or a length, that no recording has."""

    code = "media.absurd_dimensions"


class Unreachable(MediaError):
    """The source could not be opened or read because of the storage or the network; try again."""

    code = "media.unreachable"
    retryable = True


class NoFfmpeg(MediaError):
    """No usable ffmpeg on this machine."""

    code = "media.no_ffmpeg"


class ProcessFailed(MediaError):
    """A child ended badly. `returncode` is negative for a signal; `last_lines` is the end of its stderr."""

    code = "media.process_failed"
    retryable = True

    def __init__(self, detail: str, returncode: int | None = None, last_lines: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.returncode = returncode
        self.last_lines = last_lines


class ProcessTimedOut(ProcessFailed):
    """A child was stopped because it took longer than its limit."""

    code = "media.timed_out"


class SourceCutShort(ProcessFailed):
    """Reading the source ended before the range did, though the source has more: a read error, so try again."""

    code = "media.source_cut_short"


class BadOutput(MediaError):
    """The output does not hold what was ordered, so it was thrown away."""

    code = "media.bad_output"
    retryable = True
