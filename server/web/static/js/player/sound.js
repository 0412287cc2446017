// The loudness: set, muted, remembered for every player of this site.

import { keep, recall } from "../memory.js";
import { say } from "../texts.js";

const SOUND = "semma.sound";

export class Sound {
  constructor(video, controls) {
    this.video = video;
    this.controls = controls;
    video.addEventListener("volumechange", () => controls.paintSound(video.volume, video.muted));
  }

  // What this viewer chose before, on any page.
  recall() {
    const kept = JSON.parse(recall(SOUND) ?? "{}");
    this.video.volume = kept.volume ?? 1;
    this.video.muted = kept.muted ?? false;
    this.controls.paintSound(this.video.volume, this.video.muted);
  }

  toggle() {
    this.video.muted = !this.video.muted;
    this.keep();
  }

  set(volume, aloud = false) {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    if (aloud) this.controls.tell(say("volume", { percent: Math.round(this.video.volume * 100) }));
    this.keep();
  }

  keep() {
    keep(SOUND, JSON.stringify({ volume: this.video.volume, muted: this.video.muted }));
  }
}
