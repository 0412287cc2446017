"""A recording's rows as playlists (RFC 8216bis) and as the storyboard's index.

While chunks are still being encoded the media playlists are EVENT (they only grow) with EXT-X-START at zero, so that a
player begins at the beginning; when the last one is in they become VOD with an ENDLIST.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from server.core.db import Db
from server.media.captions import vtt_time
from server.media.playlist import (
    Map,
    MediaPlaylist,
    MediaSegment,
    MultivariantPlaylist,
    Start,
    Variant,
    average_bandwidth,
    peak_bandwidth,
    target_duration,
)
from server.media.playlist import Rendition as MediaRendition
from server.playback.errors import MediaGone, MediaNotFound
from server.playback.live_cut import listed_segments, live_playlist, sizes_of
from server.playback.models import CaptionTrack
from server.playback.queries import caption_tracks_of
from server.recordings.keys import segment_name
from server.recordings.live_list import shown_live
from server.recordings.models import CANCELLED, FAILED, READY, Chunk, Recording, Rendition
from server.recordings.queries import renditions_and_chunks

VIDEO_TIMESCALE, AUDIO_TIMESCALE = 90_000, 48_000
SEGMENT_S = 4
# Nothing is added any more: what is there of failed work is a whole playlist too, or players would wait for ever.
ENDED = (READY, FAILED, CANCELLED)
Sizes = list[tuple[int, Fraction]]


def contiguous(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The finished chunks up to the first one that is missing: what a growing playlist may name."""
    ready: list[Chunk] = []
    for chunk in chunks:
        if chunk.done_at is None:
            break
        ready.append(chunk)
    return ready


def video_sizes(chunks: Sequence[Chunk], name: str) -> Sizes:
    """(bytes, seconds) of a rung's segments in order."""
    rows = [row for chunk in chunks for row in chunk.segments.get(name, [])]
    return [(size, Fraction(ticks, VIDEO_TIMESCALE)) for ticks, size in rows]


def audio_sizes(rendition: Rendition) -> Sizes:
    """(bytes, seconds) of the sound's segments in order."""
    return [(size, Fraction(ticks, AUDIO_TIMESCALE)) for ticks, size in rendition.segments]


def _video_segments(chunks: Sequence[Chunk], name: str) -> list[MediaSegment]:
    segments: list[MediaSegment] = []
    before: str | None = None
    for chunk in chunks:
        init = chunk.details["init"][name]
        for offset, (ticks, _size) in enumerate(chunk.segments[name]):
            segments.append(
                MediaSegment(
                    uri=segment_name(chunk.first_segment + offset),
                    duration=Fraction(ticks, VIDEO_TIMESCALE),
                    map=Map(uri=init),
                    # Chunks of encoders that differ have inits of their own: the decoder must be told.
                    discontinuity=before is not None and before != init,
                )
            )
            before = init
    return segments


def _audio_segments(rendition: Rendition) -> list[MediaSegment]:
    return [
        MediaSegment(
            uri=segment_name(number),
            duration=Fraction(ticks, AUDIO_TIMESCALE),
            map=Map(uri=rendition.init_key or ""),
        )
        for number, (ticks, _size) in enumerate(rendition.segments)
    ]


def _target(sizes: Sizes) -> int:
    """Fixed from the start: it must not change while the playlist grows (RFC 8216bis 4.4.3.1)."""
    return max(SEGMENT_S, target_duration([duration for _size, duration in sizes]))


async def media_playlist(db: Db, recording_id: str, generation: int, name: str) -> tuple[str, bool]:
    """One rendition's playlist, and whether it still grows. Raises MediaNotFound, MediaGone."""
    recording = await db.get(Recording, recording_id)
    if recording is None:
        raise MediaNotFound
    if recording.generation != generation:
        raise MediaGone
    renditions, chunks = await renditions_and_chunks(db, recording)
    rendition = next((item for item in renditions if item.name == name), None)
    if rendition is None:
        raise MediaNotFound
    live = shown_live(recording)
    if live is not None:
        return live_playlist(live, await listed_segments(db, live), rendition), not live.complete
    if rendition.kind == "audio":
        segments, sizes = _audio_segments(rendition), audio_sizes(rendition)
    else:
        ready = contiguous(chunks)
        segments, sizes = _video_segments(ready, name), video_sizes(ready, name)
    if not segments:
        raise MediaNotFound
    ended = recording.state in ENDED
    playlist = MediaPlaylist(
        target_duration=_target(sizes),
        segments=tuple(segments),
        playlist_type="VOD" if ended else "EVENT",
        start=Start(),  # also in the end: what a playlist said of itself must not change (6.2.1)
        ended=ended,
    )
    return playlist.text(), not ended


async def multivariant_playlist(db: Db, recording_id: str) -> tuple[str, bool]:
    """The playlist a player is given, and whether it can still change soon. Raises MediaNotFound."""
    recording = await db.get(Recording, recording_id)
    if recording is None or not recording.playable:
        raise MediaNotFound
    renditions, chunks = await renditions_and_chunks(db, recording)
    tracks = await caption_tracks_of(db, recording.session_id)
    sizes = await _sizes(db, recording, renditions, contiguous(chunks))
    audio = next((item for item in renditions if item.kind == "audio" and sizes[item.name]), None)
    videos = [item for item in renditions if item.kind == "video" and sizes[item.name]]
    growing = recording.state not in ENDED
    playlist = MultivariantPlaylist(
        variants=tuple(_variants(recording, videos, audio, sizes, has_captions=bool(tracks))),
        renditions=tuple([*_audio_rendition(recording, videos, audio), *_subtitles(tracks)]),
    )
    # A better encode takes the place of live segments at any moment: old playlist and new borders must not meet.
    return playlist.text(), growing or shown_live(recording) is not None


async def _sizes(
    db: Db, recording: Recording, renditions: Sequence[Rendition], ready: Sequence[Chunk]
) -> dict[str, Sizes]:
    """The sizes of what can be played now, by rendition."""
    live = shown_live(recording)
    if live is not None:
        segments = await listed_segments(db, live)
        return {item.name: sizes_of(segments, item) for item in renditions}
    return {
        item.name: audio_sizes(item) if item.kind == "audio" else video_sizes(ready, item.name) for item in renditions
    }


def _variants(
    recording: Recording,
    videos: list[Rendition],
    audio: Rendition | None,
    sizes: dict[str, Sizes],
    *,
    has_captions: bool,
) -> list[Variant]:
    """A variant a rung; a recording without a picture has its sound as the only one."""
    extra: dict[str, Any] = {"subtitles": "captions"} if has_captions else {}
    sound = sizes[audio.name] if audio else []
    if not videos and audio:
        return [_variant(recording, audio, sound, [], (audio.codecs,), {})]
    if audio:
        extra["audio"] = "sound"
    variants = []
    for item in videos:
        codecs = (item.codecs, audio.codecs) if audio else (item.codecs,)
        variants.append(_variant(recording, item, sizes[item.name], sound, codecs, extra))
    return variants


def _variant(
    recording: Recording,
    rendition: Rendition,
    sizes: Sizes,
    sound: Sizes,
    codecs: tuple[str, ...],
    extra: dict[str, Any],
) -> Variant:
    """BANDWIDTH and AVERAGE-BANDWIDTH of everything played together (RFC 8216bis 4.4.6.2)."""
    peak = max(peak_bandwidth(sizes, SEGMENT_S), _cap_of(recording, rendition))
    peak += peak_bandwidth(sound, SEGMENT_S) if sound else 0
    average = average_bandwidth(sizes) + (average_bandwidth(sound) if sound else 0)
    has_picture = rendition.kind == "video"
    return Variant(
        uri=f"g{recording.generation}/{rendition.name}/index.m3u8",
        bandwidth=peak,
        average_bandwidth=min(average, peak),
        codecs=codecs,
        resolution=(rendition.width or 0, rendition.height or 0) if has_picture else None,
        frame_rate=Fraction(rendition.frame_rate) if has_picture and rendition.frame_rate else None,
        video_range="SDR" if has_picture else None,
        closed_captions="NONE" if has_picture else None,
        **extra,
    )


def _cap_of(recording: Recording, rendition: Rendition) -> int:
    """What the encoder may use at most, in bit/s, while segments are still to come; 0 once all are measured."""
    if recording.state in ENDED or rendition.kind == "audio":
        return 0
    rungs = {rung["name"]: rung["peak_kbps"] for rung in recording.plan.get("rungs", [])}
    return int(rungs.get(rendition.name, 0)) * 1000


def _audio_rendition(recording: Recording, videos: list[Rendition], audio: Rendition | None) -> list[MediaRendition]:
    if not audio or not videos:
        return []
    return [
        MediaRendition(
            type="AUDIO",
            group_id="sound",
            name="Sound",
            uri=f"g{recording.generation}/{audio.name}/index.m3u8",
            language=audio.language or None,
            default=True,
            channels="2",
        )
    ]


def _subtitles(tracks: Sequence[CaptionTrack]) -> list[MediaRendition]:
    names: dict[str, int] = {}
    shown = []
    for track in tracks:
        name = track.label or track.language or "Captions"
        names[name] = names.get(name, 0) + 1
        shown.append(
            MediaRendition(
                type="SUBTITLES",
                group_id="captions",
                name=name if names[name] == 1 else f"{name} {names[name]}",  # unique in its group (4.4.6.1.1)
                uri=f"captions/{track.id}.m3u8",
                language=track.language or None,
                autoselect=True,
            )
        )
    return shown


async def storyboard_index(db: Db, recording_id: str) -> tuple[str, bool]:
    """WebVTT that maps times to pictures in the chunks' sheets, and whether it still grows. Raises MediaNotFound."""
    recording = await db.get(Recording, recording_id)
    if recording is None:
        raise MediaNotFound
    _renditions, chunks = await renditions_and_chunks(db, recording)
    ready = contiguous(chunks)
    tiles = [tile for chunk in ready for tile in _tiles_of(chunk)]
    if not tiles:
        raise MediaNotFound
    ends = [start for start, _place in tiles[1:]] + [ready[-1].end_ms]
    cues = [
        f"{vtt_time(start)} --> {vtt_time(end)}\n{place}\n" for (start, place), end in zip(tiles, ends, strict=True)
    ]
    return "\n".join(["WEBVTT\n", *cues]), recording.state not in ENDED


def _tiles_of(chunk: Chunk) -> list[tuple[int, str]]:
    """(start in ms, address with the rectangle) of each picture on the chunk's sheet."""
    sheet = chunk.details.get("sheet")
    if not sheet:
        return []
    width, height, columns = sheet["width"], sheet["height"], sheet["columns"]
    return [
        (start, f"{sheet['path']}#xywh={number % columns * width},{number // columns * height},{width},{height}")
        for number, start in enumerate(sheet["times_ms"])
    ]
