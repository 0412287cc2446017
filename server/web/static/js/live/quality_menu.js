// The quality menu of the live player.

import { language, say } from "../texts.js";
import { AUTO, choicesOf, rememberedQuality, SAVER, SOUND_ONLY } from "./quality.js";

export function qualityName(choice, short = false) {
  if (choice === AUTO) return say("auto");
  if (choice === SAVER) return short ? say("saver_short") : say("saver");
  if (choice === SOUND_ONLY) return short ? say("sound_only_short") : say("sound_only");
  return `${choice}p`;
}

function rateText(bitrate) {
  const form = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return `${form.format(bitrate / 1e6)} Mbit/s`;
}

export function qualityItems(source, choose) {
  const chosen = rememberedQuality();
  const asideOf = ({ choice, bitrate }) => {
    if (choice === AUTO) return source.heightNow ? `${source.heightNow}p` : "";
    return bitrate ? rateText(bitrate) : "";
  };
  return choicesOf(source.levels, source.soundOnlyUrl !== null).map((item) => ({
    label: qualityName(item.choice),
    aside: asideOf(item),
    chosen: item.choice === chosen,
    choose: () => choose(item.choice),
  }));
}
