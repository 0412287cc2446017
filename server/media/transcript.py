"""A transcript: cues joined to paragraphs, to be read and to be saved as text. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.media.captions import Cue

# A pause in speech that begins a paragraph, in ms.
PAUSE_MS = 2500
# From so many letters on a paragraph ends with its sentence, and from so many in any case.
LONG, LONGEST = 420, 900
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """One cue in it: its time and its words."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What one speaker says without a long pause; `speaker` is empty where the captions do not say, or who said the
    paragraph before goes on."""

    speaker: str
    lines: tuple[Line, ...]

    @property
    def start_ms(self) -> int:
        """Where it begins in the recording."""
        return self.lines[0].start_ms

    @property
    def text(self) -> str:
        """Its words on one line."""
        return " ".join(line.text for line in self.lines)


def paragraphs(cues: Iterable[Cue]) -> list[Paragraph]:
    """Cues in order of time as paragraphs; those without words are left out."""
    made: list[Paragraph] = []
    lines: list[Line] = []
    speaker, named = "", ""
    for cue in cues:
        text = cue.plain_text
        if not text:
            continue
        said_by = cue.speaker or speaker
        if lines and (said_by != speaker or _is_full(lines, cue.start_ms)):
            made.append(Paragraph(named, tuple(lines)))
            lines, named = [], ""
        if said_by != speaker:
            speaker = named = said_by
        lines.append(Line(cue.start_ms, cue.end_ms, text))
    return [*made, Paragraph(named, tuple(lines))] if lines else made


def _is_full(lines: Sequence[Line], next_ms: int) -> bool:
    """Whether the paragraph ends before a cue that begins then."""
    letters = sum(len(line.text) for line in lines)
    ends = _SENTENCE_END.search(lines[-1].text) is not None
    paused = next_ms - max(line.end_ms for line in lines) >= PAUSE_MS
    return letters >= LONGEST or (ends and letters >= LONG) or (paused and (ends or letters >= LONG))


def write_text(cues: Iterable[Cue]) -> str:
    """A transcript as plain text: paragraphs with an empty line between, who speaks before a colon."""
    found = (f"{one.speaker}: {one.text}" if one.speaker else one.text for one in paragraphs(cues))
    return "\n\n".join(found) + "\n"
