// Which quality a viewer wants: automatic, one height, the smallest to save data, or sound only. Remembered.

import { keep, recall } from "../memory.js";

const KEY = "semma.live.quality";
export const AUTO = "auto";
export const SAVER = "saver";
export const SOUND_ONLY = "audio";

export function rememberedQuality() {
  const kept = recall(KEY);
  if (kept) return kept;
  return globalThis.navigator?.connection?.saveData ? SAVER : AUTO; // what the browser was told for all sites
}

export function keepQuality(choice) {
  keep(KEY, choice === AUTO ? null : choice);
}

// The level to fix for a choice: −1 lets the player choose. `levels`: [{height, bitrate}] in any order.
export function levelFor(choice, levels) {
  if (!levels.length || choice === AUTO || choice === SOUND_ONLY) return -1;
  const order = levels.map((level, index) => ({ ...level, index })).sort((a, b) => a.bitrate - b.bitrate);
  if (choice === SAVER) return order[0].index;
  const height = Number(choice);
  // The wanted height, else the best below it: rooms differ, and a smaller picture never costs more than was agreed.
  const fitting = order.filter((level) => level.height <= height).sort((a, b) => a.height - b.height);
  return (fitting[fitting.length - 1] ?? order[0]).index;
}

// The choices there are, best first: [{choice, height, bitrate}].
export function choicesOf(levels, hasSoundOnly) {
  const heights = [...levels].sort((a, b) => b.height - a.height);
  const least = [...levels].sort((a, b) => a.bitrate - b.bitrate)[0];
  return [
    { choice: AUTO },
    ...heights.map(({ height, bitrate }) => ({ choice: String(height), height, bitrate })),
    ...(levels.length > 1 ? [{ choice: SAVER, height: least.height, bitrate: least.bitrate }] : []),
    ...(hasSoundOnly && levels.length ? [{ choice: SOUND_ONLY }] : []),
  ];
}
