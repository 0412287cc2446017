// Which stretches need a person, and what they may be. Pure.

import { cueAt } from "../../slides/cues.js";

export const SURE = 0.9;
export const FAIR = 0.6;
const MOST = 9; // candidates: as many as there are digits to pick them with

// How a cue is shown: hand | none | sure | fair | unsure | unknown.
export function kindOf(cue) {
  if (cue.method === "none" && !cue.confidence) return "unknown";
  if (cue.method === "hand" && cue.confidence >= FAIR) return "hand";
  if (cue.confidence >= SURE) return cue.page === null ? "none" : "sure";
  return cue.confidence >= FAIR ? "fair" : "unsure";
}

// Unsure stretches, those first where most time is in doubt.
export function needsIn(unsure, cues) {
  return unsure
    .map((one) => ({ ...one, weight: (one.end_ms - one.start_ms) * doubt(one, cues) }))
    .sort((a, b) => b.weight - a.weight || a.start_ms - b.start_ms);
}

function doubt(stretch, cues) {
  const cue = cueAt(cues, (stretch.start_ms + stretch.end_ms) / 2);
  return cue && kindOf(cue) !== "hand" ? 1.05 - cue.confidence : 1;
}

// The one to look at after this moment, in the order of need: the one in hand is done or put off.
export function nextNeed(needs, inHand) {
  if (!needs.length) return null;
  const at = inHand ? needs.findIndex((one) => one.start_ms === inHand.start_ms && one.end_ms === inHand.end_ms) : -1;
  return needs[(at + 1) % needs.length];
}

// Pages a stretch may show, the likeliest first, at most nine: [{deck, page}]. The pages around fill up what the matcher did
// not name.
export function candidatesFor(stretch, cues, decks) {
  const here = cueAt(cues, (stretch.start_ms + stretch.end_ms) / 2);
  const before = cues.findLast((cue) => cue.end_ms <= stretch.start_ms && cue.page !== null);
  const after = cues.find((cue) => cue.start_ms >= stretch.end_ms && cue.page !== null);
  const home = stretch.deck ?? here?.deck ?? before?.deck ?? after?.deck ?? decks[0]?.id ?? null;
  const wanted = (stretch.pages ?? []).map((one) => (typeof one === "number" ? { deck: home, page: one } : one));
  for (const cue of [here, before, after]) if (cue?.page) wanted.push({ deck: cue.deck, page: cue.page });
  if (before) wanted.push({ deck: before.deck, page: before.page + 1 });
  const seen = new Set();
  return wanted
    .filter(({ deck, page }) => {
      const name = `${deck}/${page}`;
      const exists = decks.some((one) => one.id === deck && one.pages.some(({ number }) => number === page));
      return exists && !seen.has(name) && seen.add(name);
    })
    .slice(0, MOST)
    .map(({ deck, page }) => ({ deck, page }));
}
