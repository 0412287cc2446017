// The browser's own HLS (Apple's): it keeps to the live edge and reconnects by itself; what it gives up we begin anew.

import { backoff } from "./recovery.js";

const BEHIND_S = 4; // how far from the newest picture such players stay

export class NativeLive {
  constructor(video, url, { on }) {
    this.hls = null;
    this.video = video;
    this.url = url;
    this.on = on;
    this.levels = [];
    this.soundOnlyUrl = null;
    this.quality = "auto";
    this.attempts = 0;
    this.stalls = 0;
    this.stop = new AbortController();
    const { signal } = this.stop;
    for (const name of ["durationchange", "progress", "loadedmetadata"]) {
      video.addEventListener(name, () => on.changed(), { signal });
    }
    video.addEventListener("playing", () => (this.attempts = 0), { signal });
    video.addEventListener("error", () => this.again(), { signal });
    video.src = url;
  }

  get start() {
    return this.video.seekable.length ? this.video.seekable.start(0) : 0;
  }

  get edge() {
    const { seekable } = this.video;
    return seekable.length ? seekable.end(seekable.length - 1) : 0;
  }

  get target() {
    return BEHIND_S;
  }

  get hasEnded() {
    return Number.isFinite(this.video.duration) && this.video.duration > 0;
  }

  // One stretch of time: the playlist's dates run without holes.
  get segments() {
    const began = this.video.getStartDate?.().getTime();
    return Number.isFinite(began) ? [{ start: 0, duration: this.edge, wall: began }] : [];
  }

  get received() {
    const { buffered } = this.video;
    return String(buffered.length ? buffered.end(buffered.length - 1) : 0);
  }

  get heightNow() {
    return this.video.videoHeight;
  }

  get livePosition() {
    return Math.max(this.start, this.edge - BEHIND_S);
  }

  choose() {}

  catchUp() {}

  calm() {}

  wake() {
    if (this.video.error) this.again();
  }

  again() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.remedy("reload"), backoff(this.attempts));
    this.attempts += 1;
  }

  remedy(name) {
    if (name === "edge" || name === "media") return;
    const wanted = !this.video.paused;
    this.video.src = this.url;
    this.video.load();
    if (wanted) this.video.play().catch(() => {});
  }

  follow(url) {
    this.url = url;
    this.remedy("reload");
  }

  destroy() {
    clearTimeout(this.retry);
    this.stop.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
