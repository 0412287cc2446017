// The stream into the video element: hls.js where media source extensions are, the browser's own HLS on Apple's.

import { keep, recall } from "../memory.js";

const BANDWIDTH = "semma.bandwidth";
const WORKER = new URL("../../vendor/hls.worker.js", import.meta.url).href;

// Whether the browser shall play HLS by itself: Apple's, where that also brings AirPlay and saves battery.
export function prefersNative(video) {
  return navigator.vendor?.startsWith("Apple") && video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

// Opens a stream. `on` takes: levels(list), level(index), extent({edge, growing}), trouble(kind), recovered().
export async function openSource(video, url, { startAt, on }) {
  if (prefersNative(video)) return new NativeSource(video, url, startAt, on);
  const { default: Hls } = await import("../../vendor/hls.min.mjs");
  if (Hls.isSupported()) return new HlsSource(Hls, video, url, startAt, on);
  if (video.canPlayType("application/vnd.apple.mpegurl")) return new NativeSource(video, url, startAt, on);
  throw new Error("unsupported");
}

class NativeSource {
  constructor(video, url, startAt, on) {
    this.hls = null;
    this.video = video;
    this.levels = [];
    this.soundOnly = null;
    this.isSoundOnly = false;
    this.isAuto = true;
    const extent = () => {
      const edge = video.seekable.length ? video.seekable.end(video.seekable.length - 1) : 0;
      on.extent({ edge, growing: video.duration === Infinity });
    };
    for (const name of ["durationchange", "progress"]) video.addEventListener(name, extent);
    video.addEventListener("error", () => on.trouble(video.error?.code === 2 ? "network" : "media"));
    this.reload(url, startAt);
  }

  reload(url, startAt) {
    this.video.addEventListener("loadedmetadata", () => startAt > 0 && (this.video.currentTime = startAt), { once: true });
    this.video.src = url;
  }
}

class HlsSource {
  constructor(Hls, video, url, startAt, on) {
    this.Hls = Hls;
    this.video = video;
    this.on = on;
    this.mediaRepairs = 0;
    this.retry = null;
    this.soundOnly = null; // the address of the sound alone, where it has one
    this.pictures = [];
    this.wanted = -1;
    this.hls = new Hls({
      workerPath: WORKER, // a file of ours: the page's CSP allows no blob: workers
      startPosition: Math.max(0, startAt), // also for a growing playlist, where the default is its end
      capLevelToPlayerSize: true,
      backBufferLength: 90,
      abrEwmaDefaultEstimate: Number(recall(BANDWIDTH)) || 1_500_000,
      // Captions come as <track> elements; hls.js shall leave those alone.
      enableWebVTT: false,
      enableIMSC1: false,
      enableCEA708Captions: false,
    });
    this.listen();
    this.url = url;
    this.hls.loadSource(url);
    this.hls.attachMedia(video);
  }

  get levels() {
    if (!this.isSoundOnly) this.pictures = this.hls.levels.map(({ height, bitrate }, index) => ({ index, height, bitrate }));
    return this.pictures;
  }

  get isSoundOnly() {
    return this.soundOnly !== null && this.hls.url === this.soundOnly;
  }

  get isAuto() {
    return this.hls.autoLevelEnabled;
  }

  set level(index) {
    this.wanted = index; // −1: automatic
    if (this.isSoundOnly) this.turnTo(this.url);
    else this.hls.nextLevel = index;
  }

  chooseSoundOnly() {
    if (!this.isSoundOnly) this.turnTo(this.soundOnly);
  }

  // Another playlist of the same talk, and on from here.
  turnTo(address) {
    const { video } = this;
    if (!video.paused) video.addEventListener("canplay", () => video.play().catch(() => {}), { once: true });
    this.hls.config.startPosition = video.currentTime;
    this.hls.loadSource(address);
  }

  reload(url, startAt) {
    clearTimeout(this.retry);
    this.url = url;
    this.hls.config.startPosition = startAt;
    this.hls.loadSource(url);
  }

  listen() {
    const { Events } = this.Hls;
    this.hls.on(Events.MANIFEST_LOADED, (_, { levels, audioTracks }) => {
      if (this.isSoundOnly) return;
      const hasPictures = levels.some((level) => level.height);
      this.soundOnly = (hasPictures && audioTracks.find((track) => track.url)?.url) || null;
    });
    this.hls.on(Events.MANIFEST_PARSED, () => {
      if (!this.isSoundOnly && this.wanted >= 0) this.hls.nextLevel = this.wanted;
      this.on.levels(this.levels);
    });
    this.hls.on(Events.LEVELS_UPDATED, () => this.on.levels(this.levels));
    this.hls.on(Events.LEVEL_SWITCHED, (_, { level }) => this.on.level(level));
    this.hls.on(Events.LEVEL_UPDATED, (_, { details }) => this.on.extent({ edge: details.edge, growing: details.live }));
    this.hls.on(Events.FRAG_BUFFERED, () => {
      this.mediaRepairs = 0;
      keep(BANDWIDTH, String(Math.round(this.hls.bandwidthEstimate)));
      this.on.recovered();
    });
    this.hls.on(Events.ERROR, (_, data) => data.fatal && this.fail(data));
  }

  fail(data) {
    const { ErrorTypes } = this.Hls;
    const status = data.response?.code ?? 0;
    if (data.type === ErrorTypes.NETWORK_ERROR) {
      this.on.trouble([401, 403, 404, 410].includes(status) ? (status === 404 ? "gone" : "access") : "network");
      // Ask again by itself: a lost connection comes back.
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.again(), 3000);
    } else if (data.type === ErrorTypes.MEDIA_ERROR && this.mediaRepairs < 2) {
      this.mediaRepairs += 1;
      this.hls.recoverMediaError();
    } else {
      this.on.trouble("media");
    }
  }

  again() {
    if (this.hls.levels.length) this.hls.startLoad(this.video.currentTime);
    else this.hls.loadSource(this.hls.url);
  }
}
