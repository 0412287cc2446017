"""What is seen of a room at a moment, gathered for the traffic light (live.health)."""

from datetime import datetime
from fractions import Fraction

from server.live.broadcasts import AWAY
from server.live.feed import InputInfo
from server.live.health import Signs
from server.live.stint import Stint
from server.media.live import TARGET_DURATION_S, Layout

_SAME_RATE = 1.0  # frames a second


def observe(
    stint: Stint | None,
    layout: Layout,
    *,
    moment: datetime,
    away_since: datetime | None,
    is_starting: bool,
    is_connected: bool,
    main_is_away: bool,
    unarchived: int,
    tells_passthrough: bool = False,
) -> Signs:
    """The signs of the stint on air, or of its absence. `unarchived` counts segments the storage does not have yet."""
    unarchived_s = float(unarchived * TARGET_DURATION_S)
    if stint is None:
        away_s = (moment - away_since).total_seconds() if away_since else 0.0
        return Signs(
            encoder=AWAY,
            away_s=away_s,
            starting=is_starting,
            is_connected=is_connected,
            unarchived_s=unarchived_s,
        )
    line, seen, info = stint.intake.line(), stint.notes(), stint.info
    return Signs(
        encoder=stint.intake.role,
        has_video=info.has_video,
        has_audio=info.has_audio,
        width=info.width,
        height=info.height,
        frame_rate=_number(info.frame_rate) or line.frame_rate,
        bitrate_kbps=line.bitrate_kbps,
        gap_s=line.gap_s,
        keyframe_s=line.keyframe_s if info.has_video else 0.0,
        speed=1.0 if seen.speed is None else seen.speed,
        dropped_frames=seen.dropped_frames,
        silence_s=seen.silence_s,
        black_s=seen.black_s,
        frozen_s=seen.frozen_s,
        changed=_changed(info, layout),
        main_is_away=main_is_away,
        unarchived_s=unarchived_s,
        passes=tells_passthrough and stint.passes,
        why_encoded=stint.why_encoded if tells_passthrough else "",
    )


def _number(rate: str) -> float:
    try:
        return float(Fraction(rate))
    except (ValueError, ZeroDivisionError):
        return 0.0


def _changed(info: InputInfo, layout: Layout) -> str:
    """How the input differs from the first one of the broadcast, as far as viewers could tell; "" when it does not."""
    tops = [track for track in layout.tracks if track.kind == "video"]
    if not tops or not info.has_video or not info.width:
        return ""
    top, rate = tops[0], _number(info.frame_rate)
    is_smaller = min(info.width, info.height) < min(top.width, top.height)
    is_other_shape = abs(info.width * top.height - info.height * top.width) > 0.02 * info.width * top.height
    expected = float(layout.rate)
    is_other_rate = bool(rate) and abs(rate - expected) > _SAME_RATE and abs(rate - 2 * expected) > _SAME_RATE
    if not (is_smaller or is_other_shape or is_other_rate):
        return ""
    now = f"{info.width}x{info.height}" + (f" at {rate:g}" if rate else "")
    return f"{now} instead of {top.width}x{top.height} at {expected:.4g} frames a second"
