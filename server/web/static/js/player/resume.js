// Where this viewer stopped, remembered in this browser only.

import { keep, keysOf, recall } from "../memory.js";

const MARGIN_S = 15; // the very start and the very end are not worth resuming at
const KEPT = 200; // talks remembered

function keyOf(sessionId) {
  return `semma.at.${sessionId}`;
}

export function remembered(sessionId, total) {
  const kept = JSON.parse(recall(keyOf(sessionId)) ?? "null");
  if (!kept || kept.at < MARGIN_S || (total && kept.at > total - MARGIN_S)) return 0;
  return kept.at;
}

export function remember(sessionId, at, total) {
  if (at < MARGIN_S || (total && at > total - MARGIN_S)) keep(keyOf(sessionId), null);
  else keep(keyOf(sessionId), JSON.stringify({ at: Math.floor(at), when: Date.now() }));
}

// Forgets the oldest ones, so that the store never fills.
export function forgetOld() {
  const keys = keysOf("semma.at.");
  const aged = keys.map((key) => [JSON.parse(recall(key) ?? "{}").when ?? 0, key]);
  for (const [, key] of aged.sort(([a], [b]) => b - a).slice(KEPT)) keep(key, null);
}
