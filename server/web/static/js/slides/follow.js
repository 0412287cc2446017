// Notices when another cue begins while a video plays: not by its pictures, which stand still as long as the slide does,
// but by a timer set to the next border.

const EVENTS = ["timeupdate", "seeking", "seeked", "play", "playing", "pause", "ratechange", "loadedmetadata"];
const SOONEST_MS = 15; // a clock that is a little behind the timer is asked again, without haste

// `now()`: the position in ms; `border(ms)`: the next moment after it at which something changes, or null; `tick(ms)`:
// shows that moment. Answers a function that looks at once.
export function followCues(video, { now, border, tick }) {
  let timer = null;
  const look = () => {
    clearTimeout(timer);
    const ms = now();
    tick(ms);
    if (video.paused || video.seeking || video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return;
    const next = border(ms);
    if (next === null) return;
    timer = setTimeout(look, Math.max(SOONEST_MS, (next - ms) / video.playbackRate));
  };
  for (const name of EVENTS) video.addEventListener(name, look);
  return look;
}
