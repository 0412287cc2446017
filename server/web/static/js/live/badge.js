// One button that says where one is: live with the seconds of delay, or behind, and then leads back to live.

import { clockText } from "../player/moment.js";
import { language, say } from "../texts.js";

export function secondsText(seconds) {
  const form = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return say("seconds", { seconds: new Intl.NumberFormat(language, form).format(seconds) });
}

export class LiveBadge {
  constructor(root, goLive) {
    this.button = root.querySelector("[data-golive]");
    this.text = root.querySelector("[data-golive-text]");
    this.aside = root.querySelector("[data-latency]");
    this.root = root;
    this.button.addEventListener("click", goLive);
    root.querySelector("[data-back-live]").addEventListener("click", goLive);
  }

  paint({ following, ended, latency, ahead }) {
    this.button.hidden = ended;
    this.button.toggleAttribute("data-on", following);
    this.root.toggleAttribute("data-behind", !following && !ended);
    const text = following ? say("live") : say("back_to_live");
    if (this.text.textContent !== text) this.text.textContent = text;
    if (ended) this.aside.textContent = ahead > 1 ? say("left", { time: clockText(ahead) }) : "";
    else if (!following) this.aside.textContent = `−${clockText(ahead)}`;
    else if (latency === null) this.aside.textContent = "";
    else this.aside.textContent = latency < 60 ? secondsText(latency) : clockText(latency);
  }
}
