"""The rules of RFC 8216bis about more than one playlist: two versions of one, and all those of one presentation."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from server.media.playlist import MultivariantPlaylist, Rendition, Variant, average_bandwidth, peak_bandwidth
from server.media.playlist_check_tags import RULES, Finding, Scope
from server.media.playlist_read import read_multivariant_playlist
from server.media.playlist_tags import is_of_type, read_lines

__all__ = ["check_bandwidths", "check_growth", "check_presentation"]


class _Media:
    """A media playlist taken apart: what it says of itself, and each segment with the lines that belong to it."""

    def __init__(self, text: str) -> None:
        self.head: dict[str, str] = {}
        self.segments: list[tuple[tuple[str, ...], str, str]] = []
        self.dates = 0
        self.durations: list[Fraction] = []
        own: list[str] = []
        init = ""
        for line in read_lines(text):
            rule = RULES.get(line.tag)
            if line.is_uri:
                self.segments.append((tuple(own), init, line.value))
                own = []
            elif line.tag == "EXT-X-MAP":
                # Compared as the init in force: its line moves on when the segment that carried it is removed.
                init = line.value
            elif rule and rule.scope in (Scope.SEGMENT, Scope.SEGMENT_MANY):
                own.append(f"{line.tag}:{line.value}")
                self.dates += line.tag == "EXT-X-PROGRAM-DATE-TIME"
                if line.tag == "EXTINF":
                    duration = line.value.partition(",")[0]
                    self.durations.append(_fraction(duration))
            elif rule:
                self.head[line.tag] = line.value

    def number(self, name: str) -> int:
        """A whole number of the head, 0 when it is not there."""
        text = self.head.get(name, "")
        return int(text) if is_of_type(text, "decimal-integer") else 0

    @property
    def first(self) -> int:
        """The media sequence number of the first segment."""
        return self.number("EXT-X-MEDIA-SEQUENCE")

    @property
    def kind(self) -> str:
        """EVENT, VOD or nothing."""
        return self.head.get("EXT-X-PLAYLIST-TYPE", "")

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return "EXT-X-ENDLIST" in self.head

    @property
    def duration(self) -> Fraction:
        """Seconds of all segments."""
        return sum(self.durations, Fraction(0))

    def discontinuities(self, until: int | None = None) -> int:
        """How many of the first `until` segments follow a discontinuity."""
        return sum("EXT-X-DISCONTINUITY:" in own for own, _init, _uri in self.segments[:until])


def _fraction(text: str) -> Fraction:
    return Fraction(text) if is_of_type(text, "decimal-floating-point") else Fraction(0)


def _whole(code: str, section: str, sentence: str) -> Finding:
    return Finding(code, 0, section, sentence)


def check_growth(before: str, after: str) -> list[Finding]:
    """What a later version of a media playlist changed that it must not (6.2.1, 6.2.2, 4.4.3.5)."""
    old, new = _Media(before), _Media(after)
    if old.ended:
        same = before == after
        return [] if same else [_whole("growth.after_end", "6.2.1", "a playlist with EXT-X-ENDLIST has changed")]
    findings = _check_growth_of_head(old, new)
    removed = new.first - old.first
    if removed < 0:
        findings.append(_whole("growth.sequence", "4.4.3.2", "EXT-X-MEDIA-SEQUENCE became smaller"))
        return findings
    if removed and old.kind:
        findings.append(_whole("growth.removed", "4.4.3.5", f"segments were removed from an {old.kind} playlist"))
    if removed > len(old.segments):
        sentence = "EXT-X-MEDIA-SEQUENCE passed over segments that were never listed"
        findings.append(_whole("growth.sequence", "6.2.2", sentence))
        return findings
    return findings + _check_growth_of_segments(old, new, removed)


def _check_growth_of_head(old: _Media, new: _Media) -> list[Finding]:
    findings = []
    for name in ("EXT-X-TARGETDURATION", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START"):
        if old.head.get(name) != new.head.get(name):
            findings.append(_whole("growth.head", "6.2.1", f"{name} has changed"))
    # When it is complete, an EVENT playlist may be given the type VOD: nothing of what it lists changes.
    finished = old.kind == "EVENT" and new.kind == "VOD" and new.ended
    if old.kind != new.kind and not finished:
        findings.append(_whole("growth.type", "4.4.3.5", f"the type changed from '{old.kind}' to '{new.kind}'"))
    return findings


def _check_growth_of_segments(old: _Media, new: _Media, removed: int) -> list[Finding]:
    findings = []
    kept = old.segments[removed:]
    if len(new.segments) < len(kept):
        findings.append(_whole("growth.shrunk", "6.2.1", "segments at the end are gone"))
    for index, (mine, theirs) in enumerate(zip(kept, new.segments, strict=False)):
        if mine != theirs:
            sentence = f"segment {old.first + removed + index} has changed"
            findings.append(_whole("growth.changed", "6.2.1", sentence))
    expected = old.number("EXT-X-DISCONTINUITY-SEQUENCE") + old.discontinuities(removed)
    if new.number("EXT-X-DISCONTINUITY-SEQUENCE") != expected:
        sentence = f"EXT-X-DISCONTINUITY-SEQUENCE should be {expected} now"
        findings.append(_whole("growth.discontinuity", "6.2.2", sentence))
    if removed and not new.ended and new.duration < 3 * new.number("EXT-X-TARGETDURATION"):
        sentence = "after removing segments less than three target durations are left"
        findings.append(_whole("growth.window", "6.2.2", sentence))
    return findings


def check_presentation(multivariant: str, media: Mapping[str, str]) -> list[Finding]:
    """Whether the media playlists of a presentation (by the URIs that name them) belong together (6.2.4).

    Raises PlaylistError when the multivariant playlist cannot be read.
    """
    playlist = read_multivariant_playlist(multivariant)
    named = [variant.uri for variant in playlist.variants]
    named += [item.uri for item in playlist.renditions if item.uri and item.type != "SUBTITLES"]
    findings = [
        _whole("set.missing", "4.4.6", f"there is no playlist at '{uri}'")
        for uri in [*named, *(item.uri for item in playlist.renditions if item.uri and item.type == "SUBTITLES")]
        if uri not in media
    ]
    parts = {uri: _Media(media[uri]) for uri in named if uri in media}
    same: list[tuple[str, str, Callable[[_Media], object]]] = [
        ("set.target", "target duration", lambda part: part.head.get("EXT-X-TARGETDURATION")),
        ("set.type", "playlist type", lambda part: part.kind),
        ("set.discontinuity", "number of discontinuities",
         lambda part: part.number("EXT-X-DISCONTINUITY-SEQUENCE") + part.discontinuities()),
        ("set.dates", "use of EXT-X-PROGRAM-DATE-TIME", lambda part: part.dates > 0),
    ]  # fmt: skip
    for code, what, value in same:
        if len({value(part) for part in parts.values()}) > 1:
            findings.append(_whole(code, "6.2.4", f"the media playlists do not have the same {what}"))
    return findings + _check_durations(parts)


def _check_durations(parts: Mapping[str, _Media]) -> list[Finding]:
    if not parts or not all(part.ended for part in parts.values()):
        return []
    durations = [part.duration for part in parts.values()]
    target = max(part.number("EXT-X-TARGETDURATION") for part in parts.values())
    if max(durations) - min(durations) > target:
        return [_whole("set.duration", "6.2.4", "the media playlists differ in length by more than a target duration")]
    return []


def check_bandwidths(
    multivariant: str, sizes: Mapping[str, Sequence[tuple[int, Fraction]]], target: int
) -> list[Finding]:
    """Whether BANDWIDTH and AVERAGE-BANDWIDTH are no lower than what the segments really have (4.4.6.2).

    `sizes` gives bytes and seconds of every segment, by the URI of its playlist. Raises PlaylistError.
    """
    playlist = read_multivariant_playlist(multivariant)
    findings = []
    for variant in playlist.variants:
        peak = _with_audio(playlist, variant, lambda uri: peak_bandwidth(sizes.get(uri, ()), target))
        average = _with_audio(playlist, variant, lambda uri: average_bandwidth(sizes.get(uri, ())))
        if variant.bandwidth < peak:
            sentence = f"'{variant.uri}' says BANDWIDTH={variant.bandwidth} but its peak is {peak} bit/s"
            findings.append(_whole("variant.bandwidth_low", "4.4.6.2", sentence))
        if variant.average_bandwidth is not None and variant.average_bandwidth < average:
            sentence = f"'{variant.uri}' says AVERAGE-BANDWIDTH={variant.average_bandwidth} but has {average} bit/s"
            findings.append(_whole("variant.average_low", "4.4.6.2", sentence))
    return findings


def _with_audio(playlist: MultivariantPlaylist, variant: Variant, rate: Callable[[str], int]) -> int:
    """The largest sum of the variant's rate and that of a rendition it may be played with."""

    def may_play(rendition: Rendition) -> bool:
        return rendition.type == "AUDIO" and rendition.group_id == variant.audio

    return rate(variant.uri) + max(
        [rate(item.uri) for item in playlist.renditions if item.uri and may_play(item)] or [0]
    )
