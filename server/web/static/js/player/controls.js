// The buttons: what they show and what they call. The player decides; this only draws and listens.

import { say } from "../texts.js";
import { clockText } from "./moment.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5];

export function nextSpeed(now, step) {
  const at = SPEEDS.findIndex((speed) => speed >= now - 0.01);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))];
}

function speedText(speed) {
  return `${new Intl.NumberFormat(document.documentElement.lang).format(speed)}×`;
}

export class Controls {
  constructor(root, menus, act) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-${name}]`);
    this.act = act;
    for (const [name, todo] of [
      ["big", act.toggle],
      ["play", act.toggle],
      ["back", () => act.by(-10)],
      ["mute", act.mute],
      ["full", act.full],
      ["pip", act.pip],
      ["help", () => act.help()],
      ["retry", act.retry],
    ]) {
      this.part(name).addEventListener("click", todo);
    }
    this.part("volume").addEventListener("input", (event) => act.setVolume(Number(event.target.value)));
    menus.attach(this.part("speed"), say("speed"), () => this.speedItems());
    menus.attach(this.part("quality"), say("quality"), () => act.qualityItems());
    menus.attach(this.part("captions"), say("captions"), () => act.captionItems());
  }

  show() {
    for (const name of ["big", "bar"]) this.part(name).hidden = false;
    this.part("pip").hidden = !document.pictureInPictureEnabled;
  }

  speedItems() {
    const now = this.act.speedNow();
    return SPEEDS.map((speed) => ({
      label: speedText(speed),
      chosen: Math.abs(speed - now) < 0.01,
      choose: () => this.act.setSpeed(speed),
    }));
  }

  paintPlaying(playing, started) {
    const button = this.part("play");
    button.toggleAttribute("data-on", playing);
    button.setAttribute("aria-label", playing ? say("pause") : say("play"));
    const big = this.part("big");
    if (playing && document.activeElement === big) button.focus();
    big.hidden = playing || started;
  }

  paintSound(volume, muted) {
    const button = this.part("mute");
    const silent = muted || volume === 0;
    button.toggleAttribute("data-on", silent);
    button.setAttribute("aria-label", silent ? say("unmute") : say("mute"));
    const slider = this.part("volume");
    slider.value = silent ? 0 : volume;
    slider.setAttribute("aria-valuetext", say("volume", { percent: Math.round((silent ? 0 : volume) * 100) }));
  }

  paintFull(full) {
    const button = this.part("full");
    button.toggleAttribute("data-on", full);
    button.setAttribute("aria-label", full ? say("unfull") : say("full"));
  }

  paintSpeed(speed) {
    this.part("speed-text").textContent = speedText(speed);
    this.part("speed").setAttribute("aria-label", say("speed_is", { speed: speedText(speed) }));
  }

  paintQuality(text, several) {
    this.part("quality").hidden = !several;
    this.part("quality-text").textContent = text;
    this.part("quality").setAttribute("aria-label", say("quality_is", { name: text }));
  }

  paintCaptions(label) {
    const button = this.part("captions");
    button.setAttribute("aria-pressed", String(label !== null));
    button.setAttribute("aria-label", say("captions_are", { name: label ?? say("captions_off") }));
  }

  paintClock(now, total) {
    this.part("now").textContent = clockText(now);
    this.part("total").textContent = clockText(total);
  }

  paintMaking(edge, growing) {
    const note = this.part("making");
    note.hidden = !growing;
    if (growing) note.textContent = say("making", { time: clockText(edge) });
  }

  paintWaiting(waiting) {
    this.part("spinner").hidden = !waiting;
  }

  paintTrouble(text) {
    this.part("trouble").hidden = text === null;
    if (text !== null) this.part("trouble-text").textContent = text;
  }

  // A short word over the picture, for the eyes; `aloud` says it to screen readers too.
  tell(text, aloud = true) {
    const bubble = this.part("bubble");
    bubble.textContent = text;
    bubble.hidden = false;
    clearTimeout(this.bubbleTimer);
    this.bubbleTimer = setTimeout(() => (bubble.hidden = true), 1800);
    if (aloud) this.part("voice").textContent = text;
  }

  offerStart(at, restart) {
    const offer = this.part("resume");
    this.part("resume-text").textContent = say("resumed", { time: clockText(at) });
    offer.hidden = false;
    const close = () => (offer.hidden = true);
    this.part("resume-start").addEventListener("click", () => (close(), restart()), { once: true });
    setTimeout(close, 10_000);
  }
}
