// The text of a cue as people type it, and its times. Pure.
//
// Kept is WebVTT cue text, in which & and < are written &amp; and &lt;. Typed is what one reads: the server makes valid cue
// text of it again. Only what would turn into a tag when read back stays written out.

const WRITTEN = { "&amp;": "&", "&gt;": ">", "&nbsp;": "\u00a0", "&lrm;": "\u200e", "&rlm;": "\u200f" };

export function typed(text) {
  return text
    .replace(/&lt;(?![/a-zA-Z0-9])/g, "<")
    .replace(/&(?:gt|nbsp|lrm|rlm);/g, (one) => WRITTEN[one])
    .replace(/&amp;(?!#?\w{1,31};)/g, "&");
}

// The words of each line as they are shown: without tags and references. Lines without words are left out.
export function linesOf(text) {
  const references = { ...WRITTEN, "&lt;": "<" };
  return text
    .replace(/<[^>\n]*>/g, "")
    .split("\n")
    .map((line) => line.replace(/&(?:amp|lt|gt|nbsp|lrm|rlm);/g, (one) => references[one]).split(/\s+/).filter(Boolean).join(" "))
    .filter(Boolean);
}

// "1:02:03.400"
export function timeText(ms) {
  const all = Math.max(0, Math.round(ms));
  const [hours, minutes] = [Math.floor(all / 3_600_000), Math.floor(all / 60_000) % 60];
  const seconds = `${String(Math.floor(all / 1000) % 60).padStart(2, "0")}.${String(all % 1000).padStart(3, "0")}`;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

// "1:02:03.4", "62:03,4", "83.25" to ms; null when it is no time.
export function timeIn(text) {
  const found = /^\s*(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6})(?:[.,](\d{1,3}))?\s*$/.exec(text);
  if (!found) return null;
  const [, hours = "0", minutes = "0", seconds, fraction = "0"] = found;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, "0"));
}
