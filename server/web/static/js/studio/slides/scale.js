// Time as a line: milliseconds and pixels, the ruler's steps, what a dragged border snaps to. Pure.

const STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];
const CLOSEST_PX_PER_MS = 0.2; // 200 px a second: a picture of the video is 8 px wide there

// "1:02:03.4"; tenths only when asked for.
export function clock(ms, tenths = true) {
  const all = Math.max(0, Math.round(ms / 100));
  const seconds = Math.floor(all / 10);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${String(seconds % 60).padStart(2, "0")}${tenths ? `.${all % 10}` : ""}`;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export class Scale {
  constructor(total = 1, width = 1) {
    this.total = total; // ms
    this.width = width; // px of the window onto the line
    this.zoom = 1; // 1: all of it fits
  }

  get most() {
    return Math.max(1, (CLOSEST_PX_PER_MS * this.total) / this.width);
  }

  get pxPerMs() {
    return (this.width * this.zoom) / this.total;
  }

  get length() {
    return this.width * this.zoom;
  }

  x(ms) {
    return ms * this.pxPerMs;
  }

  ms(x) {
    return Math.min(this.total, Math.max(0, x / this.pxPerMs));
  }

  setZoom(zoom) {
    this.zoom = Math.min(this.most, Math.max(1, zoom));
  }

  // The zoom as a slider's position, 0…1: every part of the way multiplies it alike.
  get share() {
    return this.most > 1 ? Math.log(this.zoom) / Math.log(this.most) : 0;
  }

  set share(share) {
    this.setZoom(this.most ** share);
  }

  // Moments of the ruler between two of them, at least `apart` px from each other.
  ticks(from, to, apart = 80) {
    const step = STEPS_MS.find((one) => one * this.pxPerMs >= apart) ?? STEPS_MS.at(-1);
    const made = [];
    for (let ms = Math.floor(from / step) * step; ms <= to; ms += step) made.push(ms);
    return { step, moments: made };
  }
}

// The nearest of the moments within `reach` ms, else the moment itself; earlier lists go before later ones.
export function snapped(ms, reach, ...lists) {
  for (const list of lists) {
    const near = list.reduce((best, one) => (Math.abs(one - ms) < Math.abs(best - ms) ? one : best), Infinity);
    if (Math.abs(near - ms) <= reach) return near;
  }
  return ms;
}

// Moments at which the picture changes much, from one tile of the storyboard to the next. `differences`: one number a
// tile (0: the first), mean difference of the pixels 0…255.
export function scenesIn(moments, differences, least = 6) {
  return moments.filter((_, index) => differences[index] >= least);
}
