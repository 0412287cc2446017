// The recording beside the pages: the video, where it stands, and its storyboard as a strip of pictures.

import { Clip } from "../../player/clip.js";
import { openSource } from "../../player/source.js";
import { Storyboard } from "../../player/storyboard.js";

export const SPEEDS = [0.5, 1, 1.5, 2, 3, 4];
const NEAR_MS = 60;

export class Preview {
  // `on`: time(ms), playing(bool), speed(number), trouble(kind).
  constructor(video, on) {
    this.video = video;
    this.on = on;
    this.clip = new Clip(video, () => {});
    this.storyboard = new Storyboard(null);
    this.total = 0;
    this.wanted = null; // where the head stands until the video is there, ms
    for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, () => this.tell());
    for (const name of ["play", "pause"]) video.addEventListener(name, () => (on.playing(!video.paused), this.watch()));
    video.addEventListener("ratechange", () => on.speed(video.playbackRate));
    video.addEventListener("loadedmetadata", () => this.wanted !== null && this.seek(this.wanted));
  }

  async open(playback) {
    this.playback = playback;
    this.total = playback.duration_ms ?? 0;
    this.clip.set(playback.clip);
    this.storyboard = new Storyboard(playback.storyboard);
    const nothing = () => {};
    const on = { levels: nothing, level: nothing, extent: nothing, recovered: nothing, trouble: (kind) => this.on.trouble(kind) };
    await openSource(this.video, playback.hls, { startAt: this.clip.toStream(0), on });
  }

  // A paused video stands at the picture that is shown, the head exactly where it was put.
  get now() {
    const shown = Math.round(this.clip.now * 1000);
    const held = this.wanted !== null && (!this.video.readyState || this.video.seeking || Math.abs(shown - this.wanted) < NEAR_MS);
    return held ? this.wanted : shown;
  }

  seek(ms) {
    const at = Math.min(Math.max(0, ms), Math.max(0, this.total - 1));
    this.wanted = at;
    if (this.video.readyState > 0) this.video.currentTime = this.clip.toStream(at / 1000);
    this.on.time(at);
  }

  // Follows a dragged border: the next picture is asked for only when the last one is there.
  show(ms) {
    if (!this.video.seeking) this.seek(ms);
  }

  tell() {
    const { video } = this;
    if (video.seeking) return;
    if (!video.paused) this.wanted = null;
    this.on.time(this.now);
  }

  // `timeupdate` comes four times a second; the head moves with every picture.
  watch() {
    if (this.video.paused) return;
    this.tell();
    requestAnimationFrame(() => this.watch());
  }

  toggle() {
    if (this.video.paused) this.video.play().catch((error) => console.info("semma: play", error.name));
    else this.video.pause();
  }

  faster(step) {
    const at = SPEEDS.indexOf(this.video.playbackRate);
    this.video.playbackRate = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 1 : at) + step))];
  }
}

// How much each tile differs from the one before it (mean of the pixels' differences, 0…255); the first: 0. Sheets of
// another origin cannot be read: then nothing is known, which only means that nothing snaps to them.
export async function differencesOf(storyboard) {
  await storyboard.load();
  const tiles = storyboard.tiles ?? [];
  const [width, height] = [32, 18];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const made = [];
  let before = null;
  for (const tile of tiles) {
    const sheet = await storyboard.sheet(tile.url);
    pen.drawImage(sheet, tile.x, tile.y, tile.width, tile.height, 0, 0, width, height);
    const { data } = pen.getImageData(0, 0, width, height);
    let sum = 0;
    if (before) for (let at = 0; at < data.length; at += 4) for (let part = 0; part < 3; part += 1) sum += Math.abs(data[at + part] - before[at + part]);
    made.push(sum / (width * height * 3));
    before = data;
  }
  return made;
}
