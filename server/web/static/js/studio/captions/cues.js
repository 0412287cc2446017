// What can be done to cues. Pure: every act answers {cues, at}, new cues and the place of the one that is in hand then.
//
// A cue is {start_ms, end_ms, text, settings}; cues are in order of their beginning. `text` is as it is typed (words.js).

import { linesOf } from "./words.js";

export const SHORTEST_MS = 100;
const NEW_MS = 2000; // as long is a new cue, where there is room

export function inOrder(cues) {
  return [...cues].sort((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms);
}

function done(cues, cue) {
  const ordered = inOrder(cues);
  return { cues: ordered, at: cue ? ordered.indexOf(cue) : -1 };
}

function swapped(cues, at, ...others) {
  return [...cues.slice(0, at), ...others, ...cues.slice(at + 1)];
}

// The place of the cue shown at a moment: of those shown the last that began; else −1.
export function shownAt(cues, ms) {
  return cues.findLastIndex((cue) => cue.start_ms <= ms && ms < cue.end_ms);
}

// The cue to have in hand at a moment: the one shown, else the last that was, else the first.
export function nearest(cues, ms) {
  const shown = shownAt(cues, ms);
  return shown >= 0 ? shown : Math.max(cues.length ? 0 : -1, cues.findLastIndex((cue) => cue.start_ms <= ms));
}

export function setText(cues, at, text) {
  const cue = { ...cues[at], text };
  return { cues: swapped(cues, at, cue), at };
}

// Other times; the beginning stays before the end, if need be by moving the one that was not meant.
export function setTimes(cues, at, { start_ms, end_ms }) {
  const cue = { ...cues[at] };
  if (start_ms !== undefined) cue.start_ms = Math.max(0, Math.round(start_ms));
  if (end_ms !== undefined) cue.end_ms = Math.max(0, Math.round(end_ms));
  if (cue.end_ms < cue.start_ms + SHORTEST_MS) {
    if (end_ms === undefined) cue.end_ms = cue.start_ms + (cues[at].end_ms - cues[at].start_ms);
    else cue.start_ms = Math.max(0, cue.end_ms - SHORTEST_MS);
  }
  cue.end_ms = Math.max(cue.end_ms, cue.start_ms + SHORTEST_MS);
  return done(swapped(cues, at, cue), cue);
}

// A new cue at a moment, up to the next one; in one that is shown then, after it.
export function insert(cues, ms) {
  const start = Math.round(ms);
  const next = cues.find((cue) => cue.start_ms > start)?.start_ms ?? Infinity;
  const cue = { start_ms: start, end_ms: Math.max(start + SHORTEST_MS, Math.min(start + NEW_MS, next)), text: "", settings: "" };
  return done([...cues, cue], cue);
}

export function remove(cues, at) {
  const left = cues.filter((_, index) => index !== at);
  return { cues: left, at: Math.min(at, left.length - 1) };
}

// Two cues of one: at a moment inside of it, else in the middle; the text at a place in it, else at the space nearest to
// the same share of it.
export function split(cues, at, { ms = null, place = null } = {}) {
  const cue = cues[at];
  const length = cue.end_ms - cue.start_ms;
  const isInside = ms !== null && ms >= cue.start_ms + SHORTEST_MS && ms <= cue.end_ms - SHORTEST_MS;
  const cut = place === null ? spaceNear(cue.text, isInside ? (ms - cue.start_ms) / length : 0.5) : outOfTag(cue.text, place);
  const share = Math.min(0.9, Math.max(0.1, shareOf(cue.text, cut)));
  const border = Math.round(isInside ? ms : cue.start_ms + length * share);
  const [before, after] = halves(cue.text, cut);
  const first = { ...cue, end_ms: border, text: before };
  const second = { ...cue, start_ms: border, text: after };
  return { cues: swapped(cues, at, first, second), at: at + 1 };
}

function shownIn(text) {
  return linesOf(text).join(" ").length;
}

// How much of what is shown stands before a place; half, where nothing is.
function shareOf(text, place) {
  return shownIn(text) ? shownIn(text.slice(0, place)) / shownIn(text) : 0.5;
}

// The space between two words nearest to a share of what is shown; the end, where there is but one word.
function spaceNear(text, share) {
  const spaces = [...text.matchAll(/<[^>]*>|\s/g)].filter(([found]) => !found.startsWith("<")).map((one) => one.index);
  const away = (place) => Math.abs(shareOf(text, place) - share);
  return spaces.reduce((best, one) => (away(one) < away(best) ? one : best), spaces[0] ?? text.length);
}

function outOfTag(text, place) {
  const around = [...text.matchAll(/<[^>]*>/g)].find((one) => one.index < place && place < one.index + one[0].length);
  return around ? around.index + around[0].length : place;
}

// A tag that is open at the place is closed before it and opened again after it.
function halves(text, place) {
  const open = [];
  for (const [tag, slash, name] of text.slice(0, place).matchAll(/<(\/?)([a-z]+)[^>]*>/g)) {
    if (!slash) open.push({ tag, name });
    else open.splice(open.findLastIndex((one) => one.name === name), 1);
  }
  const closed = open.filter((one) => one.name !== "v").reverse();
  const before = text.slice(0, place).trim() + closed.map((one) => `</${one.name}>`).join("");
  return [before, open.map((one) => one.tag).join("") + text.slice(place).trim()];
}

// A cue and the one after it as one.
export function merge(cues, at) {
  const [one, other] = [cues[at], cues[at + 1]];
  if (!other) return { cues, at };
  const voice = /^<v(?:\.[^\s>]+)?\s+[^>]+>/.exec(one.text)?.[0] ?? "";
  const rest = voice && other.text.startsWith(voice) ? other.text.slice(voice.length) : other.text;
  const text = [one.text, rest].filter((part) => linesOf(part).length).join(" ");
  const cue = { ...one, end_ms: Math.max(one.end_ms, other.end_ms), text };
  return { cues: [...cues.slice(0, at), cue, ...cues.slice(at + 2)], at };
}

// Cues later by so many ms, from a place on; none begins before 0, and none vanishes.
export function shift(cues, by, from = 0) {
  const moved = cues.slice(from);
  const most = moved.length ? Math.max(by, -Math.min(...moved.map((cue) => cue.start_ms))) : 0;
  const late = moved.map((cue) => ({ ...cue, start_ms: cue.start_ms + most, end_ms: cue.end_ms + most }));
  return { cues: inOrder([...cues.slice(0, from), ...late]), by: most };
}

function patternOf(words, { exact }) {
  return new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), exact ? "gu" : "giu");
}

// Places of cues whose text has the words; upper and lower case are the same unless `exact`.
export function finding(cues, words, options = {}) {
  if (!words) return [];
  const pattern = patternOf(words, options);
  return cues.flatMap((cue, at) => (cue.text.search(pattern) >= 0 ? [at] : []));
}

// The words everywhere (or in the cue `at`) replaced by others; answers also how often.
export function replaced(cues, words, by, { exact = false, at = null } = {}) {
  if (!words) return { cues, count: 0 };
  let count = 0;
  const changed = cues.map((cue, index) => {
    if (at !== null && index !== at) return cue;
    const text = cue.text.replace(patternOf(words, { exact }), () => ((count += 1), by));
    return text === cue.text ? cue : { ...cue, text };
  });
  return { cues: count ? changed : cues, count };
}

// What says whether two lists of cues are the same.
export function markOf(cues) {
  return JSON.stringify(cues.map((cue) => [cue.start_ms, cue.end_ms, cue.text, cue.settings]));
}

// What two people made of the same cues, put together: null where both changed the same cue, or one of them what lies
// around it.
export function together(before, mine, theirs) {
  const [base, own, other] = [before, mine, theirs].map((cues) => cues.map((cue) => markOf([cue])));
  const [ownGone, otherGone] = [own, other].map((marks) => base.filter((mark) => !marks.includes(mark)));
  if (ownGone.some((mark) => otherGone.includes(mark))) return null;
  const kept = before.filter((_, at) => !ownGone.includes(base[at]) && !otherGone.includes(base[at]));
  const added = [mine, theirs].map((cues, which) => cues.filter((_, at) => !base.includes([own, other][which][at])));
  const clash = added[0].some((one) => added[1].some((two) => one.start_ms < two.end_ms && two.start_ms < one.end_ms));
  return clash ? null : inOrder([...kept, ...added[0], ...added[1]]);
}
