"""The rules of RFC 8216bis for low latency: one playlist by itself, the profile of its appendix B.1, and reloads.

`check_live_rules` is part of `check_playlist`: what holds for whoever uses these tags. `check_low_latency` is what a
low-latency presentation must have besides (appendix B.1; Apple's authoring specification §14). `check_reload` compares
two answers in time order, of which the second may be a delta update.
"""

from collections.abc import Collection
from fractions import Fraction

from server.media.playlist_check_tags import Finding
from server.media.playlist_read_live import Listed, LiveMedia, read_live_playlist
from server.media.playlist_tags import PlaylistError

__all__ = ["check_live_rules", "check_low_latency", "check_reload"]

_LEAST_SHARE = Fraction(85, 100)  # 4.4.4.9
_LIVE_TAGS = ("#EXT-X-PART", "#EXT-X-SERVER-CONTROL", "#EXT-X-SKIP", "#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT")


class _Found(list[Finding]):
    def note(self, code: str, line: int, section: str, sentence: str) -> None:
        """One more finding."""
        self.append(Finding(code, line, section, sentence))


def _read(text: str) -> LiveMedia | None:
    """The playlist, or None when it cannot be read: the checks of single tags say why."""
    try:
        return read_live_playlist(text)
    except PlaylistError:
        return None


def check_live_rules(text: str) -> list[Finding]:
    """What is wrong with parts, hints, reports, control and skipping in one media playlist."""
    found = _Found()
    playlist = _read(text) if any(tag in text for tag in _LIVE_TAGS) else None
    if playlist is None:
        return found
    if any(segment.parts for segment in playlist.segments):
        _check_parts(playlist, found)
    _check_control(playlist, found)
    _check_hints(playlist, found)
    _check_skip(playlist, text, found)
    return found


def _check_parts(playlist: LiveMedia, found: _Found) -> None:
    target = playlist.part_target
    if target is None:
        found.note("part.target", 0, "4.4.3.7", "parts need EXT-X-PART-INF")
        return
    after = Fraction(0)
    for segment in reversed(playlist.segments):
        _check_parts_of(segment, target, found)
        if segment.parts and after > 3 * playlist.target:
            sentence = "parts this far from the end should not be listed any more"
            found.note("part.old", segment.parts[0].line, "4.4.4.9", sentence)
        after += segment.seconds


def _check_parts_of(segment: Listed, target: Fraction, found: _Found) -> None:
    for index, part in enumerate(segment.parts):
        if part.duration > target:
            found.note("part.too_long", part.line, "4.4.4.9", f"longer than the part target of {float(target)} s")
        is_last = index == len(segment.parts) - 1
        before_gap = not is_last and segment.parts[index + 1].gap
        excused = part.independent or part.gap or is_last or before_gap
        if part.duration < _LEAST_SHARE * target and not excused:
            found.note("part.too_short", part.line, "4.4.4.9", "shorter than 85 % of the part target")
    late = [name for name, line in segment.tags.items() if segment.parts and line > segment.parts[0].line]
    for name in late:
        found.note("part.late_tag", segment.tags[name], "4.4.4.9", f"{name} must come before the segment's first part")
    if segment.parts and segment.duration is not None:
        total = sum((part.duration for part in segment.parts), Fraction(0))
        if abs(total - segment.duration) > Fraction(len(segment.parts), 10**5):
            sentence = f"its parts last {float(total)} s together, it says {float(segment.duration)} s"
            found.note("part.sum", segment.line, "4.4.4.9", sentence)


def _check_control(playlist: LiveMedia, found: _Found) -> None:
    control, has_parts = playlist.control, any(segment.parts for segment in playlist.segments)
    if control is None:
        if has_parts:
            found.note("control.missing", 0, "4.4.3.8", "parts need EXT-X-SERVER-CONTROL with PART-HOLD-BACK")
        return
    if has_parts and control.part_hold_back is None:
        found.note("control.part_hold_back", 0, "4.4.3.8", "PART-HOLD-BACK is required with parts")
    target = playlist.part_target
    if control.part_hold_back is not None and target is not None and control.part_hold_back < 3 * target:
        found.note("control.part_hold_back", 0, "4.4.3.8", "PART-HOLD-BACK should be three part targets at least")
    if control.hold_back is not None and control.hold_back < 3 * playlist.target:
        found.note("control.hold_back", 0, "4.4.3.8", "HOLD-BACK must be three target durations at least")
    if control.can_skip_until is not None and control.can_skip_until < 6 * playlist.target:
        found.note("control.skip", 0, "4.4.3.8", "CAN-SKIP-UNTIL must be six target durations at least")


def _check_hints(playlist: LiveMedia, found: _Found) -> None:
    listed = {part.uri for segment in playlist.segments for part in segment.parts}
    types: set[str] = set()
    for hint in playlist.hints:
        if hint.type in types:
            found.note("hint.repeated", hint.line, "4.4.5.3", f"more than one hint of type {hint.type}")
        types.add(hint.type)
        if hint.uri in listed:
            found.note("hint.listed", hint.line, "4.4.5.3", "what is listed already needs no hint")
        if playlist.ended:
            found.note("hint.ended", hint.line, "4.4.5.3", "nothing comes after EXT-X-ENDLIST")


def _check_skip(playlist: LiveMedia, text: str, found: _Found) -> None:
    if playlist.skipped is None:
        return
    place = text.index("#EXT-X-SKIP")
    for name in ("#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE"):
        if text.find(name) > place:
            found.note("skip.order", 0, "4.4.5.2", f"{name[1:]} must come before EXT-X-SKIP")
    until = playlist.control.can_skip_until if playlist.control else None
    if until is None:
        found.note("skip.unannounced", 0, "4.4.5.2", "EXT-X-SKIP without CAN-SKIP-UNTIL")
    elif sum((segment.seconds for segment in playlist.segments), Fraction(0)) < until:
        found.note("skip.boundary", 0, "4.4.5.2", "segments nearer than the skip boundary were skipped")
    if playlist.skipped == 0:
        found.note("skip.nothing", 0, "4.4.5.2", "nothing was skipped")
    if playlist.ended:
        found.note("skip.ended", 0, "6.2.5.1", "a playlist that has ended is answered whole")


def check_low_latency(text: str, *, others: Collection[str] = ()) -> list[Finding]:
    """What the low-latency profile asks besides; `others` are the URIs of the presentation's other playlists."""
    found, playlist = _Found(), _read(text)
    if playlist is None:
        return [Finding("live.unreadable", 0, "4.1", "the playlist cannot be read")]
    if playlist.control is None or not playlist.control.can_block_reload:
        found.note("live.block_reload", 0, "B.1", "CAN-BLOCK-RELOAD=YES is required")
    if playlist.control is None or playlist.control.can_skip_until is None:
        found.note("live.skip", 0, "B.1", "delta updates are required")
    if playlist.part_target is None:
        found.note("live.parts", 0, "B.1", "EXT-X-PART-INF is required")
    if playlist.first < 1:
        found.note("live.sequence", 0, "4.4.3.2", "players that know parts fail with number 0")
    for segment in playlist.segments:
        first = segment.parts[0] if segment.parts else None
        if "EXT-X-PROGRAM-DATE-TIME" not in segment.tags:
            found.note("live.date", segment.line, "B.1", "every segment should have its EXT-X-PROGRAM-DATE-TIME")
        if first and not first.independent:
            found.note("live.independent", first.line, "4.4.4.9", "a segment begins with an independent part")
    if not playlist.ended:
        _check_present(playlist, others, found)
    return found


def _check_present(playlist: LiveMedia, others: Collection[str], found: _Found) -> None:
    """What only a playlist that goes on has: one hint, one report for every other playlist."""
    if [hint.type for hint in playlist.hints] != ["PART"]:
        found.note("live.hint", 0, "B.1", "exactly one hint, of the next part, is required")
    if sorted(report.uri for report in playlist.reports) != sorted(others):
        found.note("live.reports", 0, "B.1", f"one report for each of {sorted(others)} is required")
    has_parts = any(segment.parts for segment in playlist.segments)
    for report in playlist.reports:
        if report.last_msn is None or (has_parts and report.last_part is None):
            found.note(
                "live.report", report.line, "4.4.5.4", "a report says LAST-MSN, and LAST-PART where there are parts"
            )


def check_reload(before: str, after: str) -> list[Finding]:
    """What a later answer changed that it must not; it may be a delta update, the earlier one may be as well."""
    old, new = _read(before), _read(after)
    if old is None or new is None:
        return [Finding("live.unreadable", 0, "4.1", "a playlist cannot be read")]
    found = _Found()
    if (old.control, old.part_target, old.target) != (new.control, new.part_target, new.target):
        found.note("reload.head", 0, "6.2.1", "what a playlist says of itself has changed")
    if new.end < old.end and not new.ended:
        found.note("reload.backwards", 0, "6.2.1", f"it reached to {old.end} before, now to {new.end}")
    if new.skipped is not None and new.first + new.skipped > old.end[0] + 1:
        found.note("reload.skip", 0, "6.2.5.1", "segments were skipped that the player never had")
    _check_same_segments(old, new, found)
    return found


def _check_same_segments(old: LiveMedia, new: LiveMedia, found: _Found) -> None:
    mine, theirs = old.numbered(), new.numbered()
    numbers = old.discontinuities(), new.discontinuities()
    for msn in mine.keys() & theirs.keys():
        then, now = mine[msn], theirs[msn]
        if then.uri and (then.uri, then.duration) != (now.uri, now.duration):
            found.note("reload.changed", now.line, "6.2.1", f"segment {msn} has changed")
        if now.parts and _shape(then)[: len(now.parts)] != _shape(now)[: len(then.parts)]:
            found.note("reload.part", now.line, "6.2.1", f"parts of segment {msn} have changed")
        whole = old.skipped is None and new.skipped is None
        if whole and numbers[0][msn] != numbers[1][msn]:
            found.note("reload.discontinuity", now.line, "6.2.2", f"segment {msn} has another discontinuity number")
    msn, part = old.end
    growing = bool(old.segments) and not old.segments[-1].uri
    hinted, index = (msn, part + 1) if growing else (msn + 1, 0)
    came = theirs[hinted].parts if hinted in theirs else []
    for hint in old.hints:
        if hint.type == "PART" and index < len(came) and came[index].uri != hint.uri:
            found.note("reload.hint", came[index].line, "4.4.5.3", f"'{hint.uri}' was hinted, but is not what came")


def _shape(segment: Listed) -> list[tuple[str, Fraction, bool]]:
    return [(part.uri, part.duration, part.independent) for part in segment.parts]
