// Which part of the stream is the talk. A talk that was live lists whole segments, and only what lies between its exact
// borders is shown; everything but this file and the stream itself counts from the talk's own start.

export class Clip {
  constructor(video, over) {
    this.video = video;
    this.over = over;
    this.timer = null;
    this.set(null);
    for (const name of ["timeupdate", "play", "ratechange"]) video.addEventListener(name, () => this.watch());
    video.addEventListener("pause", () => clearTimeout(this.timer));
  }

  // `clip`: {start_ms, end_ms} in the stream's time; null when all of the stream is the talk.
  set(clip) {
    this.from = (clip?.start_ms ?? 0) / 1000;
    this.to = clip ? clip.end_ms / 1000 : Infinity;
  }

  get length() {
    return this.to - this.from;
  }

  get now() {
    return this.ofStream(this.video.currentTime);
  }

  get isOver() {
    return this.video.ended || this.video.currentTime >= this.to - 0.02;
  }

  // A moment of the stream as one of the talk.
  ofStream(moment) {
    return Math.min(Math.max(0, moment - this.from), this.length);
  }

  // A moment of the talk as one of the stream.
  toStream(moment) {
    return Math.min(this.from + Math.max(0, moment), this.to);
  }

  // Stops at the talk's end; a timer, because `timeupdate` comes only four times a second.
  watch() {
    clearTimeout(this.timer);
    const { video } = this;
    if (video.paused || this.to === Infinity) return;
    if (video.currentTime < this.from - 0.25) video.currentTime = this.from;
    const left = (this.to - video.currentTime) / video.playbackRate;
    if (left <= 0.02) this.stop();
    else if (left < 1) this.timer = setTimeout(() => this.watch(), left * 1000);
  }

  stop() {
    this.video.pause();
    this.over();
  }
}
