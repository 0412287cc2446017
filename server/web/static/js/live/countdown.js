// The time that is left until something begins.

import { clockText } from "../player/moment.js";
import { say } from "../texts.js";

const DAY_S = 86_400;

// In days while it is far, as a clock on the last day, and without false precision once it is due.
export function leftText(seconds) {
  if (seconds <= 0) return say("any_moment");
  if (seconds < DAY_S) return clockText(seconds);
  const days = Math.floor(seconds / DAY_S);
  return say("days_hours", { days, hours: Math.floor((seconds % DAY_S) / 3600) });
}

// `now()`: ms since 1970.
export function startCountdown(now) {
  const paint = () => {
    const place = document.querySelector("[data-countdown]");
    if (!place?.checkVisibility()) return;
    const text = leftText((Date.parse(place.dataset.countdown) - now()) / 1000);
    const shown = place.querySelector("[data-countdown-text]");
    if (shown.textContent !== text) shown.textContent = text;
  };
  paint();
  setInterval(paint, 1000);
  return paint;
}
