// Positions in a recording: as text on the clock, and as `?t=` in a link.

// "1:02:03", "12:34", "0:07"
export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// "1h2m3s", "83", "1:23" to seconds; null when it is none of these.
export function parseMoment(text) {
  if (!text) return null;
  const clock = /^(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$/.exec(text);
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text);
  if (!units || units.slice(1).every((part) => part === undefined)) return null;
  return Number(units[1] ?? 0) * 3600 + Number(units[2] ?? 0) * 60 + Number(units[3] ?? 0);
}

// Seconds to "1h2m3s", without leading zero units.
export function formatMoment(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [
    [Math.floor(whole / 3600), "h"],
    [Math.floor((whole % 3600) / 60), "m"],
    [whole % 60, "s"],
  ].filter(([value]) => value > 0);
  return parts.map(([value, unit]) => `${value}${unit}`).join("") || "0s";
}

// This page's address as it is given to others.
export function pageAddress() {
  const url = new URL(document.querySelector('meta[property="og:url"]')?.content ?? location.href, location.href);
  url.protocol = location.protocol;
  url.host = location.host;
  return url.href;
}

// This page's address at a moment.
export function linkAt(seconds) {
  const url = new URL(pageAddress());
  url.searchParams.set("t", formatMoment(seconds));
  return url.href;
}
