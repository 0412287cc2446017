// What is remarkable in cues, the same as server/media/captions_check says. Pure.

import { linesOf } from "./words.js";

const MOST_A_SECOND = 20;
const MOST_A_LINE = 42;
const SLACK_MS = 2000;

function lettersIn(line) {
  return [...line].length;
}

// Letters a second, as people read.
export function speedOf(cue) {
  const letters = linesOf(cue.text).reduce((sum, line) => sum + lettersIn(line), 0);
  return cue.end_ms > cue.start_ms ? (letters * 1000) / (cue.end_ms - cue.start_ms) : 0;
}

export function longestLine(cue) {
  return Math.max(0, ...linesOf(cue.text).map(lettersIn));
}

// A list of codes for each cue: overlap, too_fast, long_line, beyond_end; and what cannot be saved: no_words, backwards.
export function remarksOn(cues, total) {
  let until = -1;
  return cues.map((cue) => {
    const found = [];
    if (cue.start_ms < until) found.push("overlap");
    until = Math.max(until, cue.end_ms);
    if (cue.end_ms > cue.start_ms && speedOf(cue) > MOST_A_SECOND) found.push("too_fast");
    if (longestLine(cue) > MOST_A_LINE) found.push("long_line");
    if (total !== null && cue.end_ms > total + SLACK_MS) found.push("beyond_end");
    if (linesOf(cue.text).length === 0) found.push("no_words");
    if (cue.end_ms <= cue.start_ms) found.push("backwards");
    return found;
  });
}

export const UNSAVEABLE = new Set(["no_words", "backwards"]);
