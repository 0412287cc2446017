// What an edit does to cues, shown before the server has answered: the same as server/slides/correct does, as far as one
// edit is concerned. Pure.
//
// A cue is {start_ms, end_ms, deck, page, slide, confidence, method, edited}. Cues are in order, cover the recording without
// a gap, and two that touch show different pages. An edit is what POST /api/v1/sessions/{id}/cues takes.

import { cueAt } from "../../slides/cues.js";

export const SHORTEST_MS = 100; // no cue is made shorter than this by dragging
const NEAR_MS = 100; // a border is meant when it is named this exactly (NEAR_MS of correct.py)

// The borders that can be moved: [{ms, left, right, min, max}], `left` ending and `right` beginning there.
export function bordersOf(cues) {
  return cues.slice(1).map((right, index) => {
    const left = cues[index];
    return { ms: right.start_ms, left, right, min: left.start_ms + SHORTEST_MS, max: right.end_ms - SHORTEST_MS };
  });
}

// From this moment to where something else begins: what "this page from here" is about.
export function restOf(cues, ms) {
  return { start_ms: Math.round(ms), end_ms: cueAt(cues, ms)?.end_ms ?? Math.round(ms) };
}

// The cues, or while nothing is known of the recording, that as one.
export function covering(cues, total) {
  if (cues.length || !total) return cues;
  return [{ start_ms: 0, end_ms: total, deck: null, page: null, slide: null, confidence: 0, method: "none", edited: false }];
}

export function applyEdit(cues, edit, decks = []) {
  switch (edit.op) {
    case "set":
      return said(cues, edit.start_ms, edit.end_ms, pageOf(decks, edit));
    case "move":
      return moved(cues, edit.from_ms, edit.to_ms);
    case "delete":
      return deleted(cues, edit.start_ms);
    case "shift":
      return shifted(cues, edit.by_ms);
    case "renumber":
      return renumbered(cues, edit, decks);
    default:
      return cues;
  }
}

// What stays unsure once this edit is made: what a person said is not.
export function stillUnsure(unsure, edit) {
  if (edit.op !== "set") return unsure;
  return unsure.flatMap((one) => sidesOf(one, edit.start_ms, edit.end_ms));
}

function pageOf(decks, { deck, page }) {
  const pages = decks.find((one) => one.id === deck)?.pages ?? [];
  return { deck, page, slide: pages.find((one) => one.number === page)?.slide ?? null };
}

function sidesOf(one, start, end) {
  if (one.end_ms <= start || one.start_ms >= end) return [one];
  const sides = [];
  if (one.start_ms < start) sides.push({ ...one, end_ms: start });
  if (one.end_ms > end) sides.push({ ...one, start_ms: end });
  return sides;
}

// This page for this stretch, by hand.
function said(cues, start, end, { deck, page, slide }) {
  const cue = { start_ms: start, end_ms: end, deck, page, slide, confidence: 1, method: "hand", edited: true };
  const sides = cues.flatMap((one) => sidesOf(one, start, end));
  return joined([...sides, cue].sort((a, b) => a.start_ms - b.start_ms));
}

function joined(cues) {
  const made = [];
  for (const cue of cues) {
    const last = made.at(-1);
    if (last && last.end_ms === cue.start_ms && last.deck === cue.deck && last.page === cue.page) made[made.length - 1] = both(last, cue);
    else made.push(cue);
  }
  return made;
}

function both(one, other) {
  const [first, second] = [one, other].map((cue) => cue.end_ms - cue.start_ms);
  return {
    ...one,
    end_ms: other.end_ms,
    confidence: (one.confidence * first + other.confidence * second) / (first + second),
    method: [one, other].some((cue) => cue.method === "hand") ? "hand" : one.method,
    edited: one.edited || other.edited,
  };
}

function nearest(cues, ms) {
  const cue = cues.reduce((best, one) => (Math.abs(one.start_ms - ms) < Math.abs(best.start_ms - ms) ? one : best), cues[0]);
  return cue && Math.abs(cue.start_ms - ms) <= NEAR_MS ? cues.indexOf(cue) : -1;
}

// The side that grows says its page for what it gains.
function moved(cues, from, to) {
  const at = nearest(cues, from);
  if (at < 1 || from === to) return cues;
  const border = cues[at].start_ms;
  return to > border ? said(cues, border, to, cues[at - 1]) : said(cues, to, border, cues[at]);
}

// Joins the cue before; the first one joins the one after it.
function deleted(cues, start) {
  const at = nearest(cues, start);
  const other = cues[at > 0 ? at - 1 : 1];
  return at < 0 || !other ? cues : said(cues, cues[at].start_ms, cues[at].end_ms, other);
}

// What stands at the end that all is moved away from reaches to that end.
function shifted(cues, by) {
  const end = cues.at(-1)?.end_ms ?? 0;
  const kept = cues
    .map((cue) => ({ ...cue, start_ms: cue.start_ms + by, end_ms: cue.end_ms + by, edited: true }))
    .filter((cue) => cue.end_ms > 0 && cue.start_ms < end);
  if (!kept.length) return cues;
  kept[0].start_ms = 0;
  kept.at(-1).end_ms = end;
  return kept;
}

function renumbered(cues, { from_ms: asked, by }, decks) {
  const at = nearest(cues, asked);
  const from = at < 0 ? asked : cues[at].start_ms;
  return joined(
    cues.flatMap((cue) => {
      if (cue.end_ms <= from || cue.page === null) return [cue];
      const last = decks.find((one) => one.id === cue.deck)?.pages.length ?? Infinity;
      const page = Math.min(Math.max(1, cue.page + by), last);
      const later = { ...cue, ...pageOf(decks, { deck: cue.deck, page }), confidence: 1, method: "hand", edited: true };
      return cue.start_ms < from ? [{ ...cue, end_ms: from }, { ...later, start_ms: from }] : [later];
    }),
  );
}
