"""The rules of RFC 8216bis for multivariant playlists: variants, renditions, and how they belong together."""

import re
from collections import Counter, defaultdict
from fractions import Fraction

from server.media.playlist_check_tags import Finding
from server.media.playlist_tags import Line, PlaylistError, is_of_type, read_attributes

VIDEO_CODEC = re.compile(r"(avc[13]\.[0-9A-Fa-f]{6}|(hvc1|hev1|dvh1|dvhe|av01|vp09)\.[0-9A-Za-z.]+)")
AUDIO_CODEC = re.compile(r"(mp4a\.40\.(2|5|29|34)|ac-3|ec-3|ac-4[0-9A-Za-z.]*|fLaC|Opus|alac)")
TEXT_CODEC = re.compile(r"(wvtt|stpp[0-9A-Za-z.]*)")
# BCP 47 (RFC 5646), its common shape: language, script, region, variants.
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
GROUPS = {"AUDIO": "AUDIO", "VIDEO": "VIDEO", "SUBTITLES": "SUBTITLES", "CLOSED-CAPTIONS": "CLOSED-CAPTIONS"}


class _Tag:
    """A tag with its attributes; those in quotes without them."""

    def __init__(self, line: Line) -> None:
        self.line = line
        try:
            self._raw = read_attributes(line)
        except PlaylistError:
            self._raw = {}

    def text(self, name: str) -> str:
        """The value, empty when it is not there."""
        return self._raw.get(name, "").strip('"')

    def has(self, name: str) -> bool:
        """Whether the attribute is there."""
        return name in self._raw

    def number(self, name: str) -> Fraction | None:
        """The value as a number, None when it is not there or is none."""
        raw = self._raw.get(name, "")
        return Fraction(raw) if is_of_type(raw, "decimal-floating-point") else None


def check_multivariant_rules(lines: list[Line]) -> list[Finding]:
    """All findings but those about single tags."""
    return _MultivariantCheck(lines).findings()


class _MultivariantCheck:
    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._renditions = [_Tag(line) for line in lines if line.tag == "EXT-X-MEDIA"]
        self._variants = [_Tag(line) for line in lines if line.tag == "EXT-X-STREAM-INF"]
        self._found: list[Finding] = []
        self._groups: dict[tuple[str, str], list[_Tag]] = defaultdict(list)
        for rendition in self._renditions:
            self._groups[rendition.text("TYPE"), rendition.text("GROUP-ID")].append(rendition)

    def findings(self) -> list[Finding]:
        """All of them, in no particular order."""
        self._check_uris()
        for variant in self._variants:
            self._check_variant(variant)
            self._check_codecs(variant)
        for rendition in self._renditions:
            self._check_rendition(rendition)
        for members in self._groups.values():
            self._check_group(members)
        self._check_matching_groups()
        self._check_closed_captions()
        self._check_start()
        if not self._variants:
            self._found.append(Finding("variant.none", 0, "4.4.6.2", "no EXT-X-STREAM-INF: there is nothing to play"))
        return self._found

    def _add(self, code: str, tag: _Tag, section: str, sentence: str) -> None:
        self._found.append(Finding(code, tag.line.number, section, sentence))

    def _check_uris(self) -> None:
        """Each EXT-X-STREAM-INF is followed by its URI, each URI belongs to one."""
        open_line: Line | None = None
        interrupted: Line | None = None
        for line in self._lines:
            if line.is_uri:
                if open_line is None:
                    sentence = "a URI without EXT-X-STREAM-INF before it"
                    self._found.append(Finding("variant.stray_uri", line.number, "4.4.6.2", sentence))
                open_line = None
                continue
            if open_line is not None and interrupted is not open_line:
                sentence = "the line after EXT-X-STREAM-INF must be its URI"
                self._found.append(Finding("variant.uri", open_line.number, "4.4.6.2", sentence))
                interrupted = open_line
            if line.tag == "EXT-X-STREAM-INF":
                open_line = line
        if open_line is not None:
            sentence = "EXT-X-STREAM-INF at the end has no URI after it"
            self._found.append(Finding("variant.uri", open_line.number, "4.4.6.2", sentence))

    def _check_variant(self, variant: _Tag) -> None:
        peak, average = variant.number("BANDWIDTH"), variant.number("AVERAGE-BANDWIDTH")
        if peak == 0:
            self._add("variant.bandwidth", variant, "4.4.6.2", "a BANDWIDTH of 0 bit/s")
        if peak is not None and average is not None and average > peak:
            self._add("variant.bandwidth", variant, "4.4.6.2", "AVERAGE-BANDWIDTH is higher than BANDWIDTH, the peak")
        rate = variant.text("FRAME-RATE")
        if len(rate.partition(".")[2]) > 3:
            self._add("variant.frame_rate", variant, "4.4.6.2", "FRAME-RATE is rounded to three decimals")
        for attribute, kind in GROUPS.items():
            group = variant.text(attribute)
            if not group or (attribute == "CLOSED-CAPTIONS" and group == "NONE"):
                continue
            if (kind, group) not in self._groups:
                sentence = f"{attribute} names the group '{group}', but no EXT-X-MEDIA of that type is in it"
                self._add("variant.group", variant, "4.4.6.2", sentence)

    def _check_codecs(self, variant: _Tag) -> None:
        """CODECS names every format in the variant and in the renditions it names, and nothing unreadable."""
        if not variant.has("CODECS"):
            self._add("variant.codecs", variant, "4.4.6.2", "every EXT-X-STREAM-INF should have CODECS")
            return
        codecs = [name.strip() for name in variant.text("CODECS").split(",")]
        kinds = [_codec_kind(name) for name in codecs]
        for name, kind in zip(codecs, kinds, strict=True):
            if not kind:
                sentence = f"'{name[:40]}' is no codec that is known (RFC 6381)"
                self._add("variant.codecs", variant, "4.4.6.2", sentence)
        if variant.has("AUDIO") and "audio" not in kinds:
            self._add("variant.codecs", variant, "4.4.6.2", "CODECS leaves out the codec of the audio group")
        if variant.has("RESOLUTION") and "video" not in kinds:
            self._add("variant.codecs", variant, "4.4.6.2", "a RESOLUTION, but no video in CODECS")
        if "video" in kinds and not variant.has("RESOLUTION"):
            self._add("variant.resolution", variant, "4.4.6.2", "a variant with video should say its RESOLUTION")
        if "video" in kinds and not variant.has("FRAME-RATE"):
            self._add("variant.frame_rate", variant, "4.4.6.2", "a variant with video should say its FRAME-RATE")

    def _check_rendition(self, rendition: _Tag) -> None:
        kind = rendition.text("TYPE")
        if kind == "SUBTITLES" and not rendition.has("URI"):
            self._add("rendition.uri", rendition, "4.4.6.1", "subtitles need a URI")
        if kind == "CLOSED-CAPTIONS" and rendition.has("URI"):
            self._add("rendition.uri", rendition, "4.4.6.1", "closed captions are inside the video and have no URI")
        if (kind == "CLOSED-CAPTIONS") != rendition.has("INSTREAM-ID"):
            sentence = "INSTREAM-ID is required for closed captions and forbidden for everything else"
            self._add("rendition.instream", rendition, "4.4.6.1", sentence)
        if rendition.text("DEFAULT") == "YES" and rendition.text("AUTOSELECT") == "NO":
            self._add("rendition.autoselect", rendition, "4.4.6.1", "with DEFAULT=YES, AUTOSELECT must be YES")
        if rendition.has("FORCED") and kind != "SUBTITLES":
            self._add("rendition.forced", rendition, "4.4.6.1", "FORCED belongs to subtitles only")
        if kind == "AUDIO" and not rendition.has("CHANNELS"):
            self._add("rendition.channels", rendition, "4.4.6.1", "audio should say its CHANNELS")
        for name in ("LANGUAGE", "ASSOC-LANGUAGE"):
            if rendition.has(name) and not LANGUAGE.fullmatch(rendition.text(name)):
                sentence = f"'{rendition.text(name)[:40]}' is no language tag (RFC 5646)"
                self._add("rendition.language", rendition, "4.4.6.1", sentence)

    def _check_group(self, members: list[_Tag]) -> None:
        names: Counter[str] = Counter()
        chosen: set[tuple[str, ...]] = set()
        defaults = 0
        for member in members:
            names[member.text("NAME")] += 1
            if names[member.text("NAME")] == 2:
                self._add("group.name", member, "4.4.6.1.1", "two renditions of a group have the same NAME")
            defaults += member.text("DEFAULT") == "YES"
            if member.text("DEFAULT") == "YES" and defaults == 2:
                self._add("group.default", member, "4.4.6.1.1", "two renditions of a group are the default")
            if member.text("AUTOSELECT") != "YES":
                continue
            key = tuple(member.text(name) for name in ("LANGUAGE", "ASSOC-LANGUAGE", "FORCED", "CHARACTERISTICS"))
            if key in chosen:
                sentence = "two AUTOSELECT renditions of a group do not differ in language, FORCED or CHARACTERISTICS"
                self._add("group.autoselect", member, "4.4.6.1.1", sentence)
            chosen.add(key)

    def _check_matching_groups(self) -> None:
        """Groups of one type that variants choose between have the same renditions (4.4.6.2.1)."""
        kept = ("NAME", "LANGUAGE", "ASSOC-LANGUAGE", "DEFAULT", "AUTOSELECT", "FORCED", "CHARACTERISTICS")
        first: dict[str, set[tuple[str, ...]]] = {}
        for (kind, _group), members in self._groups.items():
            shape = {tuple(member.text(name) for name in kept) for member in members}
            if shape != first.setdefault(kind, shape):
                sentence = f"the {kind} groups do not have the same renditions (but for URI and CHANNELS)"
                self._add("group.mismatch", members[0], "4.4.6.2.1", sentence)

    def _check_start(self) -> None:
        """Allowed by 4.4.2.2, but ffmpeg takes EXT-X-START for a tag of media playlists: 8 and later refuse the whole
        playlist, earlier ones play it twice."""
        for line in self._lines:
            if line.tag == "EXT-X-START":
                sentence = "EXT-X-START here keeps ffmpeg from playing: put it into the media playlists"
                self._found.append(Finding("start.multivariant", line.number, "4.4.2.2", sentence))

    def _check_closed_captions(self) -> None:
        values = [variant.text("CLOSED-CAPTIONS") for variant in self._variants]
        if "NONE" in values and set(values) != {"NONE"}:
            tag = self._variants[values.index("NONE")]
            self._add("variant.captions", tag, "4.4.6.2", "with CLOSED-CAPTIONS=NONE once, all variants must have it")


def _codec_kind(name: str) -> str:
    for kind, pattern in (("video", VIDEO_CODEC), ("audio", AUDIO_CODEC), ("text", TEXT_CODEC)):
        if pattern.fullmatch(name):
            return kind
    return ""
